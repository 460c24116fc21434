package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
)

// ConvTranspose2DOptions says how the filters move over the result. Zero strides, dilations and groups mean one.
type ConvTranspose2DOptions struct {
	Conv2DOptions
	// OutPadH and OutPadW make the result so many pixels higher and wider than the least that the convolution maps to x's size, where
	// the stride leaves it open; less than the stride or the dilation.
	OutPadH, OutPadW int
}

// ConvTranspose2D returns the transposed convolution: every pixel of x puts the filters, times itself, on the result, stride pixels
// apart. It is the adjoint of Conv2D with the same options, which maps the result's size to x's. Also called fractionally strided
// convolution, or wrongly deconvolution.
//
//	x [N, C, H, W]   w [C, K/Groups, R, S]   b [K] or nil   result [N, K, OutH, OutW]
//	OutH = (H − 1)·StrideH − 2·PadH + DilationH·(R − 1) + OutPadH + 1
//
// Cost: 2·N·C·H·W·K/Groups·R·S flops, twice that backward. Source: Dumoulin and Visin, arXiv:1603.07285.
func ConvTranspose2D(x, w, b *Var, o ConvTranspose2DOptions) *Var {
	var n *node
	if b == nil {
		n = convTranspose2DOp.on(x, w)
	} else {
		n = convTranspose2DOp.on(x, w, b)
	}
	groups := max(o.Groups, 1)
	if x.Rank() != 4 || w.Rank() != 4 || x.Dim(1) != w.Dim(0) {
		n.op.panicf("x %v and w %v: want [N, C, H, W] and [C, K/groups, R, S]", x.Shape(), w.Shape())
	}
	k := w.Dim(1) * groups
	if b != nil && (b.Rank() != 1 || b.Dim(0) != k) {
		n.op.panicf("w %v with %d groups and b %v: b must be [%d]", w.Shape(), groups, b.Shape(), k)
	}
	if o.OutPadH < 0 || o.OutPadW < 0 || o.OutPadH >= max(o.StrideH, o.DilationH, 1) || o.OutPadW >= max(o.StrideW, o.DilationW, 1) {
		n.op.panicf("OutPad %dx%d must be less than stride or dilation, and not negative", o.OutPadH, o.OutPadW)
	}
	if moreH, moreW := o.OutPadH/max(o.StrideH, 1), o.OutPadW/max(o.StrideW, 1); moreH+moreW > 0 {
		// The convolution would map so large a result to more pixels than x has: those are zeros.
		o.OutPadH, o.OutPadW = o.OutPadH-moreH*max(o.StrideH, 1), o.OutPadW-moreW*max(o.StrideW, 1)
		return ConvTranspose2D(Pad(x, 0, 0, moreW, 0, moreH), w, b, o)
	}
	size := func(in, stride, pad, dilation, taps, more int) int {
		return (in-1)*max(stride, 1) - 2*pad + max(dilation, 1)*(taps-1) + more + 1
	}
	n.conv = conv.Shape{ // of the convolution that maps the result to x
		N: x.Dim(0), C: k, K: x.Dim(1), R: w.Dim(2), S: w.Dim(3),
		H:       size(x.Dim(2), o.StrideH, o.PadH, o.DilationH, w.Dim(2), o.OutPadH),
		W:       size(x.Dim(3), o.StrideW, o.PadW, o.DilationW, w.Dim(3), o.OutPadW),
		StrideH: o.StrideH, StrideW: o.StrideW, PadH: o.PadH, PadW: o.PadW,
		DilationH: o.DilationH, DilationW: o.DilationW, Groups: o.Groups,
	}.Normal()
	return n.run(n.conv.N, k, n.conv.H, n.conv.W)
}

var convTranspose2DOp = &op{"ConvTranspose2D", kernels{convTransposeForward[float32], convTransposeBackward[float32]},
	kernels{convTransposeForward[float64], convTransposeBackward[float64]}}

