// Package npy reads NumPy's files, .npy and .npz, as data sets in memory: each array is a column, with a sample a row.
//
// It is package tensor/npy behind an fs.FS. For tensors that are in memory already, use dataset.FromColumns.
package npy

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/npy"
)

// Config says which arrays become columns.
type Config struct {
	Name    string   // of the set, for messages; default: the file's
	Columns []string // arrays of a .npz, in this order; default: all, in the archive's order
	Target  string   // the array that is Y of a batch; default: none
	// MaxBytes refuses to hold more; default 1 GiB or 32 times the file, whichever is larger.
	MaxBytes int64
}

// Open reads a file. The arrays of a .npz are columns of their names, a .npy is the column "x". They keep their types,
// but that float16 becomes Float32; a target of integers is labels, Int64. All arrays must have as many rows.
//
// An error names the file and the array: ErrFormat for corrupt bytes, types that tensors have not, scalars, arrays of
// other numbers of rows; fs.ErrNotExist for a file that is missing.
func Open(fsys fs.FS, name string, c Config) (*dataset.Memory, error) {
	h, err := table.OpenAt(fsys, name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	c.MaxBytes = cmp.Or(c.MaxBytes, max(1<<30, 32*h.Size()))
	columns, err := read(h, c)
	if err != nil {
		return nil, table.Malformed(name, "%w", err)
	}
	rows, hasTarget := -1, c.Target == ""
	for i, v := range columns {
		if v.Tensor.Rank() == 0 {
			return nil, &table.Error{File: name, Column: v.Name, Row: -1, Err: fmt.Errorf("is a scalar, want a sample a row")}
		}
		if n := v.Tensor.Dim(0); i > 0 && n != rows {
			return nil, &table.Error{File: name, Column: v.Name, Row: -1,
				Err: fmt.Errorf("has %d rows, %q has %d", n, columns[0].Name, rows)}
		}
		rows = v.Tensor.Dim(0)
		hasTarget = hasTarget || v.Name == c.Target
		if v.Tensor.DType() == tensor.Float16 {
			columns[i].Tensor = v.Tensor.Cast(tensor.Float32)
		}
	}
	if !hasTarget || len(columns) == 0 {
		return nil, table.Malformed(name, "has no array %q", c.Target)
	}
	return dataset.FromColumns(c.Target, columns...).WithName(cmp.Or(c.Name, name)), nil
}

func read(h *table.Handle, c Config) ([]dataset.Values, error) {
	if strings.EqualFold(path.Ext(h.Name()), ".npy") {
		if h.Size() > c.MaxBytes {
			return nil, fmt.Errorf("%w: %d, the limit is %d", npy.ErrTooLarge, h.Size(), c.MaxBytes)
		}
		in := io.NewSectionReader(h, 0, h.Size())
		x, err := npy.Read(in)
		if err != nil {
			return nil, err
		}
		if rest, _ := in.Seek(0, io.SeekCurrent); rest != h.Size() {
			return nil, fmt.Errorf("goes on for %d bytes after its array", h.Size()-rest)
		}
		return []dataset.Values{{Name: "x", Tensor: x}}, nil
	}
	z, err := npy.NewZip(h, h.Size())
	if err != nil {
		return nil, err
	}
	names := c.Columns
	if names == nil {
		names = z.Names()
	}
	var columns []dataset.Values
	z.MaxBytes = c.MaxBytes
	for _, name := range names {
		x, err := z.Tensor(name)
		if err != nil {
			return nil, err
		}
		z.MaxBytes -= int64(x.Len() * x.DType().Size())
		columns = append(columns, dataset.Values{Name: name, Tensor: x})
	}
	return columns, nil
}
