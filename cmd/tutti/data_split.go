package main

// tutti data split: a part of the rows held out.

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

func splitCommand() *cobra.Command {
	var read []string
	var by string
	fraction, seed := 0.2, uint64(0)
	cmd := &cobra.Command{
		Use:   "split IN TRAIN TEST",
		Short: "Write data as two files, of which the second has a part held out",
		Long: `Split writes all rows of IN to TRAIN but a part, drawn at random, which it writes to TEST; both keep IN's
order. With --by the classes of a column are held out in proportion. The draw is a function of the seed and of IN's rows: of the same rows
tutti train holds out the same where it is given no --test, with --by its target.`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(fraction > 0 && fraction < 1) {
				return usageError{fmt.Errorf("--fraction %v, want a number above 0 and below 1", fraction)}
			}
			ctx := cmd.Context()
			t, err := openFiles(ctx, args[0], read)
			if err != nil {
				return err
			}
			defer t.Close()
			for _, pair := range [][2]string{{args[0], args[1]}, {args[0], args[2]}, {args[1], args[2]}} {
				if err := apart(pair[0], pair[1]); err != nil {
					return err
				}
			}
			held, err := heldOut(ctx, t, by, fraction, seed)
			if err != nil {
				return err
			}
			n, err := writeSplit(ctx, t, held, args[1], args[2])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d rows written to %s, %d to %s\n", n[0], args[1], n[1], args[2])
			return nil
		},
	}
	readFlag(cmd, &read)
	cmd.Flags().Float64Var(&fraction, "fraction", fraction, "what part of the rows TEST gets")
	cmd.Flags().StringVar(&by, "by", "", "column whose classes are held out in proportion: integers, booleans or text")
	cmd.Flags().Uint64Var(&seed, "seed", seed, "seed of the draw")
	return cmd
}

// heldOut returns a source of the rows that dataset.Split holds out, whose only input is the row's number.
func heldOut(ctx context.Context, t table.Table, by string, fraction float64, seed uint64) (dataset.Source, error) {
	n := &numbered{Table: t, schema: append(t.Schema()[:len(t.Schema()):len(t.Schema())],
		table.Field{Name: rowNumber, Type: table.Type{Kind: table.Int}})}
	c := table.Config{Columns: []table.Pick{{Name: "row", From: []string{rowNumber}, DType: tensor.Int64}}}
	if by != "" {
		at, err := t.Schema().Find(by)
		if err != nil {
			return nil, usageError{fmt.Errorf("--by: %s: %w", t.Name(), err)}
		}
		switch kind := t.Schema()[at].Type.Kind; kind {
		case table.Int, table.Bool, table.Text:
		default:
			return nil, usageError{fmt.Errorf("--by %s: the column is %v, want integers, booleans or text", by,
				t.Schema()[at].Type)}
		}
		c.Columns = append(c.Columns, table.Pick{Name: "class", From: []string{by}, Class: true})
		c.Target = "class"
	}
	src, err := table.Choose(ctx, n, c)
	if err != nil {
		return nil, err
	}
	if src.Len() == 0 {
		return nil, fmt.Errorf("%s has no rows to hold out", t.Name())
	}
	_, test, err := dataset.Split(src, fraction, seed)
	return test, err
}

// rowNumber is the column of numbered, a name that no file has.
const rowNumber = "\x00row"

// numbered is a table with the number of each row as a further column.
type numbered struct {
	table.Table
	schema table.Schema
}

func (n *numbered) Schema() table.Schema                 { return n.schema }
func (n *numbered) Place(block, row int) (string, int64) { return table.Place(n.Table, block, row) }

func (n *numbered) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	last := len(n.schema) - 1
	fields := n.schema.Pick(columns)
	var rows table.Rows
	dst.Reset(fields)
	for i, c := range columns {
		if c == last {
			first := int64(lo)
			for _, size := range n.Blocks()[:block] {
				first += int64(size)
			}
			for r := range hi - lo {
				dst.Columns[i].AppendInt(first + int64(r))
			}
			continue
		}
		if err := n.Table.Read(ctx, block, lo, hi, []int{c}, &rows); err != nil {
			return err
		}
		dst.Columns[i].AppendFrom(&rows.Columns[0], 0, hi-lo)
	}
	dst.N = hi - lo
	return nil
}

// writeSplit writes the rows of t that held does not have to the file rest, and the others to test.
func writeSplit(ctx context.Context, t table.Table, held dataset.Source, rest, test string) (n [2]int, err error) {
	const piece = 1 << 14
	var writers [2]*tableFile
	for i, name := range []string{rest, test} {
		if writers[i], err = createTable(name, t.Schema()); err != nil {
			return n, err
		}
		defer writers[i].Abort()
	}
	next := newNumbers(held)
	row := 0
	var rows, part table.Rows
	for block, size := range t.Blocks() {
		for lo := 0; lo < size; lo += piece {
			hi := min(size, lo+piece)
			if err := t.Read(ctx, block, lo, hi, t.Schema().All(), &rows); err != nil {
				return n, err
			}
			var index [2][]int
			for r := range hi - lo {
				is, err := next.has(row + r)
				if err != nil {
					return n, err
				}
				index[is] = append(index[is], r)
			}
			row += hi - lo
			for i, w := range writers {
				part.Take(&rows, index[i])
				if err := w.Write(ctx, &part); err != nil {
					return n, err
				}
				n[i] += len(index[i])
			}
		}
	}
	return n, cmp.Or(writers[0].Close(), writers[1].Close())
}

// numbers are the numbers that a source's input gives, which rise, read some thousand at a time.
type numbers struct {
	src   dataset.Source
	batch dataset.Batch
	read  int // samples
	left  []int64
}

func newNumbers(src dataset.Source) *numbers { return &numbers{src: src} }

// has returns 1 if the number is there, else 0. It is asked for numbers that rise.
func (n *numbers) has(number int) (int, error) {
	if len(n.left) == 0 && n.read < n.src.Len() {
		var index []int
		for i := n.read; i < min(n.read+4096, n.src.Len()); i++ {
			index = append(index, i)
		}
		if err := n.batch.Fill(n.src, index); err != nil {
			return 0, err
		}
		n.read += len(index)
		n.left = tensor.Data[int64](n.batch.X)
	}
	if len(n.left) > 0 && n.left[0] == int64(number) {
		n.left = n.left[1:]
		return 1, nil
	}
	return 0, nil
}
