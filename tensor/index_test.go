package tensor_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// indices returns a tensor of random indices below n, of one of the layouts that have no equal neighbours by necessity.
func indices(rng interface{ IntN(int) int }, d tensor.DType, n int, shape ...int) *tensor.Tensor {
	x := laidOut(newRand(uint64(rng.IntN(1000))), rng.IntN(4), tensor.Int64, shape...)
	eachIndex(shape, func(_ int, index []int) {
		cell := x
		for _, i := range index {
			cell = cell.Select(0, i)
		}
		tensor.Data[int64](cell)[0] = int64(rng.IntN(max(n, 1)))
	})
	if d == tensor.Int64 {
		return x
	}
	return x.Cast(d)
}

func TestGatherAndScatter(t *testing.T) {
	rng := newRand(21)
	for _, c := range []struct{ x, index []int }{{[]int{5}, []int{9}}, {[]int{4, 6}, []int{4, 3}}, {[]int{4, 6}, []int{2, 9}}, {[]int{3, 4, 5}, []int{3, 4, 5}},
		{[]int{3, 4, 5}, []int{2, 4, 1}}, {[]int{2, 1100}, []int{2, 1100}}, {[]int{2, 3}, []int{0, 3}}} {
		for axis := range c.x {
			ok := true
			for i := range c.x {
				ok = ok && (i == axis || c.index[i] <= c.x[i])
			}
			if !ok {
				continue
			}
			for _, d := range some([]tensor.DType{tensor.Float32, tensor.Float64, tensor.Int64, tensor.Int32, tensor.Uint8, tensor.Float16}) {
				for layout := range layouts {
					x := laidOut(rng, layout, d, c.x...)
					index := indices(rng, []tensor.DType{tensor.Int32, tensor.Int64}[layout%2], c.x[axis], c.index...)
					src := laidOut(rng, (layout+1)%layouts, d, c.index...)
					got := tensor.Gather(x, axis-len(c.x), index)
					scattered := tensor.Scatter(x, axis, index, src)
					want := x.Clone()
					sum := x.Cast(tensor.Float64)
					eachIndex(c.index, func(k int, i []int) {
						j := append([]int{}, i...)
						j[axis] = int(value(index, i...))
						requireValue(t, value(x, j...), tensor.At(got, k), "Gather %v along %d at %v", c, axis, i)
						cell, add := want, sum
						for _, at := range j {
							cell, add = cell.Select(0, at), add.Select(0, at)
						}
						cell.CopyFrom(tensor.Full(d, value(src, i...)))
						tensor.AddScalarTo(add, add, value(src, i...))
					})
					require.True(t, want.Equal(scattered), "Scatter %v along %d, %v, layout %d", c, axis, d, layout)
					if d == tensor.Uint8 || d == tensor.Float16 {
						continue
					}
					added := tensor.ScatterAdd(x, axis, index, src)
					requireSame(t, c.x, tensor.Data[float64](sum), added, 4*float64(c.index[axis])*unit(d), "ScatterAdd %v along %d, layout %d", c, axis, layout)
				}
			}
		}
	}
}

