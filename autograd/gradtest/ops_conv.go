package gradtest

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

var someBoxes = tensor.FromSlice([]float64{0, 0.5, 0.5, 3.25, 4.5, 1, 1.25, 0, 4, 2.5, 0, -1, 2, 6, 5}, 3, 5)

// convolutions are what moves windows over signals, images and volumes, and what resizes them.
var convolutions = []Case{
	{Name: "Conv1D", Inputs: of([]int{2, 4, 7}, []int{6, 2, 3}, []int{6}), Fn: three(func(x, w, b out) out {
		return autograd.Conv1D(x, w, b, autograd.Conv1DOptions{Stride: 2, Pad: 1, Dilation: 2, Groups: 2})
	})},
	{Name: "Conv2D depthwise", Inputs: of([]int{2, 3, 6, 5}, []int{6, 1, 3, 2}, []int{6}), Fn: three(func(x, w, b out) out {
		return autograd.Conv2D(x, w, b, autograd.Conv2DOptions{PadH: 1, PadW: 1, Groups: 3})
	})},
	{Name: "Conv3D", Inputs: of([]int{2, 2, 3, 4, 3}, []int{2, 2, 2, 3, 2}, []int{2}), Few: true, Fn: three(func(x, w, b out) out {
		return autograd.Conv3D(x, w, b, autograd.Conv3DOptions{})
	})},
	{Name: "Conv3D with everything", Inputs: of([]int{1, 4, 5, 4, 5}, []int{2, 2, 2, 2, 3}), Few: true, Fn: two(func(x, w out) out {
		return autograd.Conv3D(x, w, nil, autograd.Conv3DOptions{Stride: [3]int{2, 1, 2}, Pad: [3]int{1, 1, 0}, Dilation: [3]int{2, 1, 2}, Groups: 2})
	})},
	{Name: "ConvTranspose1D", Inputs: of([]int{2, 4, 4}, []int{4, 3, 3}, []int{6}), Fn: three(func(x, w, b out) out {
		return autograd.ConvTranspose1D(x, w, b, autograd.Conv1DOptions{Stride: 2, Pad: 1, Groups: 2}, 1)
	})},
	{Name: "ConvTranspose2D", Inputs: of([]int{2, 3, 3, 4}, []int{3, 2, 3, 2}, []int{2}), Fn: three(func(x, w, b out) out {
		return autograd.ConvTranspose2D(x, w, b, autograd.ConvTranspose2DOptions{})
	})},
	{Name: "ConvTranspose2D with everything", Inputs: of([]int{2, 4, 3, 3}, []int{4, 1, 3, 2}), Fn: two(func(x, w out) out {
		return autograd.ConvTranspose2D(x, w, nil, autograd.ConvTranspose2DOptions{OutPadH: 1, OutPadW: 2,
			Conv2DOptions: autograd.Conv2DOptions{StrideH: 2, StrideW: 3, PadH: 1, PadW: 1, DilationH: 2, DilationW: 1, Groups: 2}})
	})},
	{Name: "ConvTranspose2D made larger than its stride", Inputs: of([]int{1, 2, 3, 2}, []int{2, 1, 2, 2}, []int{1}), Fn: three(func(x, w, b out) out {
		return autograd.ConvTranspose2D(x, w, b, autograd.ConvTranspose2DOptions{OutPadH: 1, OutPadW: 2,
			Conv2DOptions: autograd.Conv2DOptions{StrideW: 2, PadH: 1, PadW: 1, DilationH: 2, DilationW: 3}})
	})},
	{Name: "ConvTranspose3D", Inputs: of([]int{1, 2, 2, 3, 2}, []int{2, 2, 3, 2, 2}, []int{2}), Few: true, Fn: three(func(x, w, b out) out {
		return autograd.ConvTranspose3D(x, w, b, autograd.Conv3DOptions{Stride: [3]int{2, 1, 2}, Pad: [3]int{1, 0, 1}}, [3]int{1, 0, 1})
	})},
	{Name: "PadSame", Inputs: of([]int{2, 3, 4}), Fn: one(func(a out) out { return autograd.PadSame(a, []int{2, 3}, []int{1, 2}) })},
	{Name: "Unfold", Inputs: of([]int{2, 7, 2}), Fn: one(func(a out) out { return autograd.Unfold(a, 1, 3, 2, 2) })},
	{Name: "Unfold of the last axis", Inputs: of([]int{2, 6}), Fn: one(func(a out) out { return autograd.Unfold(a, -1, 3, 1, 1) })},
	{Name: "Fold", Inputs: of([]int{2, 3, 3, 2}), Fn: one(func(a out) out { return autograd.Fold(a, 1, 6, 1, 1) })},

	{Name: "MaxPool1D", Inputs: of([]int{2, 2, 7}), Fn: one(func(a out) out {
		return autograd.MaxPool1D(a, autograd.Pool1DOptions{Size: 3, Stride: 2, Pad: 1})
	})},
	{Name: "MaxPool2D rounded up", Inputs: of([]int{1, 2, 6, 6}), Fn: one(func(a out) out {
		return autograd.MaxPool2D(a, autograd.Pool2DOptions{R: 3, S: 3, StrideH: 2, StrideW: 2, Ceil: true})
	})},
	{Name: "MaxPool2D of padding alone", Inputs: of([]int{1, 2, 2, 4}), Fn: one(func(a out) out { // -Inf, clamped
		return autograd.Clamp(autograd.MaxPool2D(a, autograd.Pool2DOptions{R: 2, S: 2, StrideW: 1, PadH: 1, DilationH: 3}), -5, 5)
	})},
	{Name: "MaxPool3D", Inputs: of([]int{1, 2, 4, 5, 4}), Few: true, Fn: one(func(a out) out {
		return autograd.MaxPool3D(a, autograd.Pool3DOptions{Size: [3]int{2, 3, 2}, Stride: [3]int{2, 2, 1}, Pad: [3]int{0, 1, 1}})
	})},
	{Name: "AvgPool1D", Inputs: of([]int{2, 2, 7}), Fn: one(func(a out) out {
		return autograd.AvgPool1D(a, autograd.Pool1DOptions{Size: 3, Stride: 2, Pad: 1, Ceil: true})
	})},
	{Name: "AvgPool3D", Inputs: of([]int{1, 2, 4, 5, 4}), Few: true, Fn: one(func(a out) out {
		return autograd.AvgPool3D(a, autograd.Pool3DOptions{Size: [3]int{2, 3, 2}, Stride: [3]int{2, 2, 1}, Pad: [3]int{1, 1, 1}, ExcludePad: true})
	})},
	{Name: "LpPool1D", Inputs: positive([]int{2, 2, 6}), Fn: one(func(a out) out { return autograd.LpPool1D(a, 3, autograd.Pool1DOptions{Size: 2}) })},
	{Name: "LpPool2D", Inputs: of([]int{2, 2, 4, 4}), Fn: one(func(a out) out {
		return autograd.LpPool2D(a, 2, autograd.Pool2DOptions{R: 2, S: 3, StrideW: 1})
	})},
	{Name: "AdaptiveAvgPool1D", Inputs: of([]int{2, 2, 7}), Fn: one(func(a out) out { return autograd.AdaptiveAvgPool1D(a, 3) })},
	{Name: "AdaptiveAvgPool2D", Inputs: of([]int{2, 2, 5, 4}), Fn: one(func(a out) out { return autograd.AdaptiveAvgPool2D(a, 2, 3) })},
	{Name: "AdaptiveAvgPool3D", Inputs: of([]int{1, 2, 4, 5, 4}), Few: true, Fn: one(func(a out) out { return autograd.AdaptiveAvgPool3D(a, 3, 2, 4) })},
	{Name: "AdaptiveMaxPool1D", Inputs: of([]int{2, 2, 7}), Fn: one(func(a out) out { return autograd.AdaptiveMaxPool1D(a, 3) })},
	{Name: "AdaptiveMaxPool2D", Inputs: of([]int{2, 2, 5, 4}), Fn: one(func(a out) out { return autograd.AdaptiveMaxPool2D(a, 2, 3) })},
	{Name: "AdaptiveMaxPool3D", Inputs: of([]int{1, 2, 4, 5, 4}), Few: true, Fn: one(func(a out) out { return autograd.AdaptiveMaxPool3D(a, 3, 2, 4) })},
	{Name: "RoIAlign", Inputs: of([]int{2, 2, 5, 6}), Few: true, Fn: func(_ *tape, x vars) out {
		return autograd.RoIAlign(x[0], someBoxes.Cast(x[0].DType()), autograd.RoIAlignOptions{R: 2, S: 3, Scale: 0.75, Samples: 2, Aligned: true})
	}},
	{Name: "RoIAlign with samples as needed", Inputs: of([]int{2, 2, 5, 6}), Few: true, Fn: func(_ *tape, x vars) out {
		return autograd.RoIAlign(x[0], someBoxes.Cast(x[0].DType()), autograd.RoIAlignOptions{R: 2, S: 2})
	}},

	{Name: "UpsampleNearest", Inputs: of([]int{2, 2, 3, 4}), Fn: one(func(a out) out { return autograd.UpsampleNearest(a, 5, 8) })},
	{Name: "UpsampleLinear of signals", Inputs: of([]int{2, 2, 4}), Fn: one(func(a out) out { return autograd.UpsampleLinear(a, false, 7) })},
	{Name: "UpsampleLinear of images", Inputs: of([]int{2, 2, 3, 4}), Fn: one(func(a out) out { return autograd.UpsampleLinear(a, true, 5, 9) })},
	{Name: "UpsampleLinear of volumes", Inputs: of([]int{1, 2, 3, 4, 3}), Few: true, Fn: one(func(a out) out {
		return autograd.UpsampleLinear(a, false, 5, 2, 6)
	})},
	{Name: "PixelShuffle", Inputs: of([]int{2, 8, 2, 3}), Fn: one(func(a out) out { return autograd.PixelShuffle(a, 2) })},
	{Name: "PixelUnshuffle", Inputs: of([]int{2, 2, 4, 6}), Fn: one(func(a out) out { return autograd.PixelUnshuffle(a, 2) })},
	{Name: "ChannelShuffle", Inputs: of([]int{2, 6, 2, 2}), Fn: one(func(a out) out { return autograd.ChannelShuffle(a, 3) })},
}
