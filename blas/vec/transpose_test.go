package vec_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

func TestTranspose(t *testing.T) {
	eachISA(t, testTranspose[float32])
	eachISA(t, testTranspose[float64])
}

func testTranspose[T vec.Float](t *testing.T) {
	sizes := []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 33, 131}
	for _, rows := range sizes {
		for _, cols := range sizes {
			ldd, lds := rows+rows%3, cols+cols%2
			src, dst := make([]T, rows*lds+1), make([]T, cols*ldd+1)
			for i := range src {
				src[i] = T(i + 1)
			}
			vec.Transpose(dst, ldd, src, lds, rows, cols)
			for k, got := range dst {
				want := T(0) // between the rows and behind them nothing is written
				if j, i := k/max(1, ldd), k%max(1, ldd); i < rows && j < cols {
					want = T(i*lds + j + 1)
				}
				require.Equal(t, want, got, "%d×%d: element %d", rows, cols, k)
			}
			for i, v := range src {
				require.Equal(t, T(i+1), v, "%d×%d: source %d", rows, cols, i)
			}
		}
	}
}

// A signalling NaN is copied, not computed with.
func TestTransposeKeepsBits(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		src, dst := make([]float32, 17*19), make([]float32, 17*19)
		for i := range src {
			src[i] = math.Float32frombits(0x7f800001 + uint32(i))
		}
		vec.Transpose(dst, 17, src, 19, 17, 19)
		for i := range 17 {
			for j := range 19 {
				require.Equal(t, math.Float32bits(src[i*19+j]), math.Float32bits(dst[j*17+i]))
			}
		}
	})
}

func TestTransposeMisuse(t *testing.T) {
	x, y := make([]float32, 6), make([]float32, 6)
	assert.PanicsWithValue(t, "vec: Transpose: 2 rows and 3 columns, leading dimensions 1 of the destination and 3 of the source",
		func() { vec.Transpose(x, 1, y, 3, 2, 3) })
	assert.PanicsWithValue(t, "vec: Transpose: the matrices have 6 and 6 elements, the slices 5 and 6",
		func() { vec.Transpose(x[:5], 2, y, 3, 2, 3) })
	assert.PanicsWithValue(t, "vec: Transpose: the matrices have 6 and 6 elements, the slices 6 and 5",
		func() { vec.Transpose(x, 2, y[:5], 3, 2, 3) })
	assert.Zero(t, alloctest.PerRun(10, func() { vec.Transpose(x, 2, y, 3, 2, 3) }))
}
