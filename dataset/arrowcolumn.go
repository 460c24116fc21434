package dataset

import (
	"fmt"
	"math"
	"reflect"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/float16"
)

// layout returns how many elements a row of type dt has, and of what type they are; 0 elements if it is too many for an int32.
func layout(dt arrow.DataType) (width int, elem arrow.DataType) {
	switch dt := dt.(type) {
	case *arrow.FixedSizeListType:
		width, elem = layout(dt.Elem())
		if n := int64(width) * int64(dt.Len()); n == int64(int32(n)) {
			return int(n), elem
		}
		return 0, elem
	case *arrow.FixedSizeBinaryType:
		return dt.ByteWidth, arrow.PrimitiveTypes.Uint8
	}
	return 1, dt
}

// readable reports whether numbers can read elements of type dt.
func readable(dt arrow.DataType) bool { return arrow.IsInteger(dt.ID()) || arrow.IsFloating(dt.ID()) }

// columnValues returns the elements of all rows of a column, side by side, as a slice of numbers. base is the number of the
// first row, for messages. The reader of Arrow files believes the lengths it is told; they are checked here.
func columnValues(col arrow.Array, name string, rows, base int) (any, error) {
	if col.Len() != rows {
		return nil, fmt.Errorf("column %q: claims %d rows, its batch %d", name, col.Len(), rows)
	}
	lo, hi, width := 0, rows, 1
	for {
		if col.NullN() > 0 {
			for i := lo; i < hi; i++ {
				if col.IsNull(i) {
					return nil, fmt.Errorf("column %q, row %d: is null", name, base+(i-lo)/width)
				}
			}
		}
		list, ok := col.(*array.FixedSizeList)
		if !ok {
			break
		}
		n := int(list.DataType().(*arrow.FixedSizeListType).Len())
		lo, hi, width = (list.Data().Offset()+lo)*n, (list.Data().Offset()+hi)*n, width*n
		col = list.ListValues()
		if hi > col.Len() {
			return nil, fmt.Errorf("column %q: its lists end at element %d, there are %d", name, hi, col.Len())
		}
	}
	if lo == hi {
		return []uint8{}, nil
	}

	size := col.DataType().(arrow.FixedWidthDataType).Bytes()
	if have, want := col.Data().Buffers()[1].Len(), (col.Data().Offset()+hi)*size; have < want {
		return nil, fmt.Errorf("column %q: holds %d bytes, its length takes %d", name, have, want)
	}
	return numbers(col, lo, hi), nil
}

// numbers returns elements lo to hi of an array that layout says is readable, without a copy.
func numbers(a arrow.Array, lo, hi int) any {
	switch a := a.(type) {
	case *array.FixedSizeBinary:
		from, size := a.Data().Offset(), a.DataType().(*arrow.FixedSizeBinaryType).ByteWidth
		return a.Data().Buffers()[1].Bytes()[(from+lo)*size : (from+hi)*size]
	case *array.Uint8:
		return a.Uint8Values()[lo:hi]
	case *array.Int8:
		return a.Int8Values()[lo:hi]
	case *array.Uint16:
		return a.Uint16Values()[lo:hi]
	case *array.Int16:
		return a.Int16Values()[lo:hi]
	case *array.Uint32:
		return a.Uint32Values()[lo:hi]
	case *array.Int32:
		return a.Int32Values()[lo:hi]
	case *array.Uint64:
		return a.Uint64Values()[lo:hi]
	case *array.Int64:
		return a.Int64Values()[lo:hi]
	case *array.Float16:
		return a.Values()[lo:hi]
	case *array.Float32:
		return a.Float32Values()[lo:hi]
	case *array.Float64:
		return a.Float64Values()[lo:hi]
	}
	panic(fmt.Sprintf("dataset: a column of %s got past the schema", a.DataType()))
}

// scatter writes values, rows of width elements, into dst, whose rows lie stride apart, rounded to float32. It returns the
// position of the first that is not finite as a float32, or -1.
func scatter(dst []float32, values any, stride, width int) int {
	switch v := values.(type) {
	case []uint8:
		return scatterNumbers(dst, v, stride, width)
	case []int8:
		return scatterNumbers(dst, v, stride, width)
	case []uint16:
		return scatterNumbers(dst, v, stride, width)
	case []int16:
		return scatterNumbers(dst, v, stride, width)
	case []uint32:
		return scatterNumbers(dst, v, stride, width)
	case []int32:
		return scatterNumbers(dst, v, stride, width)
	case []uint64:
		return scatterNumbers(dst, v, stride, width)
	case []int64:
		return scatterNumbers(dst, v, stride, width)
	case []float16.Num:
		wide := make([]float32, len(v))
		for i, h := range v {
			wide[i] = h.Float32()
		}
		return scatterNumbers(dst, wide, stride, width)
	case []float32:
		return scatterNumbers(dst, v, stride, width)
	case []float64:
		return scatterNumbers(dst, v, stride, width)
	}
	panic(fmt.Sprintf("dataset: scatter of %T", values))
}

func scatterNumbers[T uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64 | int64 | float32 | float64](dst []float32, v []T, stride, width int) int {
	for i := 0; i*width < len(v); i++ {
		for j, x := range v[i*width : (i+1)*width] {
			f := float32(x)
			if math.IsInf(float64(f), 0) || f != f {
				return i*width + j
			}
			dst[i*stride+j] = f
		}
	}
	return -1
}

// integers returns integer values as int64. A uint64 past the largest int64 comes out negative, which no label is.
func integers(values any) []int64 {
	switch v := values.(type) {
	case []uint8:
		return widen(v)
	case []int8:
		return widen(v)
	case []uint16:
		return widen(v)
	case []int16:
		return widen(v)
	case []uint32:
		return widen(v)
	case []int32:
		return widen(v)
	case []uint64:
		return widen(v)
	case []int64:
		return v
	}
	panic(fmt.Sprintf("dataset: integers of %T", values))
}

func widen[T uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64](v []T) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}

// element returns element i of a slice of numbers as it was stored, for messages.
func element(values any, i int) any { return reflect.ValueOf(values).Index(i).Interface() }
