package autograd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// FuzzBroadcastRows compares the walk in rows with a walk element by element that computes every offset from the index.
func FuzzBroadcastRows(f *testing.F) {
	f.Add([]byte{2, 3, 4}, uint8(0), uint8(0))
	f.Add([]byte{2, 3, 4, 2}, uint8(0b0101), uint8(0b1010))
	f.Add([]byte{1, 3, 1, 2}, uint8(0b1000), uint8(0b0111))
	f.Add([]byte{2, 0, 2}, uint8(1), uint8(4))
	f.Fuzz(func(t *testing.T, dims []byte, onesOfA, onesOfB uint8) {
		if len(dims) > maxRank {
			return
		}
		a, b := make([]int, len(dims)), make([]int, len(dims))
		for i, d := range dims {
			a[i], b[i] = int(d%4), int(d%4)
			if onesOfA>>i&1 == 1 {
				a[i] = 1
			}
			if onesOfB>>i&1 == 1 {
				b[i] = 1
			}
		}
		for len(a) > 0 && a[0] == 1 && onesOfA&128 != 0 { // leading ones may be left out
			a = a[1:]
		}
		shape, ok := tensor.BroadcastShapes(nil, a, b)
		require.True(t, ok)

		offset := func(at int, operand []int) int { // of the operand's element under element at of the shape
			off, stride := 0, 1
			for i := range shape {
				d := fromLast(shape, i)
				if fromLast(operand, i) != 1 {
					off += at % d * stride
				}
				at /= d
				stride *= fromLast(operand, i)
			}
			return off
		}
		total := 1
		for _, d := range shape {
			total *= d
		}
		at := 0
		for r := broadcastRows(shape, a, b); r.next(); {
			require.Equal(t, at, r.at, "rows follow each other")
			require.True(t, r.aStep == 1 || r.bStep == 1, "one of the operands moves along")
			for i := range r.n {
				require.Equal(t, offset(at, a), r.a+i*r.aStep, "shape %v, a %v, element %d", shape, a, at)
				require.Equal(t, offset(at, b), r.b+i*r.bStep, "shape %v, b %v, element %d", shape, b, at)
				at++
			}
		}
		require.Equal(t, total, at)
	})
}

// Axes along which the operands move alike must be walked as one: this is what makes rows long.
func TestRowsAreLong(t *testing.T) {
	for _, c := range []struct {
		shape, a, b []int
		rows, n     int
	}{
		{[]int{4, 5, 6}, []int{4, 5, 6}, []int{4, 5, 6}, 1, 120},
		{[]int{4, 5, 6}, []int{4, 5, 6}, []int{}, 1, 120},
		{[]int{4, 5, 6}, []int{4, 5, 6}, []int{5, 6}, 4, 30},
		{[]int{4, 5, 6}, []int{4, 5, 6}, []int{4, 1, 1}, 4, 30},
		{[]int{4, 3, 2, 2}, []int{4, 3, 2, 2}, []int{3, 1, 1}, 12, 4},
		{[]int{4, 5}, []int{4, 1}, []int{5}, 4, 5},
		{[]int{4, 1, 5, 1}, []int{4, 1, 5, 1}, []int{4, 1, 5, 1}, 1, 20},
		{[]int{}, []int{}, []int{}, 1, 1},
		{[]int{3, 0}, []int{3, 0}, []int{0}, 0, 0},
	} {
		rows := 0
		for r := broadcastRows(c.shape, c.a, c.b); r.next(); {
			rows++
			require.Equal(t, c.n, r.n, "%v %v %v", c.shape, c.a, c.b)
		}
		require.Equal(t, c.rows, rows, "%v %v %v", c.shape, c.a, c.b)
	}
}
