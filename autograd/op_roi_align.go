package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// RoIAlignOptions says what RoIAlign makes of a box.
type RoIAlignOptions struct {
	R, S    int     // height and width of the result, in bins
	Scale   float64 // pixels of x for one unit of the boxes' coordinates; zero means one
	Samples int     // sampling points along each side of a bin; zero means one a pixel of it
	Aligned bool    // coordinates are those of pixel edges: boxes are shifted by half a pixel
}

// RoIAlign returns, for every box, what x has in it, as R×S bins: the mean of bilinear samples of each. Boxes are not differentiated.
//
//	x [N, C, H, W]   boxes [B, 5] of x's dtype: image, x1, y1, x2, y2   result [B, C, R, S]
//
// Semantics: torchvision's roi_align. Source: He et al., "Mask R-CNN", arXiv:1703.06870.
func RoIAlign(x *Var, boxes *tensor.Tensor, o RoIAlignOptions) *Var {
	n := roiAlignOp.on(x)
	if x.Rank() != 4 || boxes.Rank() != 2 || boxes.Dim(1) != 5 || boxes.DType() != x.DType() {
		n.op.panicf("x %v %v and boxes %v %v: want [N, C, H, W] and [B, 5] of one dtype", x.DType(), x.Shape(), boxes.DType(), slices.Clone(boxes.Shape()))
	}
	n.targets, n.factor = n.tape.contiguous(boxes), o.Scale
	n.ints = [4]int{o.R, o.S, o.Samples, 0}
	if o.Aligned {
		n.ints[3] = 1
	}
	return n.run(boxes.Dim(0), x.Dim(1), o.R, o.S)
}

var roiAlignOp = &op{"RoIAlign",
	kernels{roiAlignForward[float32], roiAlignBackward[float32]}, kernels{roiAlignForward[float64], roiAlignBackward[float64]}}

func roiShape(n *node) conv.RoIShape {
	x := n.in[0]
	return conv.RoIShape{N: x.Dim(0), C: x.Dim(1), H: x.Dim(2), W: x.Dim(3),
		R: n.ints[0], S: n.ints[1], Scale: n.factor, Samples: n.ints[2], Aligned: n.ints[3] == 1}
}

func roiAlignForward[T vec.Float](n *node) {
	conv.RoIAlign(roiShape(n), out[T](n), in[T](n, 0), tensor.Data[T](n.targets))
}

// Every sample sends its share of a bin's gradient to the four pixels that it was interpolated from.
func roiAlignBackward[T vec.Float](n *node) {
	conv.RoIAlignBackward(roiShape(n), acc[T](n, 0), outGrad[T](n), tensor.Data[T](n.targets))
}
