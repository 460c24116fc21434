package arrow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file turns a table's columns into Arrow's arrays.

// arrowType returns the type that values of t are written as.
func arrowType(t table.Type) (arrow.DataType, error) {
	units := map[table.Unit]arrow.TimeUnit{table.Nanosecond: arrow.Nanosecond, table.Microsecond: arrow.Microsecond,
		table.Millisecond: arrow.Millisecond, table.Second: arrow.Second}
	switch t.Kind {
	case table.Bool:
		return arrow.FixedWidthTypes.Boolean, nil
	case table.Int:
		all := map[int][2]arrow.DataType{
			8:  {arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint8},
			16: {arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Uint16},
			32: {arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint32},
			64: {arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64},
			0:  {arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64},
		}
		if pair := all[t.Bits]; pair[0] != nil {
			return map[bool]arrow.DataType{false: pair[0], true: pair[1]}[t.Unsigned], nil
		}
	case table.Float32:
		return arrow.PrimitiveTypes.Float32, nil
	case table.Float64:
		return arrow.PrimitiveTypes.Float64, nil
	case table.Decimal:
		if t.Digits > 38 {
			return &arrow.Decimal256Type{Precision: int32(min(t.Digits, 76)), Scale: int32(t.Scale)}, nil
		}
		return &arrow.Decimal128Type{Precision: int32(max(t.Digits, 1)), Scale: int32(t.Scale)}, nil
	case table.Text:
		return arrow.BinaryTypes.String, nil
	case table.Binary:
		if t.Size > 0 {
			return &arrow.FixedSizeBinaryType{ByteWidth: t.Size}, nil
		}
		return arrow.BinaryTypes.Binary, nil
	case table.Time:
		if t.Unit == table.Day {
			return arrow.FixedWidthTypes.Date32, nil
		}
		if u, ok := units[t.Unit]; ok {
			return &arrow.TimestampType{Unit: u, TimeZone: "UTC"}, nil
		}
	case table.Span:
		if t.Unit == table.Day {
			return &arrow.DurationType{Unit: arrow.Second}, nil
		}
		if u, ok := units[t.Unit]; ok {
			return &arrow.DurationType{Unit: u}, nil
		}
	case table.List:
		elem, err := arrowType(*t.Elem)
		if err != nil {
			return nil, err
		}
		if t.Size > 0 {
			return arrow.FixedSizeListOf(int32(t.Size), elem), nil
		}
		return arrow.ListOf(elem), nil
	case table.Null:
		return arrow.Null, nil
	}
	return nil, fmt.Errorf("%v, which Arrow has not", t)
}

// arrayOf returns the rows of c as an array of type t. An error is about a row.
func arrayOf(c *table.Column, t arrow.DataType) (arrow.ArrayData, int, error) {
	n := c.Len()
	if c.Type.Kind == table.Null {
		return array.NewData(t, n, []*memory.Buffer{nil}, nil, n, 0), 0, nil
	}
	var valid []byte
	nulls := 0
	for i, ok := range c.Valid {
		if !ok && valid == nil {
			valid = make([]byte, (n+7)/8)
			for k := range i {
				valid[k/8] |= 1 << (k % 8)
			}
		}
		if !ok {
			nulls++
		} else if valid != nil {
			valid[i/8] |= 1 << (i % 8)
		}
	}
	var buffers [][]byte
	var kids []arrow.ArrayData
	var values []byte
	var row int
	var err error
	switch {
	case c.Type.Kind == table.List:
		kid, bad, kidErr := arrayOf(c.Elem, t.(interface{ Elem() arrow.DataType }).Elem())
		if kidErr != nil {
			for row < n-1 && c.Offsets[row+1] <= int64(bad) {
				row++
			}
			return nil, row, kidErr
		}
		if c.Type.Size == 0 {
			values, row, err = offsets(c)
			buffers, kids = [][]byte{valid, values}, []arrow.ArrayData{kid}
			break
		}
		buffers = [][]byte{valid}
		kids = []arrow.ArrayData{kid}
		if row, err = sizes(c, n); err == nil && nulls > 0 { // Arrow has elements for nulls too
			kids[0], row, err = filledKid(c, t, n)
		}
	case c.Type.Kind == table.Binary && c.Type.Size > 0:
		if row, err = sizes(c, n); err == nil {
			values = make([]byte, 0, n*c.Type.Size)
			for i := range n {
				values = append(values, c.Bytes(i)...)
				values = append(values, make([]byte, (i+1)*c.Type.Size-len(values))...)
			}
		}
		buffers = [][]byte{valid, values}
	case c.Type.Kind == table.Text || c.Type.Kind == table.Binary:
		values, row, err = offsets(c)
		buffers = [][]byte{valid, values, c.Data[:c.Offsets[n]]}
	default:
		values, row, err = fixed(c, t)
		buffers = [][]byte{valid, values}
	}
	if err != nil {
		return nil, row, err
	}
	all := make([]*memory.Buffer, len(buffers))
	for i, b := range buffers {
		if b != nil || i > 0 {
			all[i] = memory.NewBufferBytes(b)
		}
	}
	return array.NewData(t, n, all, kids, nulls, 0), 0, nil
}

