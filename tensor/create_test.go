package tensor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

func TestCreate(t *testing.T) {
	f64 := tensor.Data[float64]
	assert.Equal(t, []float64{0, 0.25, 0.5, 0.75}, f64(tensor.Arange(tensor.Float64, 0, 1, 0.25)))
	assert.Equal(t, []float64{5, 3, 1}, f64(tensor.Arange(tensor.Float64, 5, -1, -2)))
	assert.Equal(t, []int64{2, 3, 4}, tensor.Data[int64](tensor.Arange(tensor.Int64, 2, 5, 1)))
	assert.Equal(t, 0, tensor.Arange(tensor.Int64, 2, 1, 1).Len())
	assert.Equal(t, []float64{-1, 0, 1}, f64(tensor.Linspace(tensor.Float64, -1, 1, 3)))
	assert.Equal(t, 0.3, f64(tensor.Linspace(tensor.Float64, 0.1, 0.3, 7))[6], "the end is exact")
	assert.Equal(t, []float64{4}, f64(tensor.Linspace(tensor.Float64, 4, 9, 1)))
	assert.Equal(t, []float32{1, 0, 0, 1}, tensor.Data[float32](tensor.Eye(tensor.Float32, 2)))
	assert.Equal(t, []int64{7, 7}, tensor.Data[int64](tensor.Full(tensor.Int64, 7.9, 2)), "as Cast does")
	assert.PanicsWithValue(t, "tensor: Arange: from 0 to 1 by 0", func() { tensor.Arange(tensor.Int64, 0, 1, 0) })
	x := filled(newRand(1), tensor.Float32, 2, 3, 5)
	for _, k := range []int{-9, -1, 0, 2, 9} {
		for name, got := range map[string]*tensor.Tensor{"Tril": tensor.Tril(x, k), "Triu": tensor.Triu(x, k)} {
			requireFrom(t, x, got, x.Shape(), func(i []int) []int {
				if name == "Tril" && i[2]-i[1] > k || name == "Triu" && i[2]-i[1] < k {
					i[0] = -1
				}
				return i
			}, name)
		}
	}
}

