// Package textfile cuts files of text into blocks of whole rows, and finds any row again by its number, with 8 bytes of
// memory for some thousand rows. The formats made of lines (CSV, JSON Lines, LIBSVM) are read with it.
package textfile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Scan looks at the record that data begins with. It returns the bytes that the record takes, its end of line among
// them, or 0 if data ends before it does, which it cannot at the end of the file. row is false for what is no row: a
// header, a blank line, a comment. number is the row's, if it is one. An error is about this record; a *table.Error
// without a file gets file and row.
type Scan func(data []byte, atEOF bool, number int64) (n int, row bool, err error)

// Config says how a file is cut. Zero fields have the defaults.
type Config struct {
	BlockBytes int // of a block, about; default 8 MiB
	MaxRow     int // longest row, in bytes; default 64 MiB
	Every      int // rows from one mark to the next; default 1024
}

// Index knows where the rows of a file lie. It is immutable.
type Index struct {
	h      *table.Handle
	every  int
	blocks []int   // rows of each
	first  []int64 // row that each begins with, and behind the last the number of rows
	marks  []int64 // offset of row i·every
	end    int64   // of the last row
}

// Build reads the whole file once, and gives every record to scan. A byte order mark at the beginning is left out.
// Bytes that are not UTF-8 are an error.
func Build(ctx context.Context, h *table.Handle, c Config, scan Scan) (*Index, error) {
	c.BlockBytes, c.MaxRow, c.Every = cmp.Or(c.BlockBytes, 8<<20), cmp.Or(c.MaxRow, 64<<20), cmp.Or(c.Every, 1024)
	x := &Index{h: h, every: c.Every, first: []int64{0}}
	const piece = 1 << 18
	buf := make([]byte, 0, piece)
	var rows, base, blockStart int64 // base is the offset of buf[0] in the file
	atEOF := false
	pos := 0
	for {
		n, isRow, err := 0, false, error(nil)
		if pos < len(buf) {
			n, isRow, err = scan(buf[pos:], atEOF, rows)
			if err == nil && !utf8.Valid(buf[pos:pos+n]) {
				err = notUTF8(buf[pos : pos+n])
			}
			if err != nil {
				return nil, place(err, h.Name(), rows)
			}
		}
		if n == 0 { // more is needed
			if atEOF {
				if pos < len(buf) {
					return nil, table.MalformedAt(h.Name(), "", rows, "cut short")
				}
				break
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			base += int64(pos)
			buf = buf[:copy(buf, buf[pos:])]
			pos = 0
			if len(buf) >= c.MaxRow {
				return nil, table.MalformedAt(h.Name(), "", rows, "is longer than the limit of %d bytes; is a quote left open?",
					c.MaxRow)
			}
			if len(buf) == cap(buf) {
				buf = append(make([]byte, 0, min(2*cap(buf), max(c.MaxRow, piece))), buf...)
			}
			have := len(buf)
			off := base + int64(have)
			got, err := h.ReadAt(buf[have:cap(buf)], off)
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			buf = buf[:have+got]
			atEOF = off+int64(got) == h.Size()
			if off == 0 {
				if pos, err = mark(buf); err != nil {
					return nil, &table.Error{File: h.Name(), Row: -1, Err: err}
				}
				blockStart = int64(pos)
			}
			continue
		}
		if isRow {
			if rows%int64(c.Every) == 0 {
				x.marks = append(x.marks, base+int64(pos))
			}
			rows++
		}
		pos += n
		x.end = base + int64(pos)
		if in := rows - x.first[len(x.first)-1]; in > 0 && (x.end-blockStart >= int64(c.BlockBytes)) {
			blockStart = x.end
			x.blocks, x.first = append(x.blocks, int(in)), append(x.first, rows)
		}
	}
	if in := rows - x.first[len(x.first)-1]; in > 0 {
		x.blocks, x.first = append(x.blocks, int(in)), append(x.first, rows)
	}
	return x, nil
}

func notUTF8(record []byte) error {
	for i := 0; i < len(record); {
		r, n := utf8.DecodeRune(record[i:])
		if r == utf8.RuneError && n <= 1 {
			return fmt.Errorf("byte %d of the row is 0x%02x, which is not UTF-8", i, record[i])
		}
		i += n
	}
	return errors.New("is not UTF-8")
}

// place adds file and row to an error of scan.
func place(err error, file string, row int64) error {
	if e, ok := errors.AsType[*table.Error](err); ok {
		if e.File == "" {
			e.File, e.Row = file, row
		}
		return err
	}
	return &table.Error{File: file, Row: row, Err: err}
}

// mark returns the length of a byte order mark, and an error for bytes that are no text in UTF-8.
func mark(head []byte) (int, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return 3, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, errors.New("is text in UTF-16, want UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return 0, errors.New("is compressed by gzip, want text")
	case bytes.HasPrefix(head, []byte("PAR1")):
		return 0, errors.New("is a Parquet file, want text")
	case bytes.HasPrefix(head, []byte("ARROW1")):
		return 0, errors.New("is an Arrow file, want text")
	}
	return 0, nil
}

// Blocks returns the number of rows of each block.
func (x *Index) Blocks() []int { return x.blocks }

// Rows returns the number of rows.
func (x *Index) Rows() int64 { return x.first[len(x.first)-1] }

// Split makes blocks of at most n rows of those that have more.
func (x *Index) Split(n int) {
	var blocks []int
	first := []int64{0}
	for _, rows := range x.blocks {
		for rows > 0 {
			take := min(n, rows)
			blocks, first = append(blocks, take), append(first, first[len(first)-1]+int64(take))
			rows -= take
		}
	}
	x.blocks, x.first = blocks, first
}

// Row returns the number in the file of a row of a block.
func (x *Index) Row(block, row int) int64 { return x.first[block] + int64(row) }

// Read returns the bytes in which rows [lo, hi) of a block lie, read into buf, which grows as it must. skip rows come
// before the first of them, and some may follow the last.
func (x *Index) Read(block, lo, hi int, buf []byte) (data []byte, skip int, err error) {
	if lo >= hi {
		return buf[:0], 0, nil
	}
	every := int64(x.every)
	from, to := x.first[block]+int64(lo), x.first[block]+int64(hi)
	begin, end := x.marks[from/every], x.end
	if last := (to + every - 1) / every; last < int64(len(x.marks)) {
		end = x.marks[last]
	}
	size := int(end - begin)
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if n, err := x.h.ReadAt(buf, begin); n < size {
		return nil, 0, err
	}
	return buf, int(from % every), nil
}

// Each calls row with each row [lo, hi) of a block: its bytes and its number from lo. scan finds their ends, as it did
// for Build; what it returns of a row is called before row is, for the same bytes. buf is memory that is kept for the
// next call.
func (x *Index) Each(ctx context.Context, block, lo, hi int, buf *[]byte, scan Scan, row func(data []byte,
	i int) error) error {
	data, skip, err := x.Read(block, lo, hi, *buf)
	if err != nil {
		return err
	}
	*buf = data
	number := x.Row(block, lo) - int64(skip)
	for i := -skip; i < hi-lo; {
		if i&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		n, isRow, err := 0, false, error(nil)
		if len(data) > 0 {
			if n, isRow, err = scan(data, true, number); err != nil {
				return place(err, x.h.Name(), number)
			}
		}
		if n == 0 {
			return fmt.Errorf("dataset: %s: row %d is no longer there: %w", x.h.Name(), number, table.ErrChanged)
		}
		if isRow {
			if i >= 0 {
				if err := row(data[:n], i); err != nil {
					return place(err, x.h.Name(), number)
				}
			}
			i, number = i+1, number+1
		}
		data = data[n:]
	}
	return nil
}

// Line returns the end of the first line of data: the bytes before its end of line, which is LF, CR LF or the end of
// the file, and the bytes with it; whole is false if data ends before the line does.
func Line(data []byte, atEOF bool) (length, n int, whole bool) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		if !atEOF {
			return 0, 0, false
		}
		i, n = len(data), len(data)
	} else {
		n = i + 1
	}
	if i > 0 && data[i-1] == '\r' {
		i--
	}
	return i, n, true
}
