package tensor

// This file finds where the extremes are.

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// ArgMax returns the index along axis of the first largest element, or of the first NaN, as an Int64 tensor without that axis.
// It panics if the axis is empty but the result is not.
func ArgMax(x *Tensor, axis int) *Tensor { return argExtreme("ArgMax", x, axis, argMaxLanes) }

// ArgMaxTo stores what ArgMax returns in dst.
func ArgMaxTo(dst, x *Tensor, axis int) { argExtremeTo("ArgMax", dst, x, axis, argMaxLanes) }

// ArgMin returns the index along axis of the first smallest element, or of the first NaN, as an Int64 tensor without that axis.
// It panics if the axis is empty but the result is not.
func ArgMin(x *Tensor, axis int) *Tensor { return argExtreme("ArgMin", x, axis, argMinLanes) }

// ArgMinTo stores what ArgMin returns in dst.
func ArgMinTo(dst, x *Tensor, axis int) { argExtremeTo("ArgMin", dst, x, axis, argMinLanes) }

// A laneFunc finds an index in lanes [lo, hi) of n elements of x, and stores it in dst.
type laneFunc func(dst []int64, x *Tensor, n, lo, hi int)

var (
	argMaxLanes = [len(dtypes)]laneFunc{Float32: argLanes(vec.ArgMax[float32]), Float64: argLanes(vec.ArgMax[float64]),
		Int32: argLanes(argMaxOf[int32]), Int64: argLanes(argMaxOf[int64]), Uint8: argLanes(argMaxOf[uint8]), Int8: argLanes(argMaxOf[int8])}
	argMinLanes = [len(dtypes)]laneFunc{Float32: argLanes(argMinOf[float32]), Float64: argLanes(argMinOf[float64]),
		Int32: argLanes(argMinOf[int32]), Int64: argLanes(argMinOf[int64]), Uint8: argLanes(argMinOf[uint8]), Int8: argLanes(argMinOf[int8])}
)

func argExtreme(op string, x *Tensor, axis int, fs [len(dtypes)]laneFunc) *Tensor {
	a := x.axis(op, axis)
	var room [2 * inlineRank]int
	dst := New(Int64, append(append(room[:0], x.shape[:a]...), x.shape[a+1:]...)...)
	argExtremeTo(op, dst, x, axis, fs)
	return dst
}

func argExtremeTo(op string, dst, x *Tensor, axis int, fs [len(dtypes)]laneFunc) {
	a := x.axis(op, axis)
	f := fs[x.dtype]
	if f == nil {
		panic(fmt.Sprintf("tensor: %s: dtype %v is not one it works on", op, x.dtype))
	}
	mustDType(op, dst, Int64)
	ok := len(dst.shape) == len(x.shape)-1
	for i := 0; ok && i < len(dst.shape); i++ {
		j := i
		if i >= a {
			j++
		}
		ok = dst.shape[i] == x.shape[j]
	}
	if !ok {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v; x has %v, and loses axis %d", op, dst.shape, x.shape, a))
	}
	if dst.n == 0 {
		return
	}
	if x.n == 0 {
		panic(fmt.Sprintf("tensor: %s: axis %d of shape %v is empty", op, a, x.shape))
	}
	p := temporaries.Get().(*Pool)
	lanes, found := lanesOf(p, x, a), dst
	if !dst.contig {
		found = p.New(Int64, dst.shape...)
	}
	f(Data[int64](found), lanes, x.shape[a], 0, dst.n)
	if found != dst {
		dst.CopyFrom(found)
	}
	p.Reset()
	temporaries.Put(p)
}

func argLanes[T any](f func(x []T) int) laneFunc {
	return func(dst []int64, x *Tensor, n, lo, hi int) {
		for i := lo; i < hi; i++ {
			dst[i] = int64(f(lane[T](x, i, n)))
		}
	}
}

func argMaxOf[T number](x []T) int {
	at := 0
	for i, v := range x {
		if v > x[at] {
			at = i
		}
	}
	return at
}

func argMinOf[T number](x []T) int {
	at := 0
	for i, v := range x {
		if v != v {
			return i
		}
		if v < x[at] {
			at = i
		}
	}
	return at
}
