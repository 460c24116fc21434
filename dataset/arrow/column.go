package arrow

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// arrowColumn is a column of a table: how its elements lie in lists, and of what type they are.
type arrowColumn struct {
	name  string
	index int            // in the record
	lists []int          // lengths of the lists an element lies in, the outermost first; open until a row has shown it
	elem  arrow.DataType // of an element
}

// open is the length of a list that the column's type leaves open.
const open = -1

// layout returns the lists that a row of type dt is made of, and the type of an element.
func layout(dt arrow.DataType) (lists []int, elem arrow.DataType) {
	n := open
	switch dt := dt.(type) {
	case *arrow.FixedSizeListType:
		n = int(dt.Len())
		lists, elem = layout(dt.Elem())
	case *arrow.ListType:
		lists, elem = layout(dt.Elem())
	case *arrow.LargeListType:
		lists, elem = layout(dt.Elem())
	case *arrow.FixedSizeBinaryType:
		return []int{dt.ByteWidth}, arrow.PrimitiveTypes.Uint8
	default:
		return nil, dt
	}
	return append([]int{n}, lists...), elem
}

// width returns the elements of a row, open if a list's length is; ok is false if they are none or more than an int32
// counts.
func (c *arrowColumn) width() (n int, ok bool) {
	total, anyOpen := int64(1), false
	for _, n := range c.lists {
		if n == open {
			anyOpen = true
			continue
		}
		if total *= int64(n); total < 1 || total > math.MaxInt32 {
			return 0, false
		}
	}
	if anyOpen {
		return open, true
	}
	return int(total), true
}

// values returns the elements of all rows of a column, side by side, as a slice of numbers. Lists of open length get
// that of the first row, and all rows must have it. base is the number of the first row, for messages. The reader of
// Arrow files believes the lengths it is told; they are checked here.
func (c *arrowColumn) values(col arrow.Array, rows, base int) (any, error) {
	if col.Len() != rows {
		return nil, fmt.Errorf("column %q: claims %d rows, its batch %d", c.name, col.Len(), rows)
	}
	lo, hi, width := 0, rows, 1
	for level := range c.lists {
		if i := firstNull(col, lo, hi); i >= 0 {
			return nil, fmt.Errorf("column %q, row %d: is null", c.name, base+(i-lo)/width)
		}
		var inner arrow.Array
		switch list := col.(type) {
		case *array.FixedSizeList:
			n := c.lists[level]
			lo, hi = (list.Data().Offset()+lo)*n, (list.Data().Offset()+hi)*n
			inner = list.ListValues()
		case *array.List:
			at, err := listRange(list.Offsets(), list.Data().Offset(), lo, hi, &c.lists[level])
			if err != nil {
				return nil, fmt.Errorf("column %q, row %d: %w", c.name, base+at.row/width, err)
			}
			lo, hi, inner = at.lo, at.hi, list.ListValues()
		case *array.LargeList:
			at, err := listRange(list.Offsets(), list.Data().Offset(), lo, hi, &c.lists[level])
			if err != nil {
				return nil, fmt.Errorf("column %q, row %d: %w", c.name, base+at.row/width, err)
			}
			lo, hi, inner = at.lo, at.hi, list.ListValues()
		case *array.FixedSizeBinary:
			return bytesOf(list, c.name, lo, hi)
		}
		width *= c.lists[level]
		if hi > inner.Len() {
			return nil, fmt.Errorf("column %q: its lists end at element %d, there are %d", c.name, hi, inner.Len())
		}
		col = inner
	}
	if i := firstNull(col, lo, hi); i >= 0 {
		return nil, fmt.Errorf("column %q, row %d: is null", c.name, base+(i-lo)/width)
	}
	values, at, err := numbers(col, lo, hi)
	if err != nil {
		return nil, fmt.Errorf("column %q, row %d: %w", c.name, base+at/width, err)
	}
	return values, nil
}

// firstNull returns the place of the first null from lo to hi, or -1.
func firstNull(col arrow.Array, lo, hi int) int {
	if col.NullN() > 0 {
		for i := lo; i < hi; i++ {
			if col.IsNull(i) {
				return i
			}
		}
	}
	return -1
}

// listSpan is a run of lists: where its elements begin and end, or which of them is in error.
type listSpan struct{ lo, hi, row int }

// listRange returns the elements of lists lo to hi, all of the length n, which the first sets if it is open.
func listRange[T int32 | int64](offsets []T, offset, lo, hi int, n *int) (listSpan, error) {
	if len(offsets) < offset+hi+1 {
		return listSpan{}, fmt.Errorf("the ends of %d lists are given, there are %d", len(offsets)-1-offset, hi)
	}
	ends := offsets[offset+lo : offset+hi+1]
	for i := range hi - lo {
		length := int64(ends[i+1]) - int64(ends[i])
		if ends[i] < 0 || length < 1 || length > math.MaxInt32 {
			return listSpan{row: i}, fmt.Errorf("a list from element %d to %d, want at least one element", ends[i],
				ends[i+1])
		}
		if *n == open {
			*n = int(length)
		}
		if length != int64(*n) {
			return listSpan{row: i},
				fmt.Errorf("a list of %d elements, row 0 has %d: want the same number in every row", length, *n)
		}
	}
	return listSpan{lo: int(ends[0]), hi: int(ends[len(ends)-1])}, nil
}

// bytesOf returns rows lo to hi of a column of binary values of one size.
func bytesOf(a *array.FixedSizeBinary, name string, lo, hi int) (any, error) {
	size, from := a.DataType().(*arrow.FixedSizeBinaryType).ByteWidth, a.Data().Offset()
	data := a.Data().Buffers()[1].Bytes()
	if want := (from + hi) * size; len(data) < want {
		return nil, fmt.Errorf("column %q: holds %d bytes, its length takes %d", name, len(data), want)
	}
	return data[(from+lo)*size : (from+hi)*size], nil
}
