package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// decoder reads the values of a page one after the other. read fills dst.
type decoder[T any] interface {
	read(dst []T) error
	skip(n int) error
}

// byteDecoder is decoder for strings of bytes: read appends n of them to data, and where each ends to ends. It does
// not let data grow past limit.
type byteDecoder interface {
	read(data []byte, ends []int64, n, limit int) ([]byte, []int64, error)
	skip(n int) error
}

var errValues = fmt.Errorf("the page holds fewer values than it says: %w", io.ErrUnexpectedEOF)

func errLimit(limit int) error {
	return fmt.Errorf("its values take more than %d bytes; Config.MaxBytes sets the limit", limit)
}

// cut takes n values of size bytes off b.
func cut(b *[]byte, n, size int) ([]byte, error) {
	if n > len(*b)/size {
		return nil, errValues
	}
	p := (*b)[:n*size]
	*b = (*b)[n*size:]
	return p, nil
}

func skipBytes(b *[]byte, n, size int) error {
	_, err := cut(b, n, size)
	return err
}

// plainInt32, plainInt64, plainFloat and plainDouble are PLAIN values: little-endian, one after the other.
type (
	plainInt32  struct{ b []byte }
	plainInt64  struct{ b []byte }
	plainFloat  struct{ b []byte }
	plainDouble struct{ b []byte }
)

func (d *plainInt32) skip(n int) error  { return skipBytes(&d.b, n, 4) }
func (d *plainInt64) skip(n int) error  { return skipBytes(&d.b, n, 8) }
func (d *plainFloat) skip(n int) error  { return skipBytes(&d.b, n, 4) }
func (d *plainDouble) skip(n int) error { return skipBytes(&d.b, n, 8) }

func (d *plainInt32) read(dst []int64) error {
	p, err := cut(&d.b, len(dst), 4)
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = int64(int32(binary.LittleEndian.Uint32(p[4*i:])))
	}
	return nil
}

func (d *plainInt64) read(dst []int64) error {
	p, err := cut(&d.b, len(dst), 8)
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = int64(binary.LittleEndian.Uint64(p[8*i:]))
	}
	return nil
}

func (d *plainFloat) read(dst []float32) error {
	p, err := cut(&d.b, len(dst), 4)
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*i:]))
	}
	return nil
}

func (d *plainDouble) read(dst []float64) error {
	p, err := cut(&d.b, len(dst), 8)
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(p[8*i:]))
	}
	return nil
}

// plainBool are bits, the lowest first.
type plainBool struct {
	b   []byte
	pos int
}

func (d *plainBool) skip(n int) error {
	if n > 8*len(d.b)-d.pos {
		return errValues
	}
	d.pos += n
	return nil
}

func (d *plainBool) read(dst []int64) error {
	from := d.pos
	if err := d.skip(len(dst)); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = int64(d.b[(from+i)>>3] >> ((from + i) & 7) & 1)
	}
	return nil
}

// rleBool are bits in the hybrid of runs.
type rleBool struct{ h hybrid }

func (d *rleBool) skip(n int) error { return d.h.skip(n) }

func (d *rleBool) read(dst []int64) error {
	var tmp [512]uint8
	for len(dst) > 0 {
		n := min(len(dst), len(tmp))
		if err := readHybrid(&d.h, tmp[:n]); err != nil {
			return err
		}
		for i, v := range tmp[:n] {
			dst[i] = int64(v)
		}
		dst = dst[n:]
	}
	return nil
}

// plainBytes are strings of bytes, each after its length.
type plainBytes struct{ b []byte }

func (d *plainBytes) next() ([]byte, error) {
	if len(d.b) < 4 {
		return nil, errValues
	}
	n := uint64(binary.LittleEndian.Uint32(d.b))
	if n > uint64(len(d.b)-4) {
		return nil, fmt.Errorf("a value of %d bytes in %d: %w", n, len(d.b)-4, io.ErrUnexpectedEOF)
	}
	p := d.b[4 : 4+n]
	d.b = d.b[4+n:]
	return p, nil
}

func (d *plainBytes) skip(n int) error {
	for range n {
		if _, err := d.next(); err != nil {
			return err
		}
	}
	return nil
}

func (d *plainBytes) read(data []byte, ends []int64, n, limit int) ([]byte, []int64, error) {
	for range n {
		p, err := d.next()
		if err != nil {
			return data, ends, err
		}
		if len(p) > limit-len(data) {
			return data, ends, errLimit(limit)
		}
		data = append(data, p...)
		ends = append(ends, int64(len(data)))
	}
	return data, ends, nil
}

// plainFixed are strings of bytes of one size.
type plainFixed struct {
	b    []byte
	size int
}

func (d *plainFixed) skip(n int) error { return skipBytes(&d.b, n, d.size) }

func (d *plainFixed) read(data []byte, ends []int64, n, limit int) ([]byte, []int64, error) {
	p, err := cut(&d.b, n, d.size)
	if err != nil {
		return data, ends, err
	}
	if len(p) > limit-len(data) {
		return data, ends, errLimit(limit)
	}
	end := int64(len(data))
	for range n {
		end += int64(d.size)
		ends = append(ends, end)
	}
	return append(data, p...), ends, nil
}

// unsplit puts BYTE_STREAM_SPLIT values of size bytes together again: byte j of all values lies in stream j. It
// appends to dst, and what it makes is PLAIN.
func unsplit(dst, src []byte, size int) ([]byte, error) {
	n := len(src) / size
	if n*size != len(src) {
		return nil, fmt.Errorf("%d bytes are no whole values of %d", len(src), size)
	}
	from := len(dst)
	dst = append(dst, src...)
	for j := range size {
		stream := src[j*n : (j+1)*n]
		out := dst[from+j:]
		for i, b := range stream {
			out[i*size] = b
		}
	}
	return dst, nil
}
