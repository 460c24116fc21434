package main

// tutti data: what is in files of data, the same data in another format, and a part of it held out.

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/internal/atomicfile"
)

func dataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Look at files of data, convert them, hold a part out",
		Long: `Data works on a file, a pattern ('2026-*.csv'), a folder as Spark or Hive writes it (dt=2026-01-01/ becomes
a column) or a data set known by name (digits is its training samples, digits/test the others). The ending says the
format: ` + endings(false) + `.
A format's name before the file says it otherwise, as in csv:export.txt; images:photos is a folder of images.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(showCommand(), convertCommand(), splitCommand())
	return cmd
}

// openFiles opens what a command line names as a table: files, or a data set known by name.
func openFiles(ctx context.Context, text string, read []string) (table.Table, error) {
	if err := plainName("FILE", text); err != nil {
		return nil, err
	}
	o, err := parseRead(read)
	if err != nil {
		return nil, err
	}
	name, test := strings.CutSuffix(text, "/test")
	for _, set := range dataset.Sets {
		if set.Name != name {
			continue
		}
		src, held, err := set.Open("")
		if err != nil {
			return nil, err
		}
		if test {
			src = held
		}
		return sampleTable(src)
	}
	return openTable(ctx, text, o)
}

func convertCommand() *cobra.Command {
	var read, columns []string
	cmd := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Write data in another format: " + endings(true),
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			t, err := openFiles(ctx, args[0], read)
			if err != nil {
				return err
			}
			defer t.Close()
			if t, err = pick(t, columns); err != nil {
				return err
			}
			if err := apart(args[0], args[1]); err != nil {
				return err
			}
			if err := copyTo(ctx, args[1], t); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d rows of %s written to %s\n", rowsOf(t), count(len(t.Schema()), "column"), args[1])
			return nil
		},
	}
	readFlag(cmd, &read)
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "columns to write, in this order (default: all)")
	return cmd
}

// copyTo writes a table to a file, all of it or nothing.
func copyTo(ctx context.Context, file string, t table.Table) error {
	w, err := createTable(file, t.Schema())
	if err != nil {
		return err
	}
	defer w.Abort()
	return table.Copy(ctx, w, t)
}

func readFlag(cmd *cobra.Command, read *[]string) {
	cmd.Flags().StringArrayVar(read, "read", nil, readHelp)
}

// apart refuses to write a file over the one that is read.
func apart(in, out string) error {
	in, _ = cutFormat(in)
	out, _ = cutFormat(out)
	if atomicfile.Same(in, out) {
		return usageError{fmt.Errorf("%s and %s are one file", in, out)}
	}
	return nil
}

// rowsOf returns the number of rows of a table.
func rowsOf(t table.Table) int {
	n := 0
	for _, rows := range t.Blocks() {
		n += rows
	}
	return n
}

// pick returns t with the columns of these names, in that order; all if there are none.
func pick(t table.Table, names []string) (table.Table, error) {
	if len(names) == 0 {
		return t, nil
	}
	p := &picked{Table: t}
	for _, name := range names {
		at, err := t.Schema().Find(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", t.Name(), err)}
		}
		p.columns = append(p.columns, at)
	}
	p.schema = t.Schema().Pick(p.columns)
	return p, p.schema.Check()
}

// picked is some columns of a table.
type picked struct {
	table.Table
	columns []int
	schema  table.Schema
}

func (p *picked) Schema() table.Schema                 { return p.schema }
func (p *picked) Place(block, row int) (string, int64) { return table.Place(p.Table, block, row) }
func (p *picked) Read(ctx context.Context, block, lo, hi int, columns []int, dst *table.Rows) error {
	inner := make([]int, len(columns))
	for i, c := range columns {
		inner[i] = p.columns[c]
	}
	return p.Table.Read(ctx, block, lo, hi, inner, dst)
}

func fprintRows(w io.Writer, t table.Table) {
	fmt.Fprintf(w, "%s: %d rows in %s, %s\n", printable(t.Name()), rowsOf(t), count(len(t.Blocks()), "block"),
		count(len(t.Schema()), "column"))
}
