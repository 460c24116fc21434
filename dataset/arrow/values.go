package arrow

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/float16"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file decodes values of one width.

// numbers appends values [lo, hi) of n, a type of fixed width. Those of nulls may be anything.
func (d *decoder) numbers(dst *table.Column, n *node, valid []bool, lo, hi int64) (bad int64, err error) {
	rows := int(hi - lo)
	switch n.typ.ID() {
	case arrow.FLOAT16:
		data, err := d.values(n.buf+1, 2, lo, hi)
		for i := 0; err == nil && i < rows; i++ {
			h := float16.FromBits(binary.LittleEndian.Uint16(data[2*i:]))
			dst.Floats32 = append(dst.Floats32, h.Float32())
		}
		return -1, err
	case arrow.FLOAT32:
		data, err := d.values(n.buf+1, 4, lo, hi)
		for i := 0; err == nil && i < rows; i++ {
			dst.Floats32 = append(dst.Floats32, math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		}
		return -1, err
	case arrow.FLOAT64:
		data, err := d.values(n.buf+1, 8, lo, hi)
		for i := 0; err == nil && i < rows; i++ {
			dst.Floats = append(dst.Floats, math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
		}
		return -1, err
	case arrow.DECIMAL128, arrow.DECIMAL256:
		return d.decimals(dst, n, valid, lo, hi)
	}
	ints, bad, err := d.integers(n.buf+1, n.typ, lo, hi, valid)
	dst.Ints = append(dst.Ints, ints...)
	return bad, err
}

// values returns the bytes of values [lo, hi) of a buffer, size bytes each.
func (d *decoder) values(buffer int, size, lo, hi int64) ([]byte, error) {
	if hi > math.MaxInt64/size {
		return nil, fmt.Errorf("claims %d values of %d bytes", hi, size)
	}
	return d.bytes(buffer, lo*size, hi*size)
}

// integers returns values [lo, hi) of a buffer, of a type that Ints hold.
func (d *decoder) integers(buffer int, t arrow.DataType, lo, hi int64, valid []bool) (ints []int64, bad int64, err error) {
	if t.ID() == arrow.BOOL {
		ints = make([]int64, hi-lo)
		_, err := d.bits(buffer, lo, hi, func(i int, set bool) {
			if set {
				ints[i] = 1
			}
		})
		return ints, -1, err
	}
	size := int64(t.(arrow.FixedWidthDataType).BitWidth() / 8)
	data, err := d.values(buffer, size, lo, hi)
	if err != nil {
		return nil, -1, err
	}
	ints = make([]int64, hi-lo)
	unsigned := arrow.IsUnsignedInteger(t.ID())
	for i := range ints {
		switch {
		case size == 8:
			ints[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
			if unsigned && ints[i] < 0 && (valid == nil || valid[i]) {
				return nil, int64(i), fmt.Errorf("%d %w", uint64(ints[i]), errLarge)
			}
		case size == 4 && unsigned:
			ints[i] = int64(binary.LittleEndian.Uint32(data[4*i:]))
		case size == 4:
			ints[i] = int64(int32(binary.LittleEndian.Uint32(data[4*i:])))
		case size == 2 && unsigned:
			ints[i] = int64(binary.LittleEndian.Uint16(data[2*i:]))
		case size == 2:
			ints[i] = int64(int16(binary.LittleEndian.Uint16(data[2*i:])))
		case unsigned:
			ints[i] = int64(data[i])
		default:
			ints[i] = int64(int8(data[i]))
		}
	}
	return ints, 0, nil
}

// decimals appends unscaled integers where they fit, else the nearest float64.
func (d *decoder) decimals(dst *table.Column, n *node, valid []bool, lo, hi int64) (bad int64, err error) {
	size := int64(n.typ.(arrow.FixedWidthDataType).BitWidth() / 8)
	data, err := d.values(n.buf+1, size, lo, hi)
	if err != nil {
		return -1, err
	}
	scale, wide := int32(n.value.Scale), n.value.Wide()
	largest := int64(math.Pow10(min(18, n.value.Digits))) - 1
	for i := range hi - lo {
		if valid != nil && !valid[i] {
			dst.AppendNull()
			continue
		}
		b := data[i*size:]
		word := func(k int) uint64 { return binary.LittleEndian.Uint64(b[8*k:]) }
		if wide && size == 16 {
			dst.Floats = append(dst.Floats, decimal128.New(int64(word(1)), word(0)).ToFloat64(scale))
			continue
		}
		if wide {
			dst.Floats = append(dst.Floats, decimal256.New(word(3), word(2), word(1), word(0)).ToFloat64(scale))
			continue
		}
		v := int64(word(0))
		fits := v >= -largest && v <= largest
		for k := 1; k < int(size/8); k++ {
			fits = fits && int64(word(k)) == v>>63
		}
		if !fits {
			return i, fmt.Errorf("a decimal of more than %d digits", n.value.Digits)
		}
		dst.Ints = append(dst.Ints, v)
	}
	return 0, nil
}
