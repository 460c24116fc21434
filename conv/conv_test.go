package conv_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/conv/convtest"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

func TestAlgorithms(t *testing.T) {
	for _, a := range conv.Algorithms {
		t.Run(a.Name, func(t *testing.T) { convtest.Test(t, a) })
	}
}

// TestAdjoint: for given filters a convolution is linear in the images, and for given images in the filters; the backward
// passes are its adjoints: <conv(x, w), dy> = <x, dx> = <w, dw>, and <bias alone, dy> = <b, db>.
func TestAdjoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for _, c := range convtest.Shapes {
		s := c.Shape
		x, w, b, dy := normal(rng, s.LenX()), normal(rng, s.LenW()), normal(rng, s.K), normal(rng, s.LenY())
		y, biased := make([]float64, s.LenY()), make([]float64, s.LenY())
		dx, dw, db := make([]float64, s.LenX()), make([]float64, s.LenW()), make([]float64, s.K)
		conv.Forward(s, y, x, w, nil)
		conv.Forward(s, biased, x, w, b)
		conv.BackwardData(s, dx, dy, w)
		conv.BackwardFilter(s, dw, db, x, dy)
		tol := 1e-13 * math.Sqrt(inner(y, y)*inner(dy, dy)) * math.Sqrt(float64(len(y)+len(w))) // rounding errors add like a random walk
		require.InDelta(t, inner(y, dy), inner(x, dx), tol, c.Name)
		require.InDelta(t, inner(y, dy), inner(w, dw), tol, c.Name)
		require.InDelta(t, inner(biased, dy)-inner(y, dy), inner(b, db), 10*tol+1e-12, c.Name)
	}
}

type weight float32

// TestNamedTypes calls the public functions with a type of the caller's own; its results are those of float32.
func TestNamedTypes(t *testing.T) {
	s := conv.Shape{N: 2, C: 3, H: 6, W: 5, K: 4, R: 3, S: 3, PadH: 1, PadW: 1}
	x, w, y := ones(s.LenX()), ones(s.LenW()), ones(s.LenY())
	conv.Forward(s, y, x, w, nil)
	nx, nw, ny := make([]weight, len(x)), make([]weight, len(w)), make([]weight, len(y))
	for i := range nx {
		nx[i] = 1
	}
	for i := range nw {
		nw[i] = 1
	}
	conv.Forward(s, ny, nx, nw, nil)
	for i := range y {
		require.Equal(t, weight(y[i]), ny[i])
	}
	p := conv.PoolShape{N: 2, C: 4, H: 6, W: 5, R: 2, S: 2}
	conv.MaxPool(p, make([]weight, p.LenY()), nil, ny)
	conv.AvgPool(p, make([]weight, p.LenY()), ny, true)
}

