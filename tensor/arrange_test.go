package tensor_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// requireFrom checks that got has the shape, and at each index the element of x at from(index); −1 in it stands for zero.
func requireFrom(t *testing.T, x, got *tensor.Tensor, shape []int, from func(i []int) []int, msg string) {
	t.Helper()
	require.Equal(t, append([]int{}, shape...), append([]int{}, got.Shape()...), msg)
	eachIndex(shape, func(_ int, i []int) {
		j := from(slices.Clone(i))
		want := 0.0
		if !slices.Contains(j, -1) {
			want = value(x, j...)
		}
		if g := value(got, i...); g != want {
			require.Failf(t, "wrong element", "%s: at %v: %v, want %v", msg, i, g, want)
		}
	})
}

func TestRearrange(t *testing.T) {
	rng := newRand(31)
	for _, shape := range [][]int{{5}, {0}, {2, 3}, {3, 4, 5}, {3, 0, 5}, {70, 40}, {2, 3, 1, 2, 4}} {
		for layout := range layouts {
			x := laidOut(rng, layout, []tensor.DType{tensor.Float32, tensor.Int64, tensor.Uint8}[layout%3], shape...)
			for a, n := range shape {
				requireFrom(t, x, tensor.Flip(x, a-len(shape)), shape, func(i []int) []int { i[a] = n - 1 - i[a]; return i }, "Flip")
				for _, by := range []int{0, 1, -2, 7} {
					requireFrom(t, x, tensor.Roll(x, a, by), shape, func(i []int) []int { i[a] = ((i[a]-by)%n + n) % n; return i }, "Roll")
				}
				for _, k := range []int{0, 1, 3} {
					more := slices.Clone(shape)
					more[a] *= k
					requireFrom(t, x, tensor.RepeatInterleave(x, a, k), more, func(i []int) []int { i[a] /= k; return i }, "RepeatInterleave")
				}
				longer := slices.Clone(shape)
				longer[a] = 2*n + n/2
				both := tensor.Concat(a-len(shape), x, x.Slice(a, 0, n/2), x)
				requireFrom(t, x, both, longer, func(i []int) []int {
					if i[a] >= n+n/2 {
						i[a] -= n + n/2
					} else if i[a] >= n {
						i[a] -= n
					}
					return i
				}, "Concat")
				assert.True(t, both.Split(a, n, n/2, n)[2].Equal(x), "Split undoes Concat")
				chunks := x.Chunk(a, 3)
				assert.True(t, tensor.Concat(a, chunks...).Equal(x), "Concat undoes Chunk")
				assert.LessOrEqual(t, chunks[0].Dim(a)-chunks[2].Dim(a), 1)
				wide := slices.Insert(slices.Clone(shape), a, 2)
				requireFrom(t, x, tensor.Stack(a, x, x), wide, func(i []int) []int { return slices.Delete(i, a, a+1) }, "Stack")
			}
			if last := len(shape) - 1; last > 0 {
				requireFrom(t, x, tensor.Flip(x, 0, -1), shape, func(i []int) []int {
					i[0], i[last] = shape[0]-1-i[0], shape[last]-1-i[last]
					return i
				}, "Flip of two")
			}
			tiled, reps := []int{2}, []int{2}
			for _, n := range shape {
				tiled, reps = append(tiled, 3*n), append(reps, 3)
			}
			requireFrom(t, x, tensor.Tile(x, reps...), tiled, func(i []int) []int {
				for k, n := range shape {
					i[k+1] %= n
				}
				return i[1:]
			}, "Tile")
		}
	}
	assert.PanicsWithValue(t, "tensor: Flip: [0 -2] names axis 0 twice", func() { tensor.Flip(tensor.New(tensor.Bool, 2, 2), 0, -2) })
}

