package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// Derivatives made of ops, see derivatives.go, of what moves windows over images. A convolution is linear in the images and in the
// filters: the three maps between images, filters and results (Conv2D, ConvTranspose2D, filtersOp) are each other's derivatives.

func conv2DDerivative(n *node, i int, dy *Var) *Var {
	switch i {
	case 0:
		return imagesOf(&n.conv, dy, n.in[1])
	case 1:
		return filtersOf(&n.conv, n.in[0], dy)
	}
	return Sum(dy, 0, 2, 3)
}

// Of the convolution that maps the result to x.
func convTransposeDerivative(n *node, i int, dy *Var) *Var {
	switch i {
	case 0:
		return resultOf(&n.conv, dy, n.in[1])
	case 1:
		return filtersOf(&n.conv, dy, n.in[0])
	}
	return Sum(dy, 0, 2, 3)
}

func options(s *conv.Shape) Conv2DOptions {
	return Conv2DOptions{StrideH: s.StrideH, StrideW: s.StrideW, PadH: s.PadH, PadW: s.PadW,
		DilationH: s.DilationH, DilationW: s.DilationW, Groups: s.Groups}
}

// resultOf maps images and filters to the convolution's result.
func resultOf(s *conv.Shape, x, w *Var) *Var { return Conv2D(x, w, nil, options(s)) }

// imagesOf maps a result and filters to images, whose size is that of s.
func imagesOf(s *conv.Shape, y, w *Var) *Var {
	rest := func(size, out, stride, pad, dilation, taps int) int {
		return size - ((out-1)*stride - 2*pad + dilation*(taps-1) + 1)
	}
	return ConvTranspose2D(y, w, nil, ConvTranspose2DOptions{Conv2DOptions: options(s),
		OutPadH: rest(s.H, s.OutH(), s.StrideH, s.PadH, s.DilationH, s.R),
		OutPadW: rest(s.W, s.OutW(), s.StrideW, s.PadW, s.DilationW, s.S)})
}

// filtersOf maps images x and a result y to filters: each tap is the sum of the products of the pixels it lay on and the results it
// went to.
//
//	x [N, C, H, W]   y [N, K, OutH, OutW]   result [K, C/Groups, R, S]
func filtersOf(s *conv.Shape, x, y *Var) *Var {
	n := filtersOp.on(x, y)
	n.conv = *s
	return n.run(s.K, s.C/s.Groups, s.R, s.S)
}

var filtersOp = &op{"Conv2DFilters",
	kernels{filtersForward[float32], filtersBackward[float32]}, kernels{filtersForward[float64], filtersBackward[float64]}}

func filtersForward[T vec.Float](n *node) {
	w := out[T](n)
	clear(w)
	conv.BackwardFilter(n.conv, w, nil, in[T](n, 0), in[T](n, 1))
}

func filtersBackward[T vec.Float](n *node) {
	dw := outGrad[T](n)
	if n.wants(0) {
		conv.BackwardData(n.conv, acc[T](n, 0), in[T](n, 1), dw)
	}
	if n.wants(1) {
		conv.Forward(n.conv, begin[T](n, 1), in[T](n, 0), dw, nil)
		end[T](n, 1)
	}
}

func filtersDerivative(n *node, i int, dw *Var) *Var {
	if i == 0 {
		return imagesOf(&n.conv, n.in[1], dw)
	}
	return resultOf(&n.conv, n.in[0], dw)
}

// winnersDerivative sends the gradient of every window's winner to it, in the images of a maximum pooling. A window of nothing but
// padding has none, −1: its gradient goes to a place behind the image, which is cut off.
func winnersDerivative(n *node, _ int, dy *Var) *Var {
	x := n.in[0]
	planes, size, won := x.Dim(0)*x.Dim(1), x.Dim(2)*x.Dim(3), tensor.Data[int32](n.saved[0])
	index := n.tape.pool.New(tensor.Int64, planes, len(won)/max(planes, 1))
	for i, at := range won {
		if at < 0 {
			at = int32(size)
		}
		tensor.Data[int64](index)[i] = int64(at)
	}
	sent := ScatterAdd(n.tape.zeros(x.DType(), planes, size+1), 1, index, Reshape(dy, index.Shape()...))
	return Reshape(Slice(sent, 1, 0, size), x.Shape()...)
}

// avgSpreadOp and adaptiveSpreadOp are the adjoints of average pooling: each element goes to its window, in equal shares.
var (
	avgSpreadOp = &op{"AvgSpread",
		kernels{avgSpreadForward[float32], avgSpreadBackward[float32]}, kernels{avgSpreadForward[float64], avgSpreadBackward[float64]}}
	adaptiveSpreadOp = &op{"AdaptiveAvgSpread", kernels{adaptiveSpreadForward[float32], adaptiveSpreadBackward[float32]},
		kernels{adaptiveSpreadForward[float64], adaptiveSpreadBackward[float64]}}
)

// like runs the op on x with the window of n, to a result of n's operand's shape.
func (o *op) like(n *node, x *Var) *Var {
	m := o.on(x)
	m.window, m.ints = n.window, n.ints
	return m.run(n.in[0].Shape()...)
}

func avgSpreadForward[T vec.Float](n *node) {
	y := out[T](n)
	clear(y)
	conv.AvgPoolBackward(n.window, y, in[T](n, 0), n.ints[0] == 0)
}

func avgSpreadBackward[T vec.Float](n *node) {
	conv.AvgPool(n.window, begin[T](n, 0), outGrad[T](n), n.ints[0] == 0)
	end[T](n, 0)
}

func adaptiveSpreadForward[T vec.Float](n *node) {
	y := out[T](n)
	clear(y)
	h, w := sizes(n.out)
	outH, outW := sizes(n.in[0])
	conv.AdaptiveAvgPoolBackward(y, h, w, in[T](n, 0), outH, outW)
}

func adaptiveSpreadBackward[T vec.Float](n *node) {
	h, w := sizes(n.out)
	outH, outW := sizes(n.in[0])
	conv.AdaptiveAvgPool(begin[T](n, 0), outH, outW, outGrad[T](n), h, w)
	end[T](n, 0)
}

// padDerivative cuts off what Pad put on, and puts zeros for what it cut off.
func padDerivative(n *node, _ int, dy *Var) *Var {
	x, kept := n.in[0], &n.layout
	if kept.len() == 0 {
		return n.tape.zeros(x.DType(), x.Shape()...)
	}
	from, to := dense(x.Shape()), dense(n.out.Shape())
	inX, inY := kept.offset, n.ints[0] // where what is kept begins
	amounts := make([]int, 2*x.Rank())
	for a := range x.Rank() {
		before := inX/from.strides[a] - inY/to.strides[a]
		inX, inY = inX%from.strides[a], inY%to.strides[a]
		i := 2 * (x.Rank() - 1 - a)
		amounts[i], amounts[i+1] = before, x.Dim(a)-before-n.out.Dim(a)
	}
	return Pad(dy, 0, amounts...)
}
