package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/dataset/table"
)

// valueError is a value that cannot be what its column says. at counts the values that were read with it.
type valueError struct {
	at  int
	err error
}

func (e *valueError) Error() string { return e.err.Error() }
func (e *valueError) Unwrap() error { return e.err }

// rowError is an error in a row of the file.
type rowError struct {
	row int64
	err error
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d: %v", e.row, e.err) }
func (e *rowError) Unwrap() error { return e.err }

// append adds n values to dst, valid of which are not null: those whose level is top, all of them if defs is nil. row
// is the row group's row of the first.
func (c *cursor) append(l *leaf, dst *table.Column, defs []uint8, top uint8, n, valid int, row int64) error {
	if valid == n {
		defs = nil
	}
	err := c.appendValues(l, dst, defs, top, n, valid)
	var v *valueError
	if errors.As(err, &v) && len(l.lists) == 0 {
		return &rowError{c.group.first + row + int64(placeOf(v.at, defs, top)), v.err}
	}
	if err != nil || l.value.Kind == table.Null || dst.Valid == nil && defs == nil {
		return err
	}
	if dst.Valid == nil {
		dst.Valid = trues(dst.Len() - n)
	}
	for i := range n {
		dst.Valid = append(dst.Valid, defs == nil || defs[i] == top)
	}
	return nil
}

// placeOf is where value at of those that are not null lies among all.
func placeOf(at int, defs []uint8, top uint8) int {
	for i, d := range defs {
		if d == top {
			if at == 0 {
				return i
			}
			at--
		}
	}
	return at
}

func (c *cursor) appendValues(l *leaf, dst *table.Column, defs []uint8, top uint8, n, valid int) error {
	limit := c.file.config.limit()
	if count := dst.Len(); n > limit/8-count {
		return fmt.Errorf("%d values, more than %d bytes; Config.MaxBytes sets the limit", count+n, limit)
	}
	switch {
	case l.value.Kind == table.Null:
		for range n {
			dst.Valid = append(dst.Valid, false)
		}
		return c.skip(valid)
	case c.ints != nil && l.intFloat != nil:
		c.scratch = extend(c.scratch[:0], valid)
		if err := c.ints.read(c.scratch); err != nil {
			return err
		}
		dst.Floats = extend(dst.Floats, n)
		tail := dst.Floats[len(dst.Floats)-n:]
		for i, v := range c.scratch {
			tail[i] = l.intFloat(v)
		}
		spread(tail, defs, top, valid)
	case c.ints != nil:
		dst.Ints = extend(dst.Ints, n)
		tail := dst.Ints[len(dst.Ints)-n:]
		if err := c.ints.read(tail[:valid]); err != nil {
			return err
		}
		if l.fixInts != nil {
			if at, err := l.fixInts(tail[:valid]); err != nil {
				return &valueError{at, err}
			}
		}
		spread(tail, defs, top, valid)
	case c.floats32 != nil:
		dst.Floats32 = extend(dst.Floats32, n)
		tail := dst.Floats32[len(dst.Floats32)-n:]
		if err := c.floats32.read(tail[:valid]); err != nil {
			return err
		}
		spread(tail, defs, top, valid)
	case c.floats != nil:
		dst.Floats = extend(dst.Floats, n)
		tail := dst.Floats[len(dst.Floats)-n:]
		if err := c.floats.read(tail[:valid]); err != nil {
			return err
		}
		spread(tail, defs, top, valid)
	case l.toInt != nil || l.toFloat != nil || l.toHalf || l.toBytes != nil:
		return c.convertBytes(l, dst, defs, top, n, valid, limit)
	default:
		from := len(dst.Offsets) - 1
		var err error
		if dst.Data, dst.Offsets, err = c.bytes.read(dst.Data, dst.Offsets, valid, limit); err != nil {
			return err
		}
		if l.utf8 {
			if at := checkText(dst.Data, dst.Offsets[from:]); at >= 0 {
				o := dst.Offsets[from+at:]
				return &valueError{at, fmt.Errorf("%.40q is not UTF-8", dst.Data[o[0]:o[1]])}
			}
		}
		dst.Offsets = spreadEnds(dst.Offsets, defs, top, n, valid)
	}
	return nil
}

// convertBytes is appendValues where bytes stand for something else.
func (c *cursor) convertBytes(l *leaf, dst *table.Column, defs []uint8, top uint8, n, valid, limit int) (err error) {
	if c.data, c.ends, err = c.bytes.read(c.data[:0], append(c.ends[:0], 0), valid, limit); err != nil {
		return err
	}
	value := func(i int) []byte { return c.data[c.ends[i]:c.ends[i+1]] }
	switch {
	case l.toInt != nil:
		dst.Ints = extend(dst.Ints, n)
		tail := dst.Ints[len(dst.Ints)-n:]
		for i := range valid {
			if tail[i], err = l.toInt(value(i)); err != nil {
				return &valueError{i, err}
			}
		}
		spread(tail, defs, top, valid)
	case l.toFloat != nil:
		dst.Floats = extend(dst.Floats, n)
		tail := dst.Floats[len(dst.Floats)-n:]
		for i := range valid {
			if tail[i], err = l.toFloat(value(i)); err != nil {
				return &valueError{i, err}
			}
		}
		spread(tail, defs, top, valid)
	case l.toHalf:
		dst.Floats32 = extend(dst.Floats32, n)
		tail := dst.Floats32[len(dst.Floats32)-n:]
		for i := range valid {
			tail[i] = half(binary.LittleEndian.Uint16(value(i)))
		}
		spread(tail, defs, top, valid)
	default:
		for i := range valid {
			if dst.Data, err = l.toBytes(dst.Data, value(i)); err != nil {
				return &valueError{i, err}
			}
			dst.Offsets = append(dst.Offsets, int64(len(dst.Data)))
		}
		dst.Offsets = spreadEnds(dst.Offsets, defs, top, n, valid)
	}
	return nil
}

// extend makes s n elements longer, and does not clear them.
func extend[T any](s []T, n int) []T {
	return slices.Grow(s, n)[:len(s)+n]
}

// spread moves the first valid elements of v to where the levels are top, and clears the others.
func spread[T any](v []T, defs []uint8, top uint8, valid int) {
	if defs == nil {
		return
	}
	var zero T
	for i := len(v) - 1; i >= 0; i-- {
		if defs[i] == top {
			valid--
			v[i] = v[valid]
		} else {
			v[i] = zero
		}
	}
}

// spreadEnds makes the last valid offsets n: that of a null is the one before.
func spreadEnds(offsets []int64, defs []uint8, top uint8, n, valid int) []int64 {
	if defs == nil {
		return offsets
	}
	offsets = extend(offsets, n-valid)
	o := offsets[len(offsets)-n-1:]
	for i := n; i > 0; i-- {
		o[i] = o[valid]
		if defs[i-1] == top {
			valid--
		}
	}
	return offsets
}
