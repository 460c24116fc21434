package tensor_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// reductions are the reductions beside what they mean, on the elements of one result.
var reductions = []struct {
	name   string
	dtypes []tensor.DType
	make   func(x *tensor.Tensor, axes ...int) *tensor.Tensor
	to     func(dst, x *tensor.Tensor, axes ...int)
	want   func(x []float64) float64
	some   bool // there must be elements
}{
	{"Sum", numbers, tensor.Sum, tensor.SumTo, func(x []float64) float64 { return sum(x) }, false},
	{"Mean", floats, tensor.Mean, tensor.MeanTo, func(x []float64) float64 { return sum(x) / float64(len(x)) }, false},
	{"SumSq", floats, tensor.SumSq, tensor.SumSqTo, func(x []float64) float64 {
		return sum(x, func(v float64) float64 { return v * v })
	}, false},
	{"Max", numbers, tensor.Max, tensor.MaxTo, func(x []float64) float64 {
		m := math.Inf(-1)
		for _, v := range x {
			m = max(m, v)
		}
		return m
	}, true},
	{"Min", numbers, tensor.Min, tensor.MinTo, func(x []float64) float64 {
		m := math.Inf(1)
		for _, v := range x {
			m = min(m, v)
		}
		return m
	}, true},
	{"CountNonzero", append([]tensor.DType{tensor.Bool}, numbers...), tensor.CountNonzero, tensor.CountNonzeroTo, func(x []float64) float64 {
		return sum(x, func(v float64) float64 {
			if v == 0 {
				return 0
			}
			return 1
		})
	}, false},
	{"Any", []tensor.DType{tensor.Bool}, tensor.Any, tensor.AnyTo, func(x []float64) float64 { return min(1, sum(x)) }, false},
	{"All", []tensor.DType{tensor.Bool}, tensor.All, tensor.AllTo, func(x []float64) float64 {
		for _, v := range x {
			if v == 0 {
				return 0
			}
		}
		return 1
	}, false},
	{"LogSumExp", floats, tensor.LogSumExp, tensor.LogSumExpTo, func(x []float64) float64 {
		return math.Log(sum(x, math.Exp))
	}, false},
	{"Var", floats, func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return tensor.Var(x, 1, axes...) },
		func(dst, x *tensor.Tensor, axes ...int) { tensor.VarTo(dst, x, 1, axes...) }, variance, false},
	{"Std", floats, func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return tensor.Std(x, 1, axes...) },
		func(dst, x *tensor.Tensor, axes ...int) { tensor.StdTo(dst, x, 1, axes...) },
		func(x []float64) float64 { return math.Sqrt(variance(x)) }, false},
	{"Norm 2", floats, normOf(2), nil, func(x []float64) float64 {
		return math.Sqrt(sum(x, func(v float64) float64 { return v * v }))
	}, false},
	{"Norm 1", floats, normOf(1), nil, func(x []float64) float64 { return sum(x, math.Abs) }, false},
	{"Norm 3", floats, normOf(3), nil, func(x []float64) float64 {
		return math.Cbrt(sum(x, func(v float64) float64 { return math.Abs(v * v * v) }))
	}, false},
	{"Norm Inf", floats, normOf(math.Inf(1)), nil, func(x []float64) float64 {
		m := 0.0
		for _, v := range x {
			m = max(m, math.Abs(v))
		}
		return m
	}, true},
	{"Norm 0", floats, normOf(0), nil, func(x []float64) float64 { return float64(len(x)) }, false},
}

func normOf(p float64) func(x *tensor.Tensor, axes ...int) *tensor.Tensor {
	return func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return tensor.Norm(x, p, axes...) }
}

func sum(x []float64, of ...func(float64) float64) float64 {
	var s float64
	for _, v := range x {
		for _, f := range of {
			v = f(v)
		}
		s += v
	}
	return s
}

