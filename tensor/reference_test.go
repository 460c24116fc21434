package tensor_test

// This file holds what the tests of operations share: tensors of random layout, and a dumb way to read them.

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 99)) }

// numbers are the dtypes that count.
var numbers = []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int32, tensor.Int64, tensor.Uint8, tensor.Int8}

var floats = numbers[:2]

// shapes are at the seams: no axis, no elements, one, short rows, rows past a block of 1024, many axes.
var shapes = [][]int{{}, {0}, {1}, {7}, {1025}, {3, 0, 2}, {3, 5}, {1, 9}, {40, 33}, {2, 1030}, {300, 3}, {2, 3, 4}, {4, 1, 17}, {5, 2, 3, 6},
	{2, 1, 3, 1, 2, 2, 3}}

// testShapes is shapes, or under -short one at each kind of seam.
func testShapes() [][]int {
	if testing.Short() {
		return [][]int{{}, {0}, {1025}, {3, 5}, {300, 3}, {2, 1, 3, 1, 2, 2, 3}}
	}
	return shapes
}

// some is the dtypes, or under -short the first and the last.
func some(all []tensor.DType) []tensor.DType {
	if testing.Short() && len(all) > 2 {
		return []tensor.DType{all[0], all[len(all)-1]}
	}
	return all
}

// laidOut returns a tensor of the shape with random elements and, by its number, another layout: 0 row-major, 1 axes
// permuted, 2 cut from a larger tensor, 3 every other element of every axis, 4 axes backwards, 5 one axis repeated.
func laidOut(rng *rand.Rand, layout int, d tensor.DType, shape ...int) *tensor.Tensor {
	switch layout {
	case 1:
		order := rng.Perm(len(shape))
		mixed, back := make([]int, len(shape)), make([]int, len(shape))
		for i, o := range order {
			mixed[i], back[o] = shape[o], i
		}
		return filled(rng, d, mixed...).Permute(back...)
	case 2:
		larger := make([]int, len(shape))
		for i, n := range shape {
			larger[i] = n + 2
		}
		x := filled(rng, d, larger...)
		for i, n := range shape {
			x = x.Slice(i, 1, n+1)
		}
		return x
	case 3:
		larger := make([]int, len(shape))
		for i, n := range shape {
			larger[i] = 2 * n
		}
		x := filled(rng, d, larger...)
		for i, n := range shape {
			x = x.SliceStep(i, 0, 2*n, 2)
		}
		return x
	case 4:
		x := filled(rng, d, shape...)
		for i, n := range shape {
			if i == 0 || rng.IntN(2) == 0 {
				x = x.SliceStep(i, n-1, -1, -1)
			}
		}
		return x
	case 5:
		if len(shape) > 0 {
			one := append([]int{}, shape...)
			one[rng.IntN(len(shape))] = 1
			return filled(rng, d, one...).Expand(shape...)
		}
	}
	return filled(rng, d, shape...)
}

const (
	layouts  = 6
	repeated = 5 // which must not be written to
)

// filled returns a row-major tensor of small numbers of either sign (where the dtype has one), no zero among floats.
func filled(rng *rand.Rand, d tensor.DType, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float64, shape...)
	for i := range x.Len() {
		v := math.Round(rng.NormFloat64() * 5)
		if d.IsFloat() {
			v = rng.NormFloat64()*2 + 0.01
		}
		tensor.Data[float64](x)[i] = v
	}
	return x.Cast(d)
}

// each calls fn for every index of shape, in row-major order, with its number.
func eachIndex(shape []int, fn func(k int, index []int)) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	index := make([]int, len(shape))
	for k := range n {
		r := k
		for i := len(shape) - 1; i >= 0; i-- {
			index[i] = r % shape[i]
			r /= shape[i]
		}
		fn(k, index)
	}
}

// value returns the element at index as a number, by cutting it out axis by axis; a leading part of index is ignored if
// there are more numbers than axes, and an axis of length 1 has one element, whatever the index: broadcasting.
func value(x *tensor.Tensor, index ...int) float64 {
	index = index[len(index)-x.Rank():]
	off := 0
	for i, j := range index {
		if x.Dim(i) > 1 {
			off += j * x.Strides()[i]
		}
	}
	return tensor.At(x, off)
}

// requireSame checks that got has want's elements, NaN equal to NaN, floats to within tol·(1+|want|).
func requireSame(t *testing.T, shape []int, want []float64, got *tensor.Tensor, tol float64, msg string, args ...any) {
	t.Helper()
	require.Equal(t, append([]int{}, shape...), append([]int{}, got.Shape()...), msg, args)
	data := tensor.Data[float64](got.Contiguous().Cast(tensor.Float64))
	for k, w := range want {
		g := data[k]
		if w == g || w != w && g != g || math.Abs(w-g) <= tol*(1+math.Abs(w)) {
			continue
		}
		require.Failf(t, "wrong element", "%s: element %d is %v, want %v", fmt.Sprintf(msg, args...), k, g, w)
	}
}

// requireValue is require.Equal for one number, without its cost for those that are equal.
func requireValue(t *testing.T, want, got float64, msg string, args ...any) {
	if want != got {
		t.Helper()
		require.Equal(t, want, got, fmt.Sprintf(msg, args...))
	}
}

func unit(d tensor.DType) float64 {
	if d == tensor.Float32 {
		return 0x1p-24
	}
	return 0x1p-53
}