// offsets returns c's offsets as int32.
func offsets(c *table.Column) ([]byte, int, error) {
	out := make([]byte, 0, 4*len(c.Offsets))
	for i, at := range c.Offsets {
		if at > math.MaxInt32 {
			return nil, max(0, i-1), fmt.Errorf("ends at %d, an Arrow batch has at most %d", at, math.MaxInt32)
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(at))
	}
	return out, 0, nil
}

// sizes checks that all values that are not null have the type's size.
func sizes(c *table.Column, n int) (int, error) {
	for i := range n {
		if got := c.Offsets[i+1] - c.Offsets[i]; got != int64(c.Type.Size) && !c.Null(i) {
			return i, fmt.Errorf("has %d of %v", got, c.Type)
		}
	}
	return 0, nil
}

// filledKid returns the elements of lists of one size, with nulls for those of lists that are null.
func filledKid(c *table.Column, t arrow.DataType, n int) (arrow.ArrayData, int, error) {
	var elem table.Column
	elem.Reset(c.Elem.Field)
	for i := range n {
		if !c.Null(i) {
			elem.AppendFrom(c.Elem, int(c.Offsets[i]), int(c.Offsets[i+1]))
			continue
		}
		for range c.Type.Size {
			elem.AppendNull()
		}
	}
	data, _, err := arrayOf(&elem, t.(*arrow.FixedSizeListType).Elem())
	return data, 0, err
}

// fixed returns values of one width.
func fixed(c *table.Column, t arrow.DataType) (out []byte, row int, err error) {
	put := binary.LittleEndian
	switch {
	case c.Type.Wide():
		for i, v := range c.Floats {
			if out, err = appendWide(out, v, t, c.Null(i)); err != nil {
				return nil, i, err
			}
		}
		return out, 0, nil
	case c.Type.Kind == table.Decimal:
		for _, v := range c.Ints {
			out = put.AppendUint64(put.AppendUint64(out, uint64(v)), uint64(v>>63))
		}
		return out, 0, nil
	case c.Type.Kind == table.Float32:
		for _, v := range c.Floats32 {
			out = put.AppendUint32(out, math.Float32bits(v))
		}
		return out, 0, nil
	case c.Type.Kind == table.Float64:
		for _, v := range c.Floats {
			out = put.AppendUint64(out, math.Float64bits(v))
		}
		return out, 0, nil
	case c.Type.Kind == table.Bool:
		out = make([]byte, (len(c.Ints)+7)/8)
		for i, v := range c.Ints {
			if v != 0 {
				out[i/8] |= 1 << (i % 8)
			}
		}
		return out, 0, nil
	}
	bits := t.(arrow.FixedWidthDataType).BitWidth()
	unsigned := c.Type.Kind == table.Int && c.Type.Unsigned
	scale := int64(1)
	if c.Type.Kind == table.Span && c.Type.Unit == table.Day {
		scale = int64(table.Day / table.Second)
	}
	for i, v := range c.Ints {
		fits := v>>(bits-1) == v>>63
		if unsigned {
			fits = v >= 0 && (bits == 64 || v>>bits == 0)
		}
		if !fits || v*scale/scale != v {
			return nil, i, fmt.Errorf("%d is no %v", v, c.Type)
		}
		switch v *= scale; bits {
		case 8:
			out = append(out, byte(v))
		case 16:
			out = put.AppendUint16(out, uint16(v))
		case 32:
			out = put.AppendUint32(out, uint32(v))
		default:
			out = put.AppendUint64(out, uint64(v))
		}
	}
	return out, 0, nil
}

// appendWide appends the decimal nearest to v.
func appendWide(out []byte, v float64, t arrow.DataType, null bool) ([]byte, error) {
	if null {
		v = 0
	}
	if v-v != 0 {
		return out, errors.New("is not finite, and no decimal")
	}
	put := binary.LittleEndian
	if d, ok := t.(*arrow.Decimal128Type); ok {
		x, err := decimal128.FromFloat64(v, d.Precision, d.Scale)
		return put.AppendUint64(put.AppendUint64(out, x.LowBits()), uint64(x.HighBits())), err
	}
	d := t.(*arrow.Decimal256Type)
	x, err := decimal256.FromFloat64(v, d.Precision, d.Scale)
	for _, word := range x.Array() {
		out = put.AppendUint64(out, word)
	}
	return out, err
}