func TestTakeAndIndexAdd(t *testing.T) {
	rng := newRand(22)
	for _, c := range []struct{ x, index []int }{{[]int{5}, []int{9}}, {[]int{4, 6}, []int{3}}, {[]int{4, 6}, []int{2, 3}}, {[]int{3, 4, 5}, []int{}},
		{[]int{60, 20}, []int{40, 2}}, {[]int{2, 3}, []int{0}}, {[]int{1, 2, 3}, []int{5}}} {
		for axis := range c.x {
			for _, d := range some(numbers) {
				for layout := range layouts {
					x := laidOut(rng, layout, d, c.x...)
					index := indices(rng, []tensor.DType{tensor.Int32, tensor.Int64}[layout%2], c.x[axis], c.index...)
					got := tensor.Take(x, axis-len(c.x), index)
					sum := x.Cast(tensor.Float64)
					src := laidOut(rng, layout, d, got.Shape()...)
					eachIndex(got.Shape(), func(k int, i []int) {
						j := append([]int{}, i[:axis]...)
						j = append(j, int(value(index, i[axis:axis+len(c.index)]...)))
						j = append(j, i[axis+len(c.index):]...)
						requireValue(t, value(x, j...), tensor.At(got, k), "Take %v along %d at %v", c, axis, i)
						off := 0
						for a, at := range j {
							off += at * sum.Strides()[a]
						}
						tensor.Data[float64](sum)[off] += value(src, i...)
					})
					dst := laidOut(rng, 1+layout%3, d, got.Shape()...)
					tensor.TakeTo(dst, x, axis, index)
					require.True(t, dst.Equal(got))
					if d == tensor.Uint8 || d == tensor.Int8 {
						continue
					}
					added := tensor.IndexAdd(x, axis, index, src)
					requireSame(t, c.x, tensor.Data[float64](sum), added, 4*float64(index.Len()+1)*unit(d), "IndexAdd %v along %d, layout %d", c, axis, layout)
					if layout < repeated {
						tensor.IndexAddTo(x, axis, index, src)
						require.True(t, x.Equal(added), "into a view")
					}
				}
			}
		}
	}
}

func TestIndexAddOnAnyThreads(t *testing.T) {
	rng := newRand(23)
	x, src := filled(rng, tensor.Float32, 50, 64), filled(rng, tensor.Float32, 5000, 64)
	index := indices(rng, tensor.Int64, 50, 5000)
	old := runtime.GOMAXPROCS(1)
	one := tensor.IndexAdd(x, 0, index, src)
	runtime.GOMAXPROCS(4)
	many := tensor.IndexAdd(x, 0, index, src)
	runtime.GOMAXPROCS(old)
	assert.True(t, one.Equal(many))
}

func TestNonzeroAndMaskedSelect(t *testing.T) {
	rng := newRand(24)
	for _, shape := range testShapes() {
		for layout := range layouts {
			x := laidOut(rng, layout, tensor.Int32, shape...)
			mask := operand(rng, tensor.Bool, shape)
			nonzero, selected := tensor.Nonzero(x), tensor.MaskedSelect(x, mask)
			n, m := 0, 0
			eachIndex(shape, func(_ int, i []int) {
				if value(x, i...) != 0 {
					for a, at := range i {
						requireValue(t, float64(at), value(nonzero, n, a), "element")
					}
					n++
				}
				if value(mask, i...) != 0 {
					requireValue(t, value(x, i...), value(selected, m), "element")
					m++
				}
			})
			require.Equal(t, []int{n, len(shape)}, nonzero.Shape())
			require.Equal(t, []int{m}, selected.Shape())
		}
	}
}

func TestOneHot(t *testing.T) {
	x := tensor.OneHot(tensor.FromSlice([]int64{2, 0, 1, 1}, 2, 2), 3, tensor.Float32)
	assert.Equal(t, []int{2, 2, 3}, x.Shape())
	assert.Equal(t, []float32{0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0}, tensor.Data[float32](x))
	assert.Equal(t, []int{0, 3}, tensor.OneHot(tensor.New(tensor.Int64, 0), 3, tensor.Int32).Shape())
}

func TestIndexingAllocatesNothing(t *testing.T) {
	rng := newRand(25)
	x, src := filled(rng, tensor.Float32, 50, 64), filled(rng, tensor.Float32, 500, 64)
	index, wide := indices(rng, tensor.Int64, 50, 500), indices(rng, tensor.Int64, 50, 50, 64)
	part := src.Slice(0, 0, 50)
	for name, f := range map[string]func(){
		"Take":       func() { tensor.TakeTo(src, x, 0, index) },
		"IndexAdd":   func() { tensor.IndexAddTo(x, 0, index, src) },
		"Gather":     func() { tensor.GatherTo(part, x, 0, wide) },
		"ScatterAdd": func() { tensor.ScatterAddTo(x, 0, wide, x) },
	} {
		assert.Zero(t, alloctest.PerRun(10, f), name)
	}
}