func TestPad(t *testing.T) {
	rng := newRand(32)
	for _, shape := range [][]int{{5}, {2, 3}, {3, 4, 5}, {40, 30}, {2, 3, 4, 5}, {2, 0}} {
		for layout := range layouts {
			x := laidOut(rng, layout, tensor.Float32, shape...)
			for _, pads := range [][]tensor.Pads{{}, {{1, 2}}, {{-1, 0}}, {{3, -2}}, {{0, 0}, {2, 1}}, {{-1, -1}, {-1, 1}}, {{-2, -2}, {5, 5}}} {
				if len(pads) > len(shape) || shape[0] == 2 && len(shape) == 2 && shape[1] == 0 && len(pads) > 0 && pads[0].Before+pads[0].After < 0 {
					continue
				}
				out := slices.Clone(shape)
				negative := false
				for k, p := range pads {
					out[len(out)-1-k] += p.Before + p.After
					negative = negative || out[len(out)-1-k] < 0
				}
				if negative {
					require.Panics(t, func() { tensor.Pad(x, 0, pads...) })
					continue
				}
				requireFrom(t, x, tensor.Pad(x, 0, pads...), out, func(i []int) []int {
					for k, p := range pads {
						a := len(i) - 1 - k
						if i[a] -= p.Before; i[a] < 0 || i[a] >= shape[a] {
							i[a] = -1
						}
					}
					return i
				}, "Pad")
			}
		}
	}
	x := tensor.FromSlice([]int64{1, 2, 3})
	assert.Equal(t, []int64{9, 9, 1, 2, 3, 9}, tensor.Data[int64](tensor.Pad(x, 9, tensor.Pads{Before: 2, After: 1})))
	p := tensor.Pads{Before: 2, After: 2}
	assert.Equal(t, []int64{1, 1, 1, 2, 3, 3, 3}, tensor.Data[int64](tensor.PadWith(tensor.Edge, x, p)))
	assert.Equal(t, []int64{3, 2, 1, 2, 3, 2, 1}, tensor.Data[int64](tensor.PadWith(tensor.Reflect, x, p)))
	assert.Equal(t, []int64{2, 3, 1, 2, 3, 1, 2}, tensor.Data[int64](tensor.PadWith(tensor.Wrap, x, p)))
	assert.PanicsWithValue(t, "tensor: PadWith: margins 3 and 0 of axis 0, which is 3 long",
		func() { tensor.PadWith(tensor.Reflect, x, tensor.Pads{Before: 3}) })
	assert.PanicsWithValue(t, "tensor: Pad: the destination's shape is [3], the result's [4]",
		func() { tensor.PadTo(tensor.New(tensor.Int64, 3), x, 0, tensor.Pads{After: 1}) })
}

func TestCumulate(t *testing.T) {
	rng := newRand(33)
	for _, shape := range [][]int{{1}, {7}, {5000}, {3, 4}, {9, 300}, {300, 9}, {4, 300, 3}, {0, 3}, {1, 1}} {
		for layout := range layouts {
			for _, d := range some(numbers) {
				x := laidOut(rng, layout, d, shape...)
				for a, n := range shape {
					sums, back, products := x.Cast(tensor.Float64), tensor.New(tensor.Float64, shape...), tensor.New(tensor.Float64, shape...)
					lanes := slices.Clone(shape)
					lanes[a] = min(1, n)
					eachIndex(lanes, func(_ int, i []int) {
						sum, from, product := 0.0, 0.0, 1.0
						for k := range n {
							i[a] = k
							sum, product = sum+value(x, i...), wrap(d, product*value(x, i...))
							set(sums, wrap(d, sum), i)
							set(products, product, i)
						}
						for k := range n {
							i[a] = n - 1 - k
							from += value(x, i...)
							set(back, wrap(d, from), i)
						}
					})
					if n > 1000 && d != tensor.Float64 { // the sums of 5000 numbers of up to 10, in order
						continue
					}
					tol := float64(n) * 10 * float64(n) * unit(d)
					if !d.IsFloat() {
						tol = 0
					}
					requireSame(t, shape, tensor.Data[float64](sums), tensor.CumSum(x, a), tol, "CumSum of %v %v, layout %d, axis %d", d, shape, layout, a)
					dst := laidOut(rng, (layout+1)%repeated, d, shape...)
					tensor.CumSumBackTo(dst, x, a-len(shape))
					requireSame(t, shape, tensor.Data[float64](back), dst, tol, "CumSumBack of %v %v, layout %d, axis %d", d, shape, layout, a)
					if n <= 9 {
						requireSame(t, shape, tensor.Data[float64](products), tensor.CumProd(x, a), 2*float64(n)*unit(d), "CumProd of %v %v", d, shape)
					}
					if layout < repeated {
						want := tensor.CumSum(x, a)
						tensor.CumSumTo(x, x, a)
						require.True(t, want.Equal(x), "in place")
					}
				}
			}
		}
	}
}

// set stores v in a row-major Float64 tensor.
func set(x *tensor.Tensor, v float64, index []int) {
	off := 0
	for a, i := range index {
		off += i * x.Strides()[a]
	}
	tensor.Data[float64](x)[off] = v
}

func TestArrangingAllocatesNothing(t *testing.T) {
	x, y := filled(newRand(1), tensor.Float32, 30, 40), filled(newRand(1), tensor.Float32, 60, 40)
	z, half := tensor.New(tensor.Float32, 32, 40), y.Slice(0, 0, 30)
	for name, f := range map[string]func(){
		"Concat": func() { tensor.ConcatTo(y, 0, x, x) },
		"Flip":   func() { tensor.FlipTo(x, half, 0, 1) },
		"Roll":   func() { tensor.RollTo(x, x, 0, 0) },
		"Pad":    func() { tensor.PadTo(z, x, 1, tensor.Pads{}, tensor.Pads{Before: 1, After: 1}) },
		"CumSum": func() { tensor.CumSumTo(x, x, 0) },
	} {
		assert.Zero(t, alloctest.PerRun(10, f), name)
	}
}
