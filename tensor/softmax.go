package tensor

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Softmax returns exp(x)/Σexp(x) along axis, for Float32 and Float64, without overflow. Lanes of −Inf alone, and those
// with +Inf or NaN, are NaN. An empty axis makes the result empty.
func Softmax(x *Tensor, axis int) *Tensor {
	dst := New(x.dtype, x.shape...)
	SoftmaxTo(dst, x, axis)
	return dst
}

// SoftmaxTo stores what Softmax returns in dst, which may be x.
func SoftmaxTo(dst, x *Tensor, axis int) {
	softmaxTo("Softmax", dst, x, axis, vec.Softmax[float32], vec.Softmax[float64])
}

// LogSoftmax returns x − log Σexp(x) along axis, for Float32 and Float64: the logarithm of Softmax, without its loss of
// digits.
func LogSoftmax(x *Tensor, axis int) *Tensor {
	dst := New(x.dtype, x.shape...)
	LogSoftmaxTo(dst, x, axis)
	return dst
}

// LogSoftmaxTo stores what LogSoftmax returns in dst, which may be x.
func LogSoftmaxTo(dst, x *Tensor, axis int) {
	softmaxTo("LogSoftmax", dst, x, axis, vec.LogSoftmax[float32], vec.LogSoftmax[float64])
}

// softmaxTo brings the axis last, for the loop over rows.
func softmaxTo(op string, dst, x *Tensor, axis int, f32 func(dst, x []float32, rows, cols int),
	f64 func(dst, x []float64, rows, cols int)) {
	a := x.axis(op, axis)
	if x.dtype != Float32 && x.dtype != Float64 {
		panic(fmt.Sprintf("tensor: %s: dtype %v is not one it works on", op, x.dtype))
	}
	mustDType(op, dst, x.dtype)
	if !dst.SameShape(x) {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v, the result's %v", op, dst.shape, x.shape))
	}
	if x.n == 0 {
		return
	}
	p := temporaries.Get().(*Pool)
	lanes, to := lanesOf(p, x, a), dst
	if !dst.contig || a != len(x.shape)-1 {
		to = p.New(x.dtype, lanes.shape...)
	}
	cols := x.shape[a]
	if x.dtype == Float32 {
		f32(Data[float32](to), Data[float32](lanes), x.n/cols, cols)
	} else {
		f64(Data[float64](to), Data[float64](lanes), x.n/cols, cols)
	}
	if to != dst {
		putLanes(p, dst, to, a)
	}
	p.Reset()
	temporaries.Put(p)
}
