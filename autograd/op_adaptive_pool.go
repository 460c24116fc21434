package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// AdaptiveAvgPool2D returns the means of images' shares, so many rows and columns of them whatever the images' size: output i of O
// along an axis of D elements is the mean of elements ⌊i·D/O⌋ to ⌈(i+1)·D/O⌉.
//
//	x [N, C, H, W]   result [N, C, outH, outW]
func AdaptiveAvgPool2D(x *Var, outH, outW int) *Var { return adaptiveAvgOp.adaptive(x, outH, outW) }

// AdaptiveMaxPool2D returns the largest elements of images' shares, which are those of AdaptiveAvgPool2D.
//
//	x [N, C, H, W]   result [N, C, outH, outW]
func AdaptiveMaxPool2D(x *Var, outH, outW int) *Var { return adaptiveMaxOp.adaptive(x, outH, outW) }

// AdaptiveAvgPool1D is AdaptiveAvgPool2D of images one pixel high: x [N, C, L] becomes [N, C, out].
func AdaptiveAvgPool1D(x *Var, out int) *Var {
	return Squeeze(AdaptiveAvgPool2D(Unsqueeze(x, 2), 1, out), 2)
}

// AdaptiveMaxPool1D is AdaptiveMaxPool2D of images one pixel high: x [N, C, L] becomes [N, C, out].
func AdaptiveMaxPool1D(x *Var, out int) *Var {
	return Squeeze(AdaptiveMaxPool2D(Unsqueeze(x, 2), 1, out), 2)
}

// AdaptiveAvgPool3D is AdaptiveAvgPool2D for volumes: x [N, C, D, H, W] becomes [N, C, outD, outH, outW].
func AdaptiveAvgPool3D(x *Var, outD, outH, outW int) *Var {
	return adaptive3D(AdaptiveAvgPool2D, adaptiveAvgOp, x, outD, outH, outW)
}

// AdaptiveMaxPool3D is AdaptiveMaxPool2D for volumes: x [N, C, D, H, W] becomes [N, C, outD, outH, outW].
func AdaptiveMaxPool3D(x *Var, outD, outH, outW int) *Var {
	return adaptive3D(AdaptiveMaxPool2D, adaptiveMaxOp, x, outD, outH, outW)
}

func adaptive3D(pool func(x *Var, outH, outW int) *Var, named *op, x *Var, outD, outH, outW int) *Var {
	if x.Rank() != 5 {
		named.panicf("of volumes: x %v: want [N, C, D, H, W]", x.Shape())
	}
	n, c, d := x.Dim(0), x.Dim(1), x.Dim(2)
	y := pool(Reshape(x, n, c*d, x.Dim(3), x.Dim(4)), outH, outW)
	return Reshape(pool(Reshape(y, n, c, d, outH*outW), outD, outH*outW), n, c, outD, outH, outW)
}

var (
	adaptiveAvgOp = &op{"AdaptiveAvgPool2D", kernels{adaptiveAvgForward[float32], adaptiveAvgBackward[float32]},
		kernels{adaptiveAvgForward[float64], adaptiveAvgBackward[float64]}}
	adaptiveMaxOp = &op{"AdaptiveMaxPool2D", kernels{adaptiveMaxForward[float32], adaptiveMaxBackward[float32]},
		kernels{adaptiveMaxForward[float64], adaptiveMaxBackward[float64]}}
)

func (o *op) adaptive(x *Var, outH, outW int) *Var {
	n := o.on(x)
	if x.Rank() != 4 || outH < 1 || outW < 1 {
		o.panicf("x %v to %dx%d: want [N, C, H, W] and at least 1x1", x.Shape(), outH, outW)
	}
	n.save(0, tensor.Int32, x.Dim(0), x.Dim(1), outH, outW) // of a maximum: where the winner stood
	return n.run(x.Dim(0), x.Dim(1), outH, outW)
}

// sizes returns the height and width of an operand or result [N, C, H, W].
func sizes(v *Var) (h, w int) { return v.Dim(2), v.Dim(3) }

func adaptiveAvgForward[T vec.Float](n *node) {
	outH, outW := sizes(n.out)
	h, w := sizes(n.in[0])
	conv.AdaptiveAvgPool(out[T](n), outH, outW, in[T](n, 0), h, w)
}

// Every pixel of a share has the derivative one over the share's size.
func adaptiveAvgBackward[T vec.Float](n *node) {
	outH, outW := sizes(n.out)
	h, w := sizes(n.in[0])
	conv.AdaptiveAvgPoolBackward(acc[T](n, 0), h, w, outGrad[T](n), outH, outW)
}

func adaptiveMaxForward[T vec.Float](n *node) {
	outH, outW := sizes(n.out)
	h, w := sizes(n.in[0])
	conv.AdaptiveMaxPool(out[T](n), tensor.Data[int32](n.saved[0]), outH, outW, in[T](n, 0), h, w)
}

// The derivative is one for the element that won its share, zero for the others.
func adaptiveMaxBackward[T vec.Float](n *node) {
	outH, outW := sizes(n.out)
	h, w := sizes(n.in[0])
	conv.AdaptiveMaxPoolBackward(acc[T](n, 0), h*w, outGrad[T](n), tensor.Data[int32](n.saved[0]), outH*outW)
}
