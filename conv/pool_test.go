package conv_test

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

// The outputs, winners and gradients are PyTorch 1.13.1's, printed by the program below; averages times 720, which makes
// integers of them.
//
//	import torch, torch.nn.functional as F
//	def seq(*shape, a, m=23):
//	    n = torch.Size(shape).numel()
//	    return ((torch.arange(n) * a) % m - m // 2).double().reshape(shape)
//	nan = float('nan')
//	print("max")
//	for (H, W, k, st, p, d) in [(4, 4, (2, 2), (2, 2), (0, 0), (1, 1)), (5, 4, (3, 2), (2, 1), (1, 1), (1, 1)), (6, 7, (2, 3), (3, 2), (1, 1), (2, 2)), (5, 5, (2, 2), (2, 2), (0, 0), (1, 1))]:
//	    x = seq(1, 2, H, W, a=7).requires_grad_()
//	    y, i = F.max_pool2d(x, k, st, p, d, return_indices=True)
//	    y.backward(seq(*y.shape, a=5))
//	    for v in (y, i, x.grad): print([int(e) for e in v.flatten()])
//	x = torch.tensor([[[[1, nan, 2, 3], [nan, 5, 6, 7]]]]); print(F.max_pool2d(x, 2, return_indices=True), F.avg_pool2d(x, 2))
//	x = torch.full((1,1,2,2), -float('inf')); print(F.max_pool2d(x, 2, return_indices=True))
//	print("avg")
//	for (H, W, k, st, p, c) in [(4, 4, (2, 2), (2, 2), (0, 0), True), (5, 4, (3, 2), (2, 1), (1, 1), True), (5, 4, (3, 2), (2, 1), (1, 1), False), (6, 7, (4, 4), (3, 2), (2, 2), False)]:
//	    x = seq(1, 2, H, W, a=7).requires_grad_()
//	    y = F.avg_pool2d(x, k, st, p, count_include_pad=c)
//	    y.backward(seq(*y.shape, a=5))
//	    for v in (y, x.grad): print([round(float(e)*720)  for e in v.flatten()], (v*720 - (v*720).round()).abs().max().item())
var torchMaxPools = []struct {
	s      conv.PoolShape
	y, dx  []float64
	argmax []int32
}{
	{
		s:      conv.PoolShape{N: 1, C: 2, H: 4, W: 4, R: 2, S: 2},
		y:      []float64{1, 10, 11, 2, 9, 7, 8, 10},
		argmax: []int32{5, 3, 13, 15, 0, 3, 13, 10},
		dx:     []float64{0, 0, 0, -6, 0, -11, 0, 0, 0, 0, 0, 0, 0, -1, 0, 4, 9, 0, 0, -9, 0, 0, 0, 0, 0, 0, 1, 0, 0, -4, 0, 0},
	},
	{
		s:      conv.PoolShape{N: 1, C: 2, H: 5, W: 4, R: 3, S: 2, StrideH: 2, StrideW: 1, PadH: 1, PadW: 1},
		y:      []float64{-6, 1, 8, 10, 10, 4, 11, 11, 8, 2, 9, 11, 11, 7, 7, -4, 3, 10, 10, -6, 6, 8, 10, 10, 4, 11, 11, 2, 9, 9},
		argmax: []int32{4, 5, 6, 3, 3, 12, 13, 13, 6, 15, 16, 13, 13, 19, 19, 4, 5, 6, 6, 7, 12, 9, 6, 6, 15, 16, 16, 18, 19, 19},
		dx:     []float64{0, 0, 0, 13, -11, -6, 5, 0, 0, 0, 0, 0, -9, -2, 0, 11, -7, 0, 0, -2, 0, 0, 0, 0, -5, 0, 11, -8, 0, 2, 0, 0, -3, 0, 0, -6, 3, 0, 9, -13},
	},
	{
		s:      conv.PoolShape{N: 1, C: 2, H: 6, W: 7, R: 2, S: 3, StrideH: 3, StrideW: 2, PadH: 1, PadW: 1, DilationH: 2, DilationW: 2},
		y:      []float64{-1, 4, 4, 8, 8, 7, 8, 8, 8, 11, 11, 11},
		argmax: []int32{8, 12, 12, 29, 29, 19, 10, 10, 10, 17, 17, 17},
		dx:     []float64{0, 0, 0, 0, 0, 0, 0, 0, -11, 0, 0, 0, -7, 0, 0, 0, 0, 0, 0, -9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	},
	{
		s:      conv.PoolShape{N: 1, C: 2, H: 5, W: 5, R: 2, S: 2},
		y:      []float64{8, 10, 9, 11, 10, 6, 11, 7},
		argmax: []int32{6, 3, 16, 13, 1, 7, 11, 17},
		dx:     []float64{0, 0, 0, -6, 0, 0, -11, 0, 0, 0, 0, 0, 0, 4, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, -9, 0, 0, 0, -4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
	},
}

var torchAvgPools = []struct {
	s        conv.PoolShape
	countPad bool
	y, dx    []float64
}{
	{
		s: conv.PoolShape{N: 1, C: 2, H: 4, W: 4, R: 2, S: 2}, countPad: true,
		y:  []float64{-3600, 2340, 3600, -2880, -1620, 180, 1440, -900},
		dx: []float64{-1980, -1980, -1080, -1080, -1980, -1980, -1080, -1080, -180, -180, 720, 720, -180, -180, 720, 720, 1620, 1620, -1620, -1620, 1620, 1620, -1620, -1620, -720, -720, 180, 180, -720, -720, 180, 180},
	},
	{
		s: conv.PoolShape{N: 1, C: 2, H: 5, W: 4, R: 3, S: 2, StrideH: 2, StrideW: 1, PadH: 1, PadW: 1}, countPad: true,
		y:  []float64{-2040, -2400, 960, 1560, 240, -360, 1800, 1320, -1920, -1080, 1560, 2040, -120, 480, 1080, -1560, -1440, 1920, -240, -2040, 360, 480, 0, -480, -360, 2040, 240, -1920, 1440, 1560},
		dx: []float64{-2040, -840, 360, 1560, -3600, -1200, 1200, 3600, -1560, -360, 840, 2040, -2640, -240, 2160, 1800, -1080, 120, 1320, -240, -600, 600, 1800, 240, -720, 1680, 1320, -1800, -120, 1080, -480, -2040, 240, 2640, -480, -3600, 360, 1560, 0, -1560},
	},
	{
		s: conv.PoolShape{N: 1, C: 2, H: 5, W: 4, R: 3, S: 2, StrideH: 2, StrideW: 1, PadH: 1, PadW: 1}, countPad: false,
		y:  []float64{-6120, -3600, 1440, 2340, 720, -720, 1800, 1320, -1920, -2160, 4680, 3060, -180, 720, 3240, -4680, -2160, 2880, -360, -6120, 720, 480, 0, -480, -720, 6120, 360, -2880, 2160, 4680},
		dx: []float64{-5040, -1260, 540, 3960, -7680, -1620, 1380, 7320, -2640, -360, 840, 3360, -5520, -180, 2820, 1200, -2880, 180, 1980, -2160, -1800, 900, 2700, -1080, -2280, 1980, 2220, -3840, -480, 1080, -480, -2760, -120, 3420, -480, -5820, 360, 2340, 0, -3060},
	},
	{
		s: conv.PoolShape{N: 1, C: 2, H: 6, W: 7, R: 4, S: 4, StrideH: 3, StrideW: 2, PadH: 2, PadW: 2}, countPad: false,
		y:  []float64{-4320, -1350, 450, 1800, 0, -1170, -405, 600, 4320, 1080, -1260, -600, 360, 1260, -1080, -1800, -1530, 405, 1170, -240, 720, -450, 1350, 1320},
		dx: []float64{-2520, -2520, -630, -630, 390, 390, 480, -2115, -2115, -1215, -1215, 270, 270, 540, 405, 405, -585, -585, -120, -120, 60, 405, 405, -585, -585, -120, -120, 60, 2475, 2475, -225, -225, -990, -990, -180, 2070, 2070, 360, 360, -870, -870, -240, 1260, 1260, -180, -180, -1500, -1500, -600, 1485, 1485, 495, 495, -1530, -1530, -1080, 225, 225, 675, 675, -30, -30, -480, 225, 225, 675, 675, -30, -30, -480, -135, -135, 1485, 1485, -720, -720, -1800, -360, -360, 810, 810, -690, -690, -1320},
	},
}

func TestMaxPoolTorch(t *testing.T) {
	for _, c := range torchMaxPools {
		x, dy := seq(c.s.LenX(), 7, 23), seq(c.s.LenY(), 5, 23)
		y, argmax, dx := make([]float64, c.s.LenY()), make([]int32, c.s.LenY()), make([]float64, c.s.LenX())
		conv.MaxPool(c.s, y, argmax, x)
		conv.MaxPoolBackward(c.s, dx, dy, argmax)
		assert.Equal(t, c.y, y, "y of %+v", c.s)
		assert.Equal(t, c.argmax, argmax, "argmax of %+v", c.s)
		assert.Equal(t, c.dx, dx, "dx of %+v", c.s)
		clear(y)
		conv.MaxPool(c.s, y, nil, x)
		assert.Equal(t, c.y, y, "y without argmax of %+v", c.s)
	}
}

func TestAvgPoolTorch(t *testing.T) {
	for _, c := range torchAvgPools {
		x, dy := seq(c.s.LenX(), 7, 23), seq(c.s.LenY(), 5, 23)
		y, dx := make([]float64, c.s.LenY()), make([]float64, c.s.LenX())
		conv.AvgPool(c.s, y, x, c.countPad)
		conv.AvgPoolBackward(c.s, dx, dy, c.countPad)
		for i := range y {
			assert.InDelta(t, c.y[i], 720*y[i], 1e-11, "y[%d] of %+v", i, c.s)
		}
		for i := range dx {
			assert.InDelta(t, c.dx[i], 720*dx[i], 1e-11, "dx[%d] of %+v", i, c.s)
		}
	}
}

// TestMaxPoolEdges: NaN wins and the last of several has the gradient; a plane of -Inf gives its first pixel; a window
// that sees only padding gives -Inf, and its gradient goes nowhere.
func TestMaxPoolEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		s      conv.PoolShape
		x, y   []float64
		argmax []int32
	}{
		{"NaN", conv.PoolShape{N: 1, C: 1, H: 2, W: 4, R: 2, S: 2}, []float64{1, nan, 2, 3, nan, 5, 6, 7}, []float64{nan, 7}, []int32{4, 7}},
		{"-Inf", conv.PoolShape{N: 1, C: 1, H: 2, W: 2, R: 2, S: 2}, []float64{-inf, -inf, -inf, -inf}, []float64{-inf}, []int32{0}},
		{"only padding", conv.PoolShape{N: 1, C: 1, H: 1, W: 1, R: 2, S: 2, PadH: 1, PadW: 1, DilationH: 2, DilationW: 2}, []float64{3}, []float64{-inf}, []int32{-1}},
	} {
		y, argmax, dx := make([]float64, len(c.y)), make([]int32, len(c.y)), make([]float64, len(c.x))
		conv.MaxPool(c.s, y, argmax, c.x)
		assert.True(t, slices.EqualFunc(c.y, y, func(a, b float64) bool { return a == b || a != a && b != b }), "%s: y = %v, want %v", c.name, y, c.y)
		assert.Equal(t, c.argmax, argmax, c.name)
		conv.MaxPoolBackward(c.s, dx, slices.Repeat([]float64{1}, len(y)), argmax)
		for i := range dx {
			want := 0.0
			if slices.Contains(c.argmax, int32(i)) {
				want = 1
			}
			assert.Equal(t, want, dx[i], "%s: dx[%d]", c.name, i)
		}
	}
}