func variance(x []float64) float64 {
	m := sum(x) / float64(len(x))
	return sum(x, func(v float64) float64 { return (v - m) * (v - m) }) / max(0, float64(len(x)-1))
}

// reduced returns the shape without axes, and the elements of every result.
func reduced(x *tensor.Tensor, axes []int) (shape, kept []int, groups [][]float64) {
	gone := make([]bool, x.Rank())
	for _, a := range axes {
		gone[(a+x.Rank())%x.Rank()] = true
	}
	for i, n := range x.Shape() {
		if len(axes) == 0 {
			gone[i] = true
		}
		if gone[i] {
			kept = append(kept, 1)
		} else {
			kept, shape = append(kept, n), append(shape, n)
		}
	}
	n := 1
	for _, s := range shape {
		n *= s
	}
	groups = make([][]float64, n)
	eachIndex(x.Shape(), func(_ int, index []int) {
		at := 0
		for i, j := range index {
			if !gone[i] {
				at = at*x.Dim(i) + j
			}
		}
		groups[at] = append(groups[at], value(x, index...))
	})
	return shape, kept, groups
}

func TestReductions(t *testing.T) {
	for _, r := range reductions {
		t.Run(r.name, func(t *testing.T) {
			rng := newRand(3)
			for _, d := range some(r.dtypes) {
				for _, shape := range testShapes() {
					for layout := range layouts {
						x := laidOut(rng, layout, d, shape...)
						for range 3 {
							var axes []int
							for _, a := range rng.Perm(len(shape))[:rng.IntN(len(shape)+1)] {
								axes = append(axes, a-len(shape)*rng.IntN(2))
							}
							out, kept, groups := reduced(x, axes)
							want := make([]float64, len(groups))
							most, top := 0.0, 0.0
							for i, g := range groups {
								want[i] = r.want(g)
								most = max(most, float64(len(g)))
								for _, v := range g {
									top = max(top, math.Abs(v))
								}
							}
							if r.some && most == 0 && len(groups) > 0 {
								require.Panics(t, func() { r.make(x, axes...) }, "%v over %v", shape, axes)
								continue
							}
							// Not more than 200 additions one after another here, of terms not larger than top² or eᵗᵒᵖ/e^max = 1.
							tol := unit(d) * (200*most*max(1, top*top*top) + 50)
							if r.name == "Max" || r.name == "Min" || !d.IsFloat() {
								tol = 0
							} else if r.name == "Std" {
								tol = math.Sqrt(tol*unit(d)) + tol // of a variance that is 0 but for rounding
							}
							got := r.make(x, axes...)
							requireSame(t, out, want, got, tol, "%s of %v %v, layout %d, over %v", r.name, d, shape, layout, axes)
							if r.to != nil {
								dst := tensor.New(got.DType(), kept...)
								r.to(dst, x, axes...)
								assert.True(t, dst.Reshape(out...).Equal(got), "into a destination that keeps the axes")
							}
						}
					}
				}
			}
		})
	}
}

// A NaN anywhere shows in every reduction of floats.
func TestReductionsKeepNaN(t *testing.T) {
	for _, shape := range [][]int{{5}, {3, 40}, {40, 3}, {2, 2000}} {
		for axis := range shape {
			x := iota32(shape...)
			tensor.Data[float32](x)[x.Len()-2] = float32(math.NaN())
			for _, f := range []func(x *tensor.Tensor, axes ...int) *tensor.Tensor{tensor.Sum, tensor.Max, tensor.Min, tensor.LogSumExp, tensor.Mean, normOf(2)} {
				assert.True(t, tensor.Data[bool](tensor.Any(tensor.IsNaN(f(x, axis))))[0])
			}
		}
	}
}