func TestIndexMisuse(t *testing.T) {
	x := tensor.New(tensor.Float32, 2, 3)
	at := func(i ...int64) *tensor.Tensor { return tensor.FromSlice(i) }
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"tensor: Take: index 3 of axis 1, which is 3 long", func() { tensor.Take(x, 1, at(0, 3)) }},
		{"tensor: Take: index -3 of axis 0, which is 2 long", func() { tensor.Take(x, 0, at(-3)) }},
		{"tensor: Gather: index -3 of axis 0, which is 2 long", func() {
			tensor.Gather(x, 0, at(-3, 0).Reshape(1, 2))
		}},
		{"tensor: Take: the index is float32, not int64 or int32", func() { tensor.Take(x, 0, x) }},
		{"tensor: Take: slices of shape [2 3]; index [1] along axis 0 of [2 3] makes them [1 3]", func() { tensor.TakeTo(x, x, 0, at(1)) }},
		{"tensor: Gather: index 5 of axis 0, which is 2 long", func() { tensor.Gather(x, 0, at(5, 0).Reshape(1, 2)) }},
		{"tensor: Gather: index of shape [3] into shape [2 3] along axis 0", func() { tensor.Gather(x, 0, at(0, 0, 0)) }},
		{"tensor: Gather: index of shape [1 4] into shape [2 3] along axis 0", func() { tensor.Gather(x, 0, at(0, 0, 0, 0).Reshape(1, 4)) }},
		{"tensor: Scatter: index of shape [1 2] and source of shape [2 3]", func() { tensor.Scatter(x, 0, at(0, 0).Reshape(1, 2), x) }},
		{"tensor: ScatterAdd: dtypes float32 and int64", func() { tensor.ScatterAdd(x, 0, at(0, 0).Reshape(1, 2), at(0, 0).Reshape(1, 2)) }},
		{"tensor: IndexAdd: dtype bool is not one it works on", func() {
			tensor.IndexAddTo(tensor.New(tensor.Bool, 2), 0, at(0), tensor.New(tensor.Bool, 1))
		}},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
	for _, i := range []int64{-1, 4} {
		want := fmt.Sprintf("tensor: OneHot: index %d of axis 1, which is 3 long", i)
		assert.PanicsWithValue(t, want, func() { tensor.OneHot(at(2, i), 3, tensor.Float32) })
	}
}

// TestNegativeIndices counts them from the last, as NumPy does:
//
//	x = np.array([[1, 2, 3], [4, 5, 6]])
//	x.take([-1, 0, -3], 1)                                      # [[3 1 1] [6 4 4]]
//	np.take_along_axis(x, np.array([[-1, 0], [-2, -3]]), 1)     # [[3 1] [5 4]]
func TestNegativeIndices(t *testing.T) {
	x := tensor.FromSlice([]int64{1, 2, 3, 4, 5, 6}, 2, 3)
	ints := func(x *tensor.Tensor) []int64 { return tensor.Data[int64](x) }
	for _, d := range []tensor.DType{tensor.Int32, tensor.Int64} {
		at := tensor.FromSlice([]int64{-1, 0, -3}).Cast(d)
		assert.Equal(t, []int64{3, 1, 1, 6, 4, 4}, ints(tensor.Take(x, 1, at)))
		assert.Equal(t, []int64{3, 2, 6, 12, 5, 12}, ints(tensor.IndexAdd(x, 1, at, tensor.Take(x, 1, at).Clone())))
		along := tensor.FromSlice([]int64{-1, 0, -2, -3}, 2, 2).Cast(d)
		assert.Equal(t, []int64{3, 1, 5, 4}, ints(tensor.Gather(x, 1, along)))
		src := tensor.FromSlice([]int64{10, 20, 30, 40}, 2, 2)
		assert.Equal(t, []int64{20, 2, 10, 40, 30, 6}, ints(tensor.Scatter(x, 1, along, src)))
		assert.Equal(t, []int64{21, 2, 13, 44, 35, 6}, ints(tensor.ScatterAdd(x, 1, along, src)))
	}
}
