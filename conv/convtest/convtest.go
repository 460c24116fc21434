// Package convtest checks algorithms of convolution: every pass, in both element types, on awkward shapes, against the
// definition in float64; and that they overwrite, add, keep off their operands and give the same bits on any number of
// threads. An algorithm that joins conv.Algorithms is tested by that.
package convtest

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/conv"
)

// Float is one of the two element types of kernels.
type Float interface{ float32 | float64 }

// Test runs all checks of one algorithm on all of Shapes that it can compute. It fails if there is none.
func Test(t *testing.T, a conv.Algorithm) {
	ran := 0
	for _, c := range Shapes {
		if s := c.Shape.Normal(); a.Usable(s) {
			ran++
			t.Run(c.Name, func(t *testing.T) { TestShape(t, a, s) })
		}
	}
	require.Positive(t, ran, "no shape of convtest.Shapes is usable")
}

// TestShape runs all checks of one algorithm on one normal shape. It starts no subtests, so a fuzz target may call it.
func TestShape(t *testing.T, a conv.Algorithm, s conv.Shape) {
	testKernels(t, a.F32, s, math.Exp2(-24))
	testKernels(t, a.F64, s, math.Exp2(-53))
}

// testKernels compares k, whose arithmetic has unit round-off u, with the definition.
//
// The error of a sum of n products, in any order, is at most about (n+1)·u·Σ|terms| (Higham, Accuracy and Stability of
// Numerical Algorithms, §3.1); Σ|terms| is the definition applied to absolute values. The definition's own error is
// bounded likewise and at most as large, hence the factor 2.
func testKernels[T Float](t *testing.T, k conv.Kernels[T], s conv.Shape, u float64) {
	rng := rand.New(rand.NewPCG(1, uint64(s.LenX()*31+s.LenW())))
	x, w, b, dy := random[T](rng, s.LenX()), random[T](rng, s.LenW()), random[T](rng, s.K), random[T](rng, s.LenY())
	dx0, dw0, db0 := random[T](rng, s.LenX()), random[T](rng, s.LenW()), random[T](rng, s.K)
	inputs := [][]T{slices.Clone(x), slices.Clone(w), slices.Clone(b), slices.Clone(dy)}

	taps, pixels := s.C/s.Groups*s.R*s.S, s.N*s.OutH()*s.OutW()
	ref, mag := definition(s, x, w, b, dy, dx0, dw0, db0, same[T]), definition(s, x, w, b, dy, dx0, dw0, db0, abs[T])
	near := func(op string, n int, got []T, want, mag []float64) {
		t.Helper()
		for i := range want {
			if tol := 2 * float64(n+2) * u * mag[i]; !(math.Abs(float64(got[i])-want[i]) <= tol) {
				require.Failf(t, "wrong", "%s [%d] = %v, want %v ± %.3g in %T; shape %v", op, i, got[i], want[i], tol, got[i], s)
			}
		}
	}

	y := guarded(fill(s.LenY(), T(math.NaN()))) // what y held does not matter
	k.Forward(s, y.s, x, w, b)
	near("y", taps+1, y.s, ref.y, mag.y)
	y.check(t, "y")

	bare := guarded(fill(s.LenY(), T(math.NaN())))
	k.Forward(s, bare.s, x, w, nil)
	for i := range ref.y {
		ref.y[i] -= float64(b[i/(s.OutH()*s.OutW())%s.K])
	}
	near("y without bias", taps+1, bare.s, ref.y, mag.y)
	bare.check(t, "y without bias")

	dx := guarded(slices.Clone(dx0))
	k.BackwardData(s, dx.s, dy, w)
	near("dx", s.K/s.Groups*s.R*s.S+1, dx.s, ref.dx, mag.dx)
	dx.check(t, "dx")

	dw, db := guarded(slices.Clone(dw0)), guarded(slices.Clone(db0))
	k.BackwardFilter(s, dw.s, db.s, x, dy)
	near("dw", pixels+1, dw.s, ref.dw, mag.dw)
	near("db", pixels+1, db.s, ref.db, mag.db)
	dw.check(t, "dw")
	db.check(t, "db")

	only := slices.Clone(dw0)
	k.BackwardFilter(s, only, nil, x, dy)
	assert.True(t, slices.Equal(dw.s, only), "dw without db")

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, threads := range []int{1, 3} {
		runtime.GOMAXPROCS(threads)
		y2, dx2, dw2, db2 := make([]T, s.LenY()), slices.Clone(dx0), slices.Clone(dw0), slices.Clone(db0)
		k.Forward(s, y2, x, w, b)
		k.BackwardData(s, dx2, dy, w)
		k.BackwardFilter(s, dw2, db2, x, dy)
		assert.Truef(t, slices.Equal(y.s, y2), "y on %d threads", threads)
		assert.Truef(t, slices.Equal(dx.s, dx2), "dx on %d threads", threads)
		assert.Truef(t, slices.Equal(dw.s, dw2), "dw on %d threads", threads)
		assert.Truef(t, slices.Equal(db.s, db2), "db on %d threads", threads)
	}
	for i, v := range [][]T{x, w, b, dy} {
		assert.Truef(t, slices.Equal(inputs[i], v), "operand %d of x, w, b, dy was modified", i)
	}
}

func random[T Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

func fill[T Float](n int, v T) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = v
	}
	return x
}

func same[T Float](v T) float64 { return float64(v) }
func abs[T Float](v T) float64  { return math.Abs(float64(v)) }

// band is a slice in the middle of memory that nobody may write.
type band[T Float] struct{ s, all []T }

const guard = 16

func guarded[T Float](s []T) band[T] {
	all := fill(len(s)+2*guard, T(12345))
	copy(all[guard:], s)
	return band[T]{all[guard : guard+len(s) : guard+len(s)], all}
}

func (b band[T]) check(t *testing.T, name string) {
	t.Helper()
	for i := range guard {
		require.Equalf(t, T(12345), b.all[i], "%s: written %d before its start", name, guard-i)
		require.Equalf(t, T(12345), b.all[len(b.all)-1-i], "%s: written past its end", name)
	}
}