var poolShapes = []conv.PoolShape{
	{N: 0, C: 1, H: 2, W: 2, R: 2, S: 2},
	{N: 1, C: 1, H: 1, W: 1, R: 1, S: 1},
	{N: 3, C: 5, H: 7, W: 6, R: 2, S: 2},
	{N: 3, C: 5, H: 7, W: 6, R: 7, S: 6},
	{N: 3, C: 5, H: 7, W: 6, R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1},
	{N: 3, C: 5, H: 7, W: 6, R: 3, S: 2, StrideH: 1, StrideW: 3, PadH: 1, PadW: 0},
	{N: 3, C: 5, H: 8, W: 9, R: 2, S: 3, StrideH: 5, StrideW: 4},
	{N: 37, C: 6, H: 28, W: 28, R: 2, S: 2},
}

// TestPoolLaws: both types agree, gradients add to what is there, any number of threads gives the same bits, and the
// backward pass is the adjoint of the forward pass, which for given winners is linear: <pool(x), dy> = <x, backward(dy)>.
func TestPoolLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, s := range poolShapes {
		x, dy := normal(rng, s.LenX()), normal(rng, s.LenY())
		y, argmax, dx := make([]float64, s.LenY()), make([]int32, s.LenY()), make([]float64, s.LenX())
		for name, p := range map[string]struct{ forward, backward func() }{
			"max":             {func() { conv.MaxPool(s, y, argmax, x) }, func() { conv.MaxPoolBackward(s, dx, dy, argmax) }},
			"avg":             {func() { conv.AvgPool(s, y, x, false) }, func() { conv.AvgPoolBackward(s, dx, dy, false) }},
			"avg and padding": {func() { conv.AvgPool(s, y, x, true) }, func() { conv.AvgPoolBackward(s, dx, dy, true) }},
		} {
			var wantY, wantDX []float64
			for _, threads := range []int{2, 1, 3} {
				runtime.GOMAXPROCS(threads)
				for i := range y {
					y[i] = math.NaN()
				}
				clear(dx)
				p.forward()
				p.backward()
				if wantY == nil {
					wantY, wantDX = slices.Clone(y), slices.Clone(dx)
				}
				require.Equal(t, wantY, y, "%s of %+v on %d threads", name, s, threads)
				require.Equal(t, wantDX, dx, "%s of %+v on %d threads", name, s, threads)
			}
			p.backward()
			for i := range dx {
				require.InDelta(t, 2*wantDX[i], dx[i], 1e-14*(1+math.Abs(dx[i])), "%s adds to dx", name)
			}
			left, right := inner(y, dy), inner(x, wantDX)
			require.InDelta(t, left, right, 1e-12*math.Sqrt(float64(len(x)+1)), "%s of %+v: adjoint", name, s)
		}
	}
}