func TestDiagonalAndUnfold(t *testing.T) {
	rng := newRand(2)
	for layout := range layouts {
		x := laidOut(rng, layout, tensor.Float32, 3, 4, 5)
		for _, offset := range []int{-4, -1, 0, 1, 3, 5} {
			n := 5 - max(offset, 0)
			if m := 3 + min(offset, 0); m < n {
				n = max(m, 0)
			}
			n = max(min(n, min(3, 5-offset)), 0)
			got := x.Diagonal(offset, 0, -1)
			requireFrom(t, x, got, []int{4, n}, func(i []int) []int {
				return []int{i[1] + max(0, -offset), i[0], i[1] + max(0, offset)}
			}, "Diagonal")
			requireFrom(t, x, x.Diagonal(-offset, 2, 0), []int{4, n}, func(i []int) []int {
				return []int{i[1] + max(0, -offset), i[0], i[1] + max(0, offset)}
			}, "Diagonal")
		}
		requireFrom(t, x, x.Unfold(1, 2, 1), []int{3, 3, 5, 2}, func(i []int) []int { return []int{i[0], i[1] + i[3], i[2]} }, "Unfold")
		requireFrom(t, x, x.Unfold(2, 2, 3), []int{3, 4, 2, 2}, func(i []int) []int { return []int{i[0], i[1], 3*i[2] + i[3]} }, "Unfold")
		requireFrom(t, x, x.SliceStep(2, 1, 5, 3), []int{3, 4, 2}, func(i []int) []int { i[2] = 1 + 3*i[2]; return i }, "SliceStep")
		back := x.SliceStep(2, 4, 0, -3) // NumPy's x[:, :, 4:0:-3]
		requireFrom(t, x, back, []int{3, 4, 2}, func(i []int) []int { i[2] = 4 - 3*i[2]; return i }, "backwards")
		far := x.SliceStep(-1, 4, -1, -math.MaxInt)
		requireFrom(t, x, far, []int{3, 4, 1}, func(i []int) []int { i[2] = 4; return i }, "one step too far")
		requireFrom(t, x, x.Select(1, -1), []int{3, 5}, func(i []int) []int { return []int{i[0], 3, i[1]} }, "Select")
		requireFrom(t, x, x.Unsqueeze(0, 2, -1), []int{1, 3, 1, 4, 5, 1}, func(i []int) []int { return []int{i[1], i[3], i[4]} }, "Unsqueeze")
	}
	x := tensor.New(tensor.Float32, 2, 3)
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"tensor: Diagonal: axis 1 of shape [2 3] and itself", func() { x.Diagonal(0, 1, -1) }},
		{"tensor: Unfold: windows of 4, step 1, along axis 1, which is 3 long", func() { x.Unfold(1, 4, 1) }},
		{"tensor: SliceStep: bounds [0:1:0] of axis 0, which is 2 long", func() { x.SliceStep(0, 0, 1, 0) }},
		{"tensor: SliceStep: bounds [3:-1:-1] of axis 0, which is 2 long", func() { x.SliceStep(0, 3, -1, -1) }},
		{"tensor: SliceStep: bounds [0:2:-1] of axis 0, which is 2 long", func() { x.SliceStep(0, 0, 2, -1) }},
		{"tensor: SliceStep: bounds [2:1:1] of axis 0, which is 2 long", func() { x.SliceStep(0, 2, 1, 1) }},
		{"tensor: Span: shape [2 3] with strides [3 -1] runs backwards: take Contiguous() first", func() {
			tensor.Span[float32](x.SliceStep(1, 2, -1, -1))
		}},
		{"tensor: Select: index 3 of axis 1, which is 3 long", func() { x.Select(1, 3) }},
		{"tensor: Unsqueeze: [1 -3] names axis -3 twice", func() { x.Unsqueeze(1, -3) }},
		{"tensor: Split: sizes [1 1] along axis 1, which is 3 long", func() { x.Split(1, 1, 1) }},
		{"tensor: Concat: shape [2 3] does not fit into [2 5] from index 3 of axis 1 on",
			func() { tensor.ConcatTo(tensor.New(tensor.Float32, 2, 5), 1, x, x) }},
		{"tensor: Stack: shapes [2 3] and [3 2]", func() { tensor.Stack(0, x, x.Transpose(0, 1)) }},
		{"tensor: Span: a float32 tensor read as float64", func() { tensor.Span[float64](x) }},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
	assert.Len(t, tensor.Span[float32](x.Transpose(0, 1).Slice(0, 0, 2)), 5)
}

// Chances are 5 standard deviations of a binomial count.
func within(t *testing.T, n int, p float64, count int) {
	t.Helper()
	assert.InDelta(t, float64(n)*p, float64(count), 5*math.Sqrt(float64(n)*p*(1-p))+1e-9)
}