func convTransposeForward[T vec.Float](n *node) {
	y := out[T](n)
	if len(n.in) == 3 {
		spread(y, n.out.Shape(), 1, in[T](n, 2), []int{n.conv.C, 1, 1})
	} else {
		clear(y)
	}
	conv.BackwardData(n.conv, y, in[T](n, 0), in[T](n, 1))
}

// What is backward for a convolution is forward here, and the other way: x's gradient is the convolution of dy, the filters' that of
// dy seen as the images and x as the result.
func convTransposeBackward[T vec.Float](n *node) {
	dy := outGrad[T](n)
	if len(n.in) == 3 && n.wants(2) {
		sumInto[T](n, 2, []int{n.conv.C, 1, 1}, 1, outGradTensor(n))
	}
	if n.wants(1) {
		conv.BackwardFilter(n.conv, acc[T](n, 1), nil, dy, in[T](n, 0))
	}
	if n.wants(0) {
		conv.Forward(n.conv, begin[T](n, 0), dy, in[T](n, 1), nil)
		end[T](n, 0)
	}
}

// ConvTranspose1D is ConvTranspose2D of images one pixel high.
//
//	x [N, C, L]   w [C, K/Groups, S]   b [K] or nil   result [N, K, OutL]
func ConvTranspose1D(x, w, b *Var, o Conv1DOptions, outPad int) *Var {
	if x.Rank() != 3 || w.Rank() != 3 {
		convTranspose2DOp.panicf("ConvTranspose1D: x %v and w %v: want [N, C, L] and [C, K/groups, S]", x.Shape(), w.Shape())
	}
	y := ConvTranspose2D(Unsqueeze(x, 2), Unsqueeze(w, 2), b, ConvTranspose2DOptions{OutPadW: outPad,
		Conv2DOptions: Conv2DOptions{StrideW: o.Stride, PadW: o.Pad, DilationW: o.Dilation, Groups: o.Groups}})
	return Squeeze(y, 2)
}

// ConvTranspose3D is the adjoint of Conv3D, as ConvTranspose2D is of Conv2D. outPad is for depth, height and width.
//
//	x [N, C, D, H, W]   w [C, K/Groups, T, R, S]   b [K] or nil   result [N, K, OutD, OutH, OutW]
func ConvTranspose3D(x, w, b *Var, o Conv3DOptions, outPad [3]int) *Var {
	o = o.normal()
	if x.Rank() != 5 || w.Rank() != 5 || x.Dim(1) != w.Dim(0) {
		convTranspose2DOp.panicf("ConvTranspose3D: x %v and w %v: want [N, C, D, H, W] and [C, K/groups, T, R, S]", x.Shape(), w.Shape())
	}
	n, c, depth, t, k := x.Dim(0), x.Dim(1), x.Dim(2), w.Dim(2), w.Dim(1)*o.Groups
	planes := Reshape(Permute(x, 0, 2, 1, 3, 4), n*depth, c, x.Dim(3), x.Dim(4))
	y := ConvTranspose2D(planes, Reshape(w, c, w.Dim(1)*t, w.Dim(3), w.Dim(4)), nil,
		ConvTranspose2DOptions{Conv2DOptions: o.plane(), OutPadH: outPad[1], OutPadW: outPad[2]})
	windows := Permute(Reshape(y, n, depth, k, t, y.Dim(2), y.Dim(3)), 0, 2, 1, 3, 4, 5) // [N, K, D, T, OutH, OutW]
	least := (depth-1)*o.Stride[0] + o.Dilation[0]*(t-1) + 1
	result := Fold(windows, 2, least+outPad[0], o.Stride[0], o.Dilation[0])
	if o.Pad[0] > 0 {
		result = Slice(result, 2, o.Pad[0], least+outPad[0]-o.Pad[0])
	}
	if b != nil {
		result = Add(result, Reshape(b, k, 1, 1, 1))
	}
	return result
}
