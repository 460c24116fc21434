package tensor_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// before compares as Sort does: NaN is greatest.
func before(a, b float64) int {
	switch {
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	case b != b:
		return -1
	}
	return cmp.Compare(a, b)
}

func TestSortTopKArgExtremes(t *testing.T) {
	rng := newRand(51)
	for _, d := range some(append([]tensor.DType{tensor.Bool}, numbers...)) {
		for _, shape := range [][]int{{1}, {9}, {2000}, {5, 40}, {40, 5}, {2, 300, 3}, {0, 3}, {3, 0}} {
			for layout := range layouts {
				x := laidOut(rng, layout, d, shape...)
				if d.IsFloat() && layout == 0 && x.Len() > 8 {
					for i, v := range []float64{math.NaN(), 0, math.Copysign(0, -1), math.Inf(-1), math.Inf(1), math.NaN(), 0} {
						x.Reshape(-1).Slice(0, i, i+1).CopyFrom(tensor.Full(d, v, 1))
					}
				}
				for a, n := range shape {
					for _, order := range []tensor.Order{tensor.Ascending, tensor.Descending} {
						values, index := tensor.Sort(x, a-len(shape), order)
						require.True(t, index.Equal(tensor.ArgSort(x, a, order)))
						k := n / 5
						top, topIndex := tensor.TopK(x, k, a, order)
						lanes := slices.Clone(shape)
						lanes[a] = min(n, 1)
						eachIndex(lanes, func(_ int, i []int) {
							sorted := make([]int, n)
							at := func(j int) float64 { i[a] = j; return value(x, i...) }
							for j := range sorted {
								sorted[j] = j
							}
							slices.SortStableFunc(sorted, func(p, q int) int {
								if order == tensor.Descending {
									return before(at(q), at(p))
								}
								return before(at(p), at(q))
							})
							for j, from := range sorted {
								want := at(from)
								i[a] = j
								requireValue(t, float64(from), value(index, i...), "%v %v axis %d layout %d at %v", d, shape, a, layout, i)
								v := value(values, i...)
								require.True(t, v == want || v != v && want != want)
								if j < k {
									requireValue(t, float64(from), value(topIndex, i...), "TopK")
									v := value(top, i...)
									require.True(t, v == want || v != v && want != want)
								}
							}
						})
					}
					if d == tensor.Bool {
						continue
					}
					if n == 0 {
						if x.Rank() > 1 {
							require.Panics(t, func() { tensor.ArgMax(x, a) })
						}
						continue
					}
					for name, f := range map[string]func(x *tensor.Tensor, axis int) *tensor.Tensor{"ArgMax": tensor.ArgMax, "ArgMin": tensor.ArgMin} {
						got := f(x, a)
						lanes := slices.Clone(shape)
						lanes[a] = 1
						eachIndex(lanes, func(k int, i []int) {
							best := 0
							at := func(j int) float64 { i[a] = j; return value(x, i...) }
							for j := range n {
								c := before(at(j), at(best))
								if name == "ArgMin" && at(best) == at(best) && (c < 0 || at(j) != at(j)) || name == "ArgMax" && c > 0 {
									best = j
								}
							}
							requireValue(t, float64(best), tensor.At(got, k), "%s of %v %v, axis %d", name, d, shape, a)
						})
					}
				}
			}
		}
	}
}

func TestUnique(t *testing.T) {
	nan := float32(math.NaN())
	values, inverse, counts := tensor.Unique(tensor.FromSlice([]float32{3, nan, -1, 3, 0, nan}, 2, 3))
	assert.Equal(t, []float32{-1, 0, 3}, tensor.Data[float32](values)[:3])
	assert.Equal(t, 4, values.Len())
	assert.Equal(t, []int64{2, 3, 0, 2, 1, 3}, tensor.Data[int64](inverse))
	assert.Equal(t, []int{2, 3}, inverse.Shape())
	assert.Equal(t, []int64{1, 1, 2, 2}, tensor.Data[int64](counts))
	x := filled(newRand(52), tensor.Int32, 30, 40).Transpose(0, 1)
	values, inverse, counts = tensor.Unique(x)
	assert.True(t, tensor.Take(values, 0, inverse).Equal(x))
	assert.Equal(t, int64(1200), tensor.Data[int64](tensor.Sum(counts))[0])
	assert.True(t, slices.IsSortedFunc(tensor.Data[int32](values), func(a, b int32) int { return cmp.Compare(a, b) }))
	values, _, _ = tensor.Unique(tensor.New(tensor.Float64, 0, 2))
	assert.Equal(t, 0, values.Len())
}

func BenchmarkSort(b *testing.B) {
	x := filled(newRand(53), tensor.Float32, 1_000_000)
	b.Run("Sort 1M", func(b *testing.B) {
		for b.Loop() {
			tensor.Sort(x, 0, tensor.Ascending)
		}
	})
	y := x.Reshape(1000, 1000)
	b.Run("TopK 10 of 1000x1000", func(b *testing.B) {
		for b.Loop() {
			tensor.TopK(y, 10, 1, tensor.Descending)
		}
	})
}
