package convtest

import "github.com/tutti-ml/tutti/conv"

// Shapes are the awkward ones: every field away from its default at least once, alone and together, and sizes on both sides
// of every seam: one image a panel or several, an image cut in stripes or whole, one partial sum or many. Large images have
// few filters, for the definition is slow.
var Shapes = []struct {
	Name  string
	Shape conv.Shape
}{
	{"one of all", conv.Shape{N: 1, C: 1, H: 1, W: 1, K: 1, R: 1, S: 1}},
	{"one pixel out", conv.Shape{N: 2, C: 3, H: 5, W: 4, K: 4, R: 5, S: 4}},
	{"only padding around a pixel", conv.Shape{N: 1, C: 1, H: 1, W: 1, K: 2, R: 3, S: 3, PadH: 2, PadW: 2}},
	{"3x3 valid", conv.Shape{N: 2, C: 3, H: 7, W: 6, K: 4, R: 3, S: 3}},
	{"3x3 same", conv.Shape{N: 3, C: 4, H: 9, W: 11, K: 5, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"3x3 same on one row", conv.Shape{N: 3, C: 2, H: 1, W: 9, K: 3, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"3x3 same on one column", conv.Shape{N: 3, C: 2, H: 9, W: 1, K: 3, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"5x5 same, image smaller than filter", conv.Shape{N: 2, C: 2, H: 3, W: 2, K: 3, R: 5, S: 5, PadH: 2, PadW: 2}},
	{"3x3 pad 2", conv.Shape{N: 2, C: 3, H: 4, W: 5, K: 2, R: 3, S: 3, PadH: 2, PadW: 2}},
	{"same width, valid height", conv.Shape{N: 2, C: 3, H: 6, W: 5, K: 2, R: 3, S: 3, PadW: 1}},
	{"stride 2", conv.Shape{N: 2, C: 3, H: 9, W: 8, K: 4, R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}},
	{"stride larger than filter", conv.Shape{N: 2, C: 2, H: 11, W: 10, K: 3, R: 2, S: 2, StrideH: 4, StrideW: 3}},
	{"stride skips the last pixels", conv.Shape{N: 1, C: 2, H: 10, W: 10, K: 3, R: 3, S: 3, StrideH: 4, StrideW: 4}},
	{"strides differ", conv.Shape{N: 2, C: 2, H: 7, W: 9, K: 3, R: 3, S: 2, StrideH: 1, StrideW: 3, PadH: 0, PadW: 1}},
	{"dilation 2", conv.Shape{N: 2, C: 3, H: 9, W: 8, K: 4, R: 3, S: 3, DilationH: 2, DilationW: 2}},
	{"dilation 2 same", conv.Shape{N: 2, C: 3, H: 6, W: 7, K: 2, R: 3, S: 3, PadH: 2, PadW: 2, DilationH: 2, DilationW: 2}},
	{"dilation larger than image, padded", conv.Shape{N: 1, C: 2, H: 3, W: 3, K: 2, R: 3, S: 3, PadH: 4, PadW: 4, DilationH: 4, DilationW: 4}},
	{"dilation and stride", conv.Shape{N: 2, C: 2, H: 12, W: 13, K: 3, R: 3, S: 2, StrideH: 2, StrideW: 3, PadH: 1, PadW: 2, DilationH: 3, DilationW: 2}},
	{"groups 2", conv.Shape{N: 2, C: 4, H: 6, W: 5, K: 6, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 2}},
	{"groups 3, stride 2, dilation 2", conv.Shape{N: 2, C: 6, H: 9, W: 9, K: 3, R: 2, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1, DilationH: 2, DilationW: 1, Groups: 3}},
	{"depthwise", conv.Shape{N: 2, C: 5, H: 7, W: 6, K: 5, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 5}},
	{"depthwise, two filters a channel", conv.Shape{N: 2, C: 3, H: 7, W: 6, K: 6, R: 3, S: 3, Groups: 3}},
	{"depthwise, strides, dilation, two filters a channel", conv.Shape{N: 2, C: 4, H: 13, W: 12, K: 8, R: 3, S: 2, StrideH: 3, StrideW: 2, PadH: 2, PadW: 1, DilationH: 2, DilationW: 3, Groups: 4}},
	{"depthwise of small planes, shared out", conv.Shape{N: 40, C: 32, H: 2, W: 2, K: 32, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 32}},
	{"depthwise of a large plane", conv.Shape{N: 1, C: 2, H: 60, W: 61, K: 2, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 2}},
	{"depthwise of one row", conv.Shape{N: 2, C: 3, H: 1, W: 40, K: 3, R: 1, S: 5, StrideW: 2, PadW: 2, Groups: 3}},
	{"1x1", conv.Shape{N: 3, C: 5, H: 9, W: 9, K: 7, R: 1, S: 1}},
	{"1x1 tiny image", conv.Shape{N: 3, C: 5, H: 2, W: 3, K: 7, R: 1, S: 1}},
	{"1x1 groups", conv.Shape{N: 2, C: 6, H: 9, W: 10, K: 4, R: 1, S: 1, Groups: 2}},
	{"1x1 stride 2", conv.Shape{N: 2, C: 3, H: 7, W: 6, K: 4, R: 1, S: 1, StrideH: 2, StrideW: 2}},
	{"1x1 padded", conv.Shape{N: 2, C: 3, H: 4, W: 3, K: 4, R: 1, S: 1, PadH: 1, PadW: 1}},
	{"1x1 image cut in stripes", conv.Shape{N: 2, C: 64, H: 64, W: 65, K: 1, R: 1, S: 1}},
	{"1x3", conv.Shape{N: 2, C: 3, H: 6, W: 7, K: 4, R: 1, S: 3, PadW: 1}},
	{"7x1", conv.Shape{N: 2, C: 3, H: 8, W: 5, K: 4, R: 7, S: 1, PadH: 3}},
	{"LeNet first layer", conv.Shape{N: 5, C: 1, H: 28, W: 28, K: 2, R: 5, S: 5, PadH: 2, PadW: 2}},
	{"LeNet second layer", conv.Shape{N: 33, C: 6, H: 14, W: 14, K: 2, R: 5, S: 5}},
	{"digits", conv.Shape{N: 67, C: 1, H: 8, W: 8, K: 8, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"image cut in stripes", conv.Shape{N: 2, C: 64, H: 31, W: 33, K: 1, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"image cut in stripes, stride 2, dilation 2", conv.Shape{N: 1, C: 64, H: 65, W: 67, K: 1, R: 3, S: 3, StrideH: 2, StrideW: 2, DilationH: 2, DilationW: 2}},
	{"ResNet stem", conv.Shape{N: 1, C: 3, H: 72, W: 64, K: 2, R: 7, S: 7, StrideH: 2, StrideW: 2, PadH: 3, PadW: 3}},
	{"many filters, images joined", conv.Shape{N: 33, C: 6, H: 8, W: 8, K: 16, R: 5, S: 5}},
	{"many filters, groups, stride, dilation", conv.Shape{N: 2, C: 4, H: 13, W: 12, K: 20, R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 2, PadW: 2, DilationH: 2, DilationW: 2, Groups: 2}},
	{"more filters than a product reads where they lie", conv.Shape{N: 3, C: 96, H: 2, W: 2, K: 80, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"many filters, joined, a pixel wide", conv.Shape{N: 5, C: 9, H: 9, W: 1, K: 10, R: 3, S: 1, PadH: 1}},
	{"3x3 same, groups, many pixels", conv.Shape{N: 7, C: 8, H: 9, W: 9, K: 6, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 2}},
	{"dilation 2 same, many pixels", conv.Shape{N: 13, C: 4, H: 6, W: 7, K: 5, R: 3, S: 3, PadH: 2, PadW: 2, DilationH: 2, DilationW: 2}},
}
