package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// Pool2DOptions says what window moves how over the images. Zero strides mean the window's size, zero dilations one.
type Pool2DOptions struct {
	R, S                 int  // height and width of the window, in pixels
	StrideH, StrideW     int  // its step, in pixels
	PadH, PadW           int  // border on each side of the image, in pixels, at most half the window
	DilationH, DilationW int  // MaxPool2D only: distance of neighbouring pixels of a window
	ExcludePad           bool // AvgPool2D only: divide by the pixels that the window sees, not by R·S

	// Ceil rounds the result's size up, not down, so that a last window may reach beyond the padding.
	Ceil bool
}

// MaxPool2D returns the largest element of every window; padding never wins, a NaN always does. The gradient goes to the
// winner alone, the first of equals.
//
//	x [N, C, H, W]   result [N, C, OutH, OutW],  OutH = ⌊(H + 2·PadH − DilationH·(R−1) − 1)/StrideH⌋ + 1
func MaxPool2D(x *Var, o Pool2DOptions) *Var {
	n := maxPoolOp.over(x, o)
	if n.needs {
		n.save(0, tensor.Int32, n.window.N, n.window.C, n.window.OutH(), n.window.OutW()) // where the winner stood
	}
	return n.run(n.window.N, n.window.C, n.window.OutH(), n.window.OutW())
}

// AvgPool2D returns the mean of every window, in which padding counts as zeros unless ExcludePad is set.
//
//	x [N, C, H, W]   result [N, C, OutH, OutW],  OutH = ⌊(H + 2·PadH − R)/StrideH⌋ + 1
func AvgPool2D(x *Var, o Pool2DOptions) *Var {
	n := avgPoolOp.over(x, o)
	if o.ExcludePad {
		n.ints[0] = 1
	}
	return n.run(n.window.N, n.window.C, n.window.OutH(), n.window.OutW())
}

// over starts a pooling of x.
func (op *op) over(x *Var, o Pool2DOptions) *node {
	n := op.on(x)
	if x.Rank() != 4 {
		op.panicf("x %v: want [N, C, H, W]", x.Shape())
	}
	n.window = conv.PoolShape{
		N: x.Dim(0), C: x.Dim(1), H: x.Dim(2), W: x.Dim(3), R: o.R, S: o.S, StrideH: o.StrideH, StrideW: o.StrideW,
		PadH: o.PadH, PadW: o.PadW, DilationH: o.DilationH, DilationW: o.DilationW,
		Ceil: o.Ceil,
	}
	n.window.Validate()
	return n
}

var maxPoolOp = &op{"MaxPool2D",
	kernels{maxPoolForward[float32], maxPoolBackward[float32]}, kernels{maxPoolForward[float64], maxPoolBackward[float64]}}

func maxPoolForward[T vec.Float](n *node) {
	var argmax []int32
	if n.needs {
		argmax = tensor.Data[int32](n.saved[0])
	}
	conv.MaxPool(n.window, out[T](n), argmax, in[T](n, 0))
}

// The derivative is one for the element that won its window, zero for the others.
func maxPoolBackward[T vec.Float](n *node) {
	conv.MaxPoolBackward(n.window, acc[T](n, 0), outGrad[T](n), tensor.Data[int32](n.saved[0]))
}

var avgPoolOp = &op{"AvgPool2D",
	kernels{avgPoolForward[float32], avgPoolBackward[float32]}, kernels{avgPoolForward[float64], avgPoolBackward[float64]}}

func avgPoolForward[T vec.Float](n *node) {
	conv.AvgPool(n.window, out[T](n), in[T](n, 0), n.ints[0] == 0)
}

// Every pixel of a window has the derivative one over what the window was divided by.
func avgPoolBackward[T vec.Float](n *node) {
	conv.AvgPoolBackward(n.window, acc[T](n, 0), outGrad[T](n), n.ints[0] == 0)
}