func TestRandom(t *testing.T) {
	const n = 60_000
	x := tensor.New(tensor.Int32, n)
	x.RandInt(newRand(1), -2, 4)
	_, _, counts := tensor.Unique(x)
	require.Equal(t, 6, counts.Len())
	for _, c := range tensor.Data[int64](counts) {
		within(t, n, 1.0/6, int(c))
	}
	b := tensor.New(tensor.Bool, n/2, 2).Transpose(0, 1)
	b.Bernoulli(newRand(2), 0.3)
	within(t, n, 0.3, int(tensor.Data[int64](tensor.Sum(b))[0]))

	var first [5]int
	for seed := range uint64(n / 10) {
		p := slices.Clone(tensor.Data[int64](tensor.Permutation(newRand(seed), 5)))
		first[p[0]]++
		slices.Sort(p)
		require.Equal(t, []int64{0, 1, 2, 3, 4}, p)
	}
	for _, c := range first {
		within(t, n/10, 0.2, c)
	}

	w := tensor.FromSlice([]float32{1, 0, 3, 4, 0, 0, 0, 2}, 2, 4)
	drawn := tensor.Multinomial(newRand(3), w, n, true)
	require.Equal(t, []int{2, n}, drawn.Shape())
	for i, p := range []float64{1.0 / 8, 0, 3.0 / 8, 4.0 / 8} {
		eq := tensor.Eq(drawn.Select(0, 0), tensor.Full(tensor.Int64, float64(i)))
		within(t, n, p, int(tensor.Data[int64](tensor.Sum(eq))[0]))
	}
	assert.Equal(t, int64(3), tensor.Data[int64](tensor.Min(drawn.Select(0, 1)))[0])

	var second [4]int // after a draw of index 2 or 3, which then is not there
	for seed := range uint64(n / 10) {
		d := tensor.Data[int64](tensor.Multinomial(newRand(seed), w.Select(0, 0), 2, false))
		require.NotEqual(t, d[0], d[1])
		second[d[1]]++
	}
	// P(second = 0) = 3/8·1/5 + 4/8·1/4
	within(t, n/10, 3.0/8/5+4.0/8/4, second[0])
	assert.Zero(t, second[1])

	for want, do := range map[string]func(){
		"tensor: Multinomial: 3 indices from 1 weights that are not zero": func() { tensor.Multinomial(newRand(1), w.Slice(0, 1, 2), 3, false) },
		"tensor: Multinomial: weight -1 at index 0":                       func() { tensor.Multinomial(newRand(1), tensor.Full(tensor.Float64, -1, 2), 1, true) },
		"tensor: RandInt: no number from 3 below 3":                       func() { x.RandInt(newRand(1), 3, 3) },
		"tensor: Bernoulli: probability NaN":                              func() { x.Bernoulli(newRand(1), math.NaN()) },
	} {
		assert.PanicsWithValue(t, want, do)
	}
}

// These numbers must come out on every machine; this code printed them on amd64.
func TestRandomSameEverywhere(t *testing.T) {
	x := tensor.New(tensor.Int64, 6)
	x.RandInt(newRand(7), 0, 1000)
	assert.Equal(t, wantRandInt, tensor.Data[int64](x))
	assert.Equal(t, wantPermutation, tensor.Data[int64](tensor.Permutation(newRand(7), 8)))
	w := tensor.Linspace(tensor.Float64, 0.1, 2, 50)
	assert.Equal(t, wantAgain, tensor.Data[int64](tensor.Multinomial(newRand(7), w, 6, true)))
	assert.Equal(t, wantOnce, tensor.Data[int64](tensor.Multinomial(newRand(7), w, 6, false)))
}

var (
	wantRandInt     = []int64{333, 162, 473, 492, 517, 23}
	wantPermutation = []int64{5, 3, 7, 2, 0, 1, 4, 6}
	wantAgain       = []int64{19, 37, 38, 26, 38, 28}
	wantOnce        = []int64{34, 27, 33, 47, 15, 39}
)

func TestCastTo(t *testing.T) {
	rng := newRand(9)
	for _, from := range append([]tensor.DType{tensor.Bool, tensor.Float16, tensor.BFloat16}, numbers...) {
		for _, to := range append([]tensor.DType{tensor.Bool, tensor.Float16, tensor.BFloat16}, numbers...) {
			for layout := range layouts {
				x := laidOut(rng, layout, from, 7, 9)
				dst := laidOut(rng, (layout+1)%repeated, to, 7, 9)
				tensor.CastTo(dst, x)
				require.True(t, dst.Equal(x.Clone().Cast(to)), "%v to %v", from, to)
				assert.Zero(t, alloctest.PerRun(1, func() { tensor.CastTo(dst, x) }), "%v to %v", from, to)
			}
		}
	}
	assert.PanicsWithValue(t, "tensor: Cast: the destination's shape is [2], the result's [3]",
		func() { tensor.CastTo(tensor.New(tensor.Bool, 2), tensor.New(tensor.Int32, 3)) })
}