func TestPoolPanics(t *testing.T) {
	for want, s := range map[string]conv.PoolShape{
		"conv: PoolShape: N = -1, want >= 0":                                          {N: -1, C: 1, H: 4, W: 4, R: 2, S: 2},
		"conv: PoolShape: C = 0, want > 0":                                            {N: 1, H: 4, W: 4, R: 2, S: 2},
		"conv: PoolShape: R = 0, want > 0":                                            {N: 1, C: 1, H: 4, W: 4, S: 2, StrideH: 1},
		"conv: PoolShape: PadH = 2 is more than half the window, R = 3":               {N: 1, C: 1, H: 4, W: 4, R: 3, S: 3, PadH: 2},
		"conv: PoolShape: PadW = 1 is more than half the window, S = 1":               {N: 1, C: 1, H: 4, W: 4, R: 3, S: 1, PadW: 1},
		"conv: PoolShape: a window of 5 along W is larger than the padded image of 4": {N: 1, C: 1, H: 5, W: 4, R: 5, S: 5},
	} {
		assert.PanicsWithValue(t, want, s.Validate)
	}
	s := conv.PoolShape{N: 1, C: 1, H: 4, W: 4, R: 2, S: 2}
	assert.PanicsWithValue(t, "conv: MaxPool: y has 3 elements, its shape says 4", func() { conv.MaxPool(s, make([]float32, 3), nil, make([]float32, 16)) })
	assert.PanicsWithValue(t, "conv: AvgPool: x has 3 elements, its shape says 16", func() { conv.AvgPool(s, make([]float32, 4), make([]float32, 3), true) })
	s.DilationH = 2
	assert.PanicsWithValue(t, "conv: AvgPool: dilation 2x1, want 1x1", func() { conv.AvgPool(s, make([]float32, 4), make([]float32, 3), true) })
}

func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func normal(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}
