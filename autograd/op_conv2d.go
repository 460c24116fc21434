package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// Conv2DOptions says how the filters move over the images. Zero strides, dilations and groups mean one.
type Conv2DOptions struct {
	StrideH, StrideW     int // step of the filter, in pixels
	PadH, PadW           int // zeros on each side of the image, in pixels
	DilationH, DilationW int // distance of neighbouring filter taps, in pixels
	Groups               int // channels and filters are cut in so many groups that do not see each other
}

// Conv2D returns y = w ⋆ x + b, the cross-correlation of images x with filters w.
//
//	x [N, C, H, W]   w [K, C/Groups, R, S]   b [K] or nil   result [N, K, OutH, OutW]
//	OutH = ⌊(H + 2·PadH − DilationH·(R−1) − 1)/StrideH⌋ + 1
//
// Cost: 2·N·K·OutH·OutW·C/Groups·R·S flops, twice that backward. Source: Dumoulin and Visin, arXiv:1603.07285.
func Conv2D(x, w, b *Var, o Conv2DOptions) *Var {
	var n *node
	if b == nil {
		n = conv2DOp.on(x, w)
	} else {
		n = conv2DOp.on(x, w, b)
	}
	groups := max(o.Groups, 1)
	if x.Rank() != 4 || w.Rank() != 4 || x.Dim(1) != w.Dim(1)*groups {
		n.op.panicf("x %v and w %v with %d groups: want [N, C, H, W] and [K, C/groups, R, S]", x.Shape(), w.Shape(), groups)
	}
	if b != nil && (b.Rank() != 1 || b.Dim(0) != w.Dim(0)) {
		n.op.panicf("w %v and b %v: b must be [%d]", w.Shape(), b.Shape(), w.Dim(0))
	}
	n.conv = conv.Shape{
		N: x.Dim(0), C: x.Dim(1), H: x.Dim(2), W: x.Dim(3), K: w.Dim(0), R: w.Dim(2), S: w.Dim(3),
		StrideH: o.StrideH, StrideW: o.StrideW, PadH: o.PadH, PadW: o.PadW,
		DilationH: o.DilationH, DilationW: o.DilationW, Groups: o.Groups,
	}.Normal()
	return n.run(n.conv.N, n.conv.K, n.conv.OutH(), n.conv.OutW())
}

var conv2DOp = &op{"Conv2D",
	kernels{conv2DForward[float32], conv2DBackward[float32]}, kernels{conv2DForward[float64], conv2DBackward[float64]}}

func conv2DForward[T vec.Float](n *node) {
	var b []T
	if len(n.in) == 3 {
		b = in[T](n, 2)
	}
	conv.Forward(n.conv, out[T](n), in[T](n, 0), in[T](n, 1), b)
}

// Every product of a pixel and a filter tap sends the result's gradient, times the one, to the other: the images' gradient
// is dy spread through the filters, the filters' is dy correlated with the images, the bias's is dy summed.
func conv2DBackward[T vec.Float](n *node) {
	dy := outGrad[T](n)
	if n.wants(0) {
		conv.BackwardData(n.conv, acc[T](n, 0), dy, in[T](n, 1))
	}
	wantsB := len(n.in) == 3 && n.wants(2)
	if !n.wants(1) && !wantsB {
		return
	}
	var dw, db []T
	if wantsB {
		db = acc[T](n, 2)
	}
	if n.wants(1) {
		dw = acc[T](n, 1)
	} else { // a bias that learns over filters that do not: their gradient is computed and forgotten
		scratch := n.tape.pool.New(n.in[1].DType(), n.in[1].Shape()...)
		scratch.Zero()
		defer n.tape.pool.Put(scratch)
		dw = tensor.Data[T](scratch)
	}
	conv.BackwardFilter(n.conv, dw, db, in[T](n, 0), dy)
}
