package main

// tutti data show: schema, counts, ranges, nulls and the balance of classes.

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tutti-ml/tutti/dataset/jsonl"
	"github.com/tutti-ml/tutti/dataset/table"
)

func showCommand() *cobra.Command {
	var read []string
	rows, classes := 0, 20
	cmd := &cobra.Command{
		Use:   "show FILE...",
		Short: "Say what is in files: columns, types, nulls, ranges, and how many rows each class has",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rows < 0 || classes < 0 {
				return usageError{fmt.Errorf("--rows %d --classes %d, want numbers from 0", rows, classes)}
			}
			for i, file := range args {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := show(cmd.Context(), cmd.OutOrStdout(), file, read, rows, classes); err != nil {
					return err
				}
			}
			return nil
		},
	}
	readFlag(cmd, &read)
	cmd.Flags().IntVar(&rows, "rows", rows, "rows to print, from the first, as JSON Lines")
	cmd.Flags().IntVar(&classes, "classes", classes, "count the values of columns that have no more than so many")
	return cmd
}

// show prints what is in one file.
func show(ctx context.Context, out io.Writer, file string, read []string, rows, classes int) error {
	t, err := openFiles(ctx, file, read)
	if err != nil {
		return err
	}
	defer t.Close()
	s, err := table.Describe(ctx, t)
	if err != nil {
		return err
	}
	fprintRows(out, t)
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "column\ttype\tnulls\tmin\tmax\tmean\tdistinct\t")
	for i := range s.Columns {
		c := &s.Columns[i]
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(c.Name), c.Type, nulls(c), shown(c.Min), shown(c.Max),
			meanOf(c), distinct(c), lengths(c))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range s.Columns {
		if note := table.Note(t, i); note != "" {
			fmt.Fprintf(out, "%s: %s\n", printable(s.Columns[i].Name), printable(note))
		}
		balance(out, &s.Columns[i], s.Rows, classes)
	}
	if rows > 0 {
		return head(ctx, out, t, rows)
	}
	return nil
}

func nulls(c *table.ColumnStats) string {
	text := fmt.Sprint(c.Nulls)
	if c.Inner > 0 {
		text += fmt.Sprintf(" (%d inside)", c.Inner)
	}
	if c.NaNs > 0 {
		text += fmt.Sprintf(" + %d NaN", c.NaNs)
	}
	return text
}

// shown writes a value into a cell.
func shown(v any) string {
	if v == nil {
		return "-"
	}
	text := fmt.Sprint(v)
	switch v := v.(type) {
	case []byte:
		text = fmt.Sprintf("%x", v)
	case float64:
		text = fmt.Sprintf("%.6g", v)
	case float32:
		text = fmt.Sprintf("%.6g", v)
	case interface{ Format(string) string }: // a time
		text = strings.TrimSuffix(v.Format("2006-01-02T15:04:05.999999999Z"), "T00:00:00Z")
	}
	const most = 24
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most-1]) + "…"
	}
	return printable(text)
}

func meanOf(c *table.ColumnStats) string {
	elem := c.Type
	for elem.Kind == table.List {
		elem = *elem.Elem
	}
	if math.IsNaN(c.Mean) || elem.Kind == table.Time {
		return "-"
	}
	return fmt.Sprintf("%.6g", c.Mean)
}

func distinct(c *table.ColumnStats) string {
	switch {
	case c.Distinct < 0:
		return "-"
	case c.Exact:
		return fmt.Sprint(c.Distinct)
	}
	return fmt.Sprintf("about %d", c.Distinct)
}

// lengths says how long texts and lists are, where they differ.
func lengths(c *table.ColumnStats) string {
	switch {
	case c.Longest < 0 || c.Type.Size > 0:
		return ""
	case c.Type.Kind == table.List:
		return fmt.Sprintf("%d to %d elements", c.Shortest, c.Longest)
	}
	return fmt.Sprintf("%d to %d bytes", c.Shortest, c.Longest)
}

// balance says how often each value of a column is there, if they are few and no measurements.
func balance(out io.Writer, c *table.ColumnStats, rows int64, most int) {
	switch c.Type.Kind {
	case table.Bool, table.Int, table.Text, table.Decimal:
	default:
		return
	}
	if !c.Exact || len(c.Counts) == 0 || len(c.Counts) > most || c.Distinct == rows {
		return
	}
	var parts []string
	for _, v := range c.Counts {
		parts = append(parts, fmt.Sprintf("%s %d (%.1f %%)", shown(v.Value), v.N, 100*float64(v.N)/float64(rows)))
	}
	fmt.Fprintf(out, "%s: %s\n", printable(c.Name), strings.Join(parts, ", "))
}

// head prints the first rows.
func head(ctx context.Context, out io.Writer, t table.Table, n int) error {
	w, err := jsonl.NewWriter(out, t.Schema())
	if err != nil {
		return err
	}
	var rows table.Rows
	for block, size := range t.Blocks() {
		if n == 0 {
			break
		}
		if size == 0 {
			continue
		}
		take := min(n, size)
		if err := t.Read(ctx, block, 0, take, t.Schema().All(), &rows); err != nil {
			return err
		}
		if err := w.Write(ctx, &rows); err != nil {
			return err
		}
		n -= take
	}
	return w.Close()
}
