package textfile

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Writer is what the table.Writers of text formats share: rows as lines of a file.
type Writer struct {
	// Line is the line that is being written.
	Line []byte
	// Row appends a row of r to Line, without the line's end. Its error names the column.
	Row func(r *table.Rows, row int) error

	format, name string
	schema       table.Schema
	w            *bufio.Writer
	file         *table.Pending // nil: w is the caller's
	rows         int64
}

// NewWriter returns a Writer of w, whose errors begin with the format and the name. file is w where the Writer is to
// complete it, else nil.
func NewWriter(w io.Writer, format, name string, s table.Schema, file *table.Pending) Writer {
	return Writer{format: format, name: name, schema: s, w: bufio.NewWriterSize(w, 1<<16), file: file}
}

// EndLine writes Line, and begins the next.
func (w *Writer) EndLine() error {
	w.Line = append(w.Line, '\n')
	_, err := w.w.Write(w.Line)
	w.Line = w.Line[:0]
	return err
}

// Malformed is the error of a value in a column of the row that is being written.
func (w *Writer) Malformed(column string, err error) error {
	return table.MalformedAt(w.name, column, w.rows, "%w", err)
}

// Write writes rows. After an error a file that the Writer was to complete is given up.
func (w *Writer) Write(ctx context.Context, r *table.Rows) error {
	err := w.write(ctx, r)
	if err != nil && w.file != nil {
		w.file.Abort()
	}
	return err
}

func (w *Writer) write(ctx context.Context, r *table.Rows) error {
	if err := w.schema.Takes(r); err != nil {
		return fmt.Errorf("%s: %s: Write: %w", w.format, w.name, err)
	}
	for row := range r.N {
		if row&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.Line = w.Line[:0] // where the row before could not be written
		if err := w.Row(r, row); err != nil {
			return err
		}
		if err := w.EndLine(); err != nil {
			return fmt.Errorf("%s: %s: %w", w.format, w.name, err)
		}
		w.rows++
	}
	return nil
}

// Close writes what is left, and completes the file if that is its task.
func (w *Writer) Close() error {
	err := w.w.Flush()
	if w.file == nil {
		return err
	}
	if err != nil {
		w.file.Abort()
		return err
	}
	return w.file.Close()
}