func TestLogSumExpOfInfinities(t *testing.T) {
	inf := float32(math.Inf(1))
	x := tensor.FromSlice([]float32{-inf, -inf, inf, -inf, 1000, 1000, 0, -inf}, 4, 2)
	assert.Equal(t, []float32{-inf, inf, float32(1000 + math.Ln2), 0}, tensor.Data[float32](tensor.LogSumExp(x, 1)))
	assert.Equal(t, []float32{inf, 1000}, tensor.Data[float32](tensor.LogSumExp(x, 0)))
}

// The sum of 1 + 2⁻²⁰·i is known; adding in order in float32 would be off by far more than the bound of the doc.
func TestSumError(t *testing.T) {
	const n = 1 << 20
	x := tensor.Full(tensor.Float32, 0.1, n, 2)
	for _, view := range []*tensor.Tensor{x, x.Transpose(0, 1).Contiguous().Transpose(0, 1)} {
		got := float64(tensor.Data[float32](tensor.Sum(view, 0))[1])
		assert.InEpsilon(t, n*float64(float32(0.1)), got, 0x1p-24*(128+n/128))
	}
	assert.Equal(t, []float32{n * 2}, tensor.Data[float32](tensor.Sum(tensor.Full(tensor.Float32, 1, n, 2))), "exact where it can be")
}

func TestReductionsOnAnyThreads(t *testing.T) {
	rng := newRand(4)
	for _, x := range []*tensor.Tensor{filled(rng, tensor.Float32, 300_000), filled(rng, tensor.Float32, 700, 300),
		filled(rng, tensor.Float32, 3000, 100).Transpose(0, 1), filled(rng, tensor.Float32, 10, 30, 20, 50)} {
		for axis := -1; axis < x.Rank(); axis++ {
			axes := []int{axis}[:min(1, axis+1)]
			for _, r := range reductions {
				if r.dtypes[0] != tensor.Float32 || testing.Short() && r.name != "Sum" && r.name != "Var" {
					continue
				}
				old := runtime.GOMAXPROCS(1)
				one := r.make(x, axes...)
				runtime.GOMAXPROCS(4)
				many := r.make(x, axes...)
				runtime.GOMAXPROCS(old)
				require.True(t, one.Equal(many), "%s of %v over %v", r.name, x.Shape(), axes)
			}
		}
	}
}

func TestReductionsIntoAllocateNothing(t *testing.T) {
	x := filled(newRand(5), tensor.Float32, 60, 40, 14)
	view := filled(newRand(6), tensor.Float32, 14, 40, 60).Transpose(0, 2)
	dst := tensor.New(tensor.Float32, 60, 1, 14)
	axes := []int{1} // through a function value it would be made anew each time
	for _, r := range reductions {
		if r.dtypes[0] == tensor.Float32 && r.to != nil {
			assert.Zero(t, alloctest.PerRun(10, func() { r.to(dst, x, axes...) }), r.name)
			assert.Zero(t, alloctest.PerRun(10, func() { r.to(dst, view, axes...) }), r.name+" of a view")
		}
	}
	assert.Zero(t, alloctest.PerRun(10, func() { tensor.SumTo(dst, x, 1) }), "axes written out stay on the stack")
}

func TestReductionMisuse(t *testing.T) {
	x := tensor.New(tensor.Float32, 2, 3)
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"tensor: Sum: axis 2 of shape [2 3], which has 2 axes", func() { tensor.Sum(x, 2) }},
		{"tensor: Sum: the destination's shape is [2]; that of [2 3] reduced over [0] is [3]",
			func() { tensor.SumTo(tensor.New(tensor.Float32, 2), x, 0) }},
		{"tensor: Sum: the destination is float64, the result float32", func() { tensor.SumTo(tensor.New(tensor.Float64, 2), x, 1) }},
		{"tensor: Mean: dtype int64 is not one it works on", func() { tensor.Mean(tensor.New(tensor.Int64, 2)) }},
		{"tensor: Max: shape [0 2] has no elements to reduce over [0]", func() { tensor.Max(tensor.New(tensor.Float32, 0, 2), 0) }},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
}
