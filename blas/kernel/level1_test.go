package kernel

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// FuzzLevel1 compares the vector kernels with their references, on slices that start and end anywhere.
func FuzzLevel1(f *testing.F) {
	for _, n := range []uint16{0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 100, 1023} {
		f.Add(n, uint8(n%5), uint8(n%3), int8(n))
	}
	f.Fuzz(func(t *testing.T, n uint16, startX, startY uint8, seed int8) {
		fuzzLevel1[float32](t, int(n%4096), int(startX%16), int(startY%16), float64(seed), 0x1p-24)
		fuzzLevel1[float64](t, int(n%4096), int(startX%16), int(startY%16), float64(seed), 0x1p-53)
	})
}

func fuzzLevel1[T Float](t *testing.T, n, startX, startY int, seed, eps float64) {
	const guard = 16
	make2 := func(start int, phase float64) (whole, s []T) {
		whole = make([]T, guard+n+guard)
		for i := range whole {
			whole[i] = T(math.Sin(seed + phase*float64(i+1)))
		}
		return whole, whole[start : start+n : start+n]
	}
	isa := cpu.Best()
	_, x := make2(startX, 1)
	wholeY, y := make2(startY, 1.7)
	alpha := T(seed/16 + 0.3)

	// Both orders of a sum of n products are within (n+1)·u·Σ|x·y| of the exact one.
	var abs float64
	for i := range x {
		abs += math.Abs(float64(x[i]) * float64(y[i]))
	}
	require.InDelta(t, float64(dot(x, y)), float64(Dot(isa, x, y)), 2*float64(n+1)*eps*abs)

	var squares, sum float64
	for _, v := range x {
		squares += float64(v) * float64(v)
		sum += math.Abs(float64(v))
	}
	wide := min(eps, 0x1p-53) // squares are summed in float64
	require.InDelta(t, squares, SumSquares(isa, x), 2*float64(n+1)*wide*squares)
	require.InDelta(t, squares, sumSquares(x), 2*float64(n+1)*wide*squares)
	require.InDelta(t, sum, float64(SumAbs(isa, x)), 2*float64(n+1)*eps*sum)
	require.InDelta(t, sum, float64(sumAbs(x)), 2*float64(n+1)*eps*sum)
	require.Equal(t, maxAbs(x), MaxAbs(isa, x))
	if n > 0 { // a NaN anywhere is in every sum, and in no maximum
		at := (startX*31 + startY*7) % n
		was := x[at]
		x[at] = T(math.NaN())
		require.True(t, math.IsNaN(float64(SumAbs(isa, x))))
		require.True(t, math.IsNaN(SumSquares(isa, x)))
		require.Equal(t, maxAbs(x), MaxAbs(isa, x))
		x[at] = T(math.Inf(-1))
		require.Equal(t, T(math.Inf(1)), MaxAbs(isa, x))
		x[at] = was
	}

	want := append([]T(nil), wholeY...)
	axpy(alpha, x, want[startY:startY+n])
	Axpy(isa, alpha, x, y)
	for i := range want { // fused or not: one rounding of the product apart, and one of the sum
		tol := 0.0
		if i >= startY && i < startY+n {
			p := math.Abs(float64(alpha) * float64(x[i-startY]))
			tol = 2 * eps * (p + math.Abs(float64(want[i])))
		}
		require.InDelta(t, float64(want[i]), float64(wholeY[i]), tol, "axpy: element %d of the buffer", i-startY)
	}

	want = append(want[:0], wholeY...)
	scal(alpha, want[startY:startY+n])
	Scal(isa, alpha, y)
	require.Equal(t, want, wholeY, "scal rounds once: the same bits")
}