func TestPanics(t *testing.T) {
	good := conv.Shape{N: 2, C: 4, H: 5, W: 6, K: 6, R: 3, S: 2, Groups: 2}
	for _, c := range []struct {
		want   string
		change func(s *conv.Shape)
	}{
		{"conv: Shape: N = -1, want >= 0", func(s *conv.Shape) { s.N = -1 }},
		{"conv: Shape: C = -1, want >= 0", func(s *conv.Shape) { s.C = -1 }},
		{"conv: Shape: K = -6, want > 0", func(s *conv.Shape) { s.K = -6 }},
		{"conv: Shape: H = 0, want > 0", func(s *conv.Shape) { s.H = 0 }},
		{"conv: Shape: S = 0, want > 0", func(s *conv.Shape) { s.S = 0 }},
		{"conv: Shape: StrideH = -1, want > 0", func(s *conv.Shape) { s.StrideH = -1 }},
		{"conv: Shape: DilationW = -2, want > 0", func(s *conv.Shape) { s.DilationW = -2 }},
		{"conv: Shape: PadW = -1, want >= 0", func(s *conv.Shape) { s.PadW = -1 }},
		{"conv: Shape: Groups = -1, want > 0", func(s *conv.Shape) { s.Groups = -1 }},
		{"conv: Shape: C = 4 is not a multiple of Groups = 3", func(s *conv.Shape) { s.Groups = 3 }},
		{"conv: Shape: K = 6 is not a multiple of Groups = 4", func(s *conv.Shape) { s.Groups = 4 }},
		{"conv: Shape: a window of 6 along H is larger than the padded image of 5", func(s *conv.Shape) { s.R = 6 }},
		{"conv: Shape: a window of 9 along W is larger than the padded image of 8", func(s *conv.Shape) { s.S, s.DilationW, s.PadW = 3, 4, 1 }},
	} {
		s := good
		c.change(&s)
		assert.PanicsWithValue(t, c.want, s.Validate)
		assert.PanicsWithValue(t, c.want, func() { conv.Forward[float32](s, nil, nil, nil, nil) })
	}
	s := good
	x, w, b, y := ones(s.LenX()), ones(s.LenW()), ones(s.K), ones(s.LenY())
	one := ones(1)
	for want, f := range map[string]func(){
		"conv: Forward: y has 1 elements, its shape says 180":       func() { conv.Forward(s, one, x, w, b) },
		"conv: Forward: x has 1 elements, its shape says 240":       func() { conv.Forward(s, y, one, w, b) },
		"conv: Forward: w has 1 elements, its shape says 72":        func() { conv.Forward(s, y, x, one, b) },
		"conv: Forward: b has 1 elements, its shape says 6":         func() { conv.Forward(s, y, x, w, one) },
		"conv: BackwardData: dx has 1 elements, its shape says 240": func() { conv.BackwardData(s, one, y, w) },
		"conv: BackwardData: dy has 1 elements, its shape says 180": func() { conv.BackwardData(s, x, one, w) },
		"conv: BackwardFilter: dw has 1 elements, its shape says 72": func() {
			conv.BackwardFilter(s, one, b, x, y)
		},
		"conv: BackwardFilter: db has 1 elements, its shape says 6": func() { conv.BackwardFilter(s, w, one, x, y) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

func TestSizes(t *testing.T) {
	s := conv.Shape{N: 2, C: 4, H: 11, W: 12, K: 6, R: 3, S: 2, StrideH: 2, StrideW: 3, PadH: 1, DilationH: 2, DilationW: 4, Groups: 2}
	assert.Equal(t, []int{5, 3}, []int{s.OutH(), s.OutW()}) // (11+2-4-1)/2+1, (12-4-1)/3+1
	assert.Equal(t, []int{2 * 4 * 11 * 12, 6 * 2 * 3 * 2, 2 * 6 * 5 * 3}, []int{s.LenX(), s.LenW(), s.LenY()})
	assert.Equal(t, 2*2*5*3*6*2*3*2, s.Flops())
	assert.Equal(t, "N=2 C=4 H=11 W=12 K=6 3x2 stride 2x3 pad 1x0 dilation 2x4 groups 2", s.String())
}

// TestEmptyBatch: nothing is read, written or added.
func TestEmptyBatch(t *testing.T) {
	s := conv.Shape{C: 3, H: 6, W: 5, K: 4, R: 3, S: 3}
	w, b := ones(s.LenW()), ones(s.K)
	conv.Forward(s, nil, nil, w, b)
	conv.BackwardData(s, nil, nil, w)
	conv.BackwardFilter(s, w, b, nil, nil)
	assert.Equal(t, ones(s.LenW()), w)
	assert.Equal(t, ones(s.K), b)
}

// TestManyAtOnce runs convolutions from many goroutines, as replicas do; scratch memory must not be shared.
func TestManyAtOnce(t *testing.T) {
	s := conv.Shape{N: 9, C: 6, H: 14, W: 14, K: 16, R: 5, S: 5}
	rng := rand.New(rand.NewPCG(2, 3))
	x, w, b, dy := normal(rng, s.LenX()), normal(rng, s.LenW()), normal(rng, s.K), normal(rng, s.LenY())
	step := func() [][]float64 {
		y, dx, dw, db := make([]float64, s.LenY()), make([]float64, s.LenX()), make([]float64, s.LenW()), make([]float64, s.K)
		conv.Forward(s, y, x, w, b)
		conv.BackwardData(s, dx, dy, w)
		conv.BackwardFilter(s, dw, db, x, dy)
		return [][]float64{y, dx, dw, db}
	}
	want := step()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 5 {
				if !slices.EqualFunc(want, step(), slices.Equal) {
					t.Error("results differ between goroutines")
				}
			}
		})
	}
	wait.Wait()
}

func TestNoAllocation(t *testing.T) {
	for _, s := range []conv.Shape{
		{N: 32, C: 6, H: 14, W: 14, K: 16, R: 5, S: 5},
		{N: 2, C: 64, H: 31, W: 33, K: 3, R: 3, S: 3, PadH: 1, PadW: 1},
		{N: 3, C: 5, H: 9, W: 9, K: 7, R: 1, S: 1},
		{N: 40, C: 32, H: 2, W: 2, K: 32, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 32},
	} {
		p := conv.PoolShape{N: s.N, C: s.C, H: s.H, W: s.W, R: 2, S: 2}
		x, w, b, y, pooled, argmax := ones(s.LenX()), ones(s.LenW()), ones(s.K), ones(s.LenY()), ones(p.LenY()), make([]int32, p.LenY())
		step := func() {
			conv.Forward(s, y, x, w, b)
			conv.BackwardFilter(s, w, b, x, y)
			conv.BackwardData(s, x, y, w)
			conv.MaxPool(p, pooled, argmax, x)
			conv.MaxPoolBackward(p, x, pooled, argmax)
			conv.AvgPool(p, pooled, x, true)
			conv.AvgPoolBackward(p, x, pooled, true)
			reset(x, w, b, y)
		}
		assert.Zero(t, alloctest.PerRun(20, step), "%v", s)
	}
}

// reset keeps the numbers of repeated steps finite.
func reset(xs ...[]float32) {
	for _, x := range xs {
		for i := range x {
			x[i] = 1
		}
	}
}

func TestChoice(t *testing.T) {
	for want, s := range map[string]conv.Shape{
		"im2col":    {N: 1, C: 3, H: 8, W: 8, K: 4, R: 3, S: 3},
		"depthwise": {N: 1, C: 4, H: 8, W: 8, K: 4, R: 3, S: 3, Groups: 4},
		"direct":    {N: 1, C: 4, H: 4, W: 4, K: 4, R: 3, S: 3, Groups: 4},
	} {
		require.Equal(t, want, conv.Choice(s).Name, s)
	}
}
