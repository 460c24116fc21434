package layers

import "math/rand/v2"

// convExamples are the layers that move windows over signals, images and volumes, and that resize them.
func convExamples() []Example {
	return []Example{
		{Name: "Conv1D", Input: []int{2, 2, 6}, New: func(rng *rand.Rand) Layer { return NewConv1D(rng, Conv1DConfig{In: 2, Out: 3, Kernel: 3}) }},
		{Name: "Conv1D with all options", Input: []int{2, 4, 9}, New: func(rng *rand.Rand) Layer {
			return NewConv1D(rng, Conv1DConfig{In: 4, Out: 6, Kernel: 3, Stride: 2, Pad: 1, Dilation: 2, Groups: 2, NoBias: true})
		}},
		{Name: "Conv1D of the same size", Input: []int{2, 2, 6}, New: func(rng *rand.Rand) Layer {
			return NewConv1D(rng, Conv1DConfig{In: 2, Out: 3, Kernel: 4, Dilation: 2, Same: true})
		}},
		{Name: "Conv2D of the same size", Input: []int{2, 2, 5, 4}, New: func(rng *rand.Rand) Layer {
			return NewConv2D(rng, Conv2DConfig{In: 2, Out: 3, Kernel: 3, KernelW: 2, Same: true})
		}},
		{Name: "Conv3D", Input: []int{2, 2, 3, 4, 3}, New: func(rng *rand.Rand) Layer {
			return NewConv3D(rng, Conv3DConfig{In: 2, Out: 3, Kernel: [3]int{2, 3, 1}})
		}},
		{Name: "Conv3D of the same size", Input: []int{2, 2, 3, 3, 2}, New: func(rng *rand.Rand) Layer {
			return NewConv3D(rng, Conv3DConfig{In: 2, Out: 2, Kernel: [3]int{2, 3, 1}, Same: true, Groups: 2})
		}},
		{Name: "ConvTranspose1D", Input: []int{2, 4, 3}, New: func(rng *rand.Rand) Layer {
			return NewConvTranspose1D(rng, ConvTransposeConfig{In: 4, Out: 6, Kernel: 3, Stride: 2, Pad: 1, OutPad: 1, Groups: 2})
		}},
		{Name: "ConvTranspose2D", Input: []int{2, 3, 3, 4}, New: func(rng *rand.Rand) Layer {
			return NewConvTranspose2D(rng, ConvTransposeConfig{In: 3, Out: 2, Kernel: 4, Stride: 2, Pad: 1})
		}},
		{Name: "ConvTranspose3D", Input: []int{2, 2, 2, 2, 3}, New: func(rng *rand.Rand) Layer {
			return NewConvTranspose3D(rng, ConvTransposeConfig{In: 2, Out: 2, Kernel: 2, Stride: 2, NoBias: true})
		}},
		{Name: "SeparableConv2D", Input: []int{2, 3, 6, 5}, New: func(rng *rand.Rand) Layer {
			return NewSeparableConv2D(rng, Conv2DConfig{In: 3, Out: 4, Kernel: 3, Pad: 1}, 2)
		}},
		always("MaxPool1D", MaxPool1D{Kernel: 3, Stride: 2, Pad: 1}, 2, 2, 7),
		always("AvgPool1D", AvgPool1D{Kernel: 2, Ceil: true}, 2, 2, 7),
		always("MaxPool3D", MaxPool3D{Kernel: 2}, 2, 2, 4, 3, 4),
		always("AvgPool3D", AvgPool3D{Kernel: 3, Stride: 2, Pad: 1, ExcludePad: true}, 2, 2, 4, 3, 4),
		always("MaxPool2D with dilation, rounded up", MaxPool2D{Kernel: 2, Stride: 2, Dilation: 2, Ceil: true}, 2, 2, 6, 6),
		always("LpPool1D", LpPool1D{P: 2, Kernel: 2}, 2, 2, 6),
		always("LpPool2D", LpPool2D{P: 2, Kernel: 2, Stride: 1}, 2, 2, 4, 3),
		always("AdaptiveAvgPool1D", AdaptiveAvgPool1D{Out: 3}, 2, 2, 7),
		always("AdaptiveAvgPool2D", AdaptiveAvgPool2D{H: 2, W: 3}, 2, 2, 5, 4),
		always("AdaptiveAvgPool3D", AdaptiveAvgPool3D{D: 2, H: 2, W: 3}, 2, 2, 3, 5, 4),
		always("AdaptiveMaxPool1D", AdaptiveMaxPool1D{Out: 3}, 2, 2, 7),
		always("AdaptiveMaxPool2D", AdaptiveMaxPool2D{H: 2, W: 3}, 2, 2, 5, 4),
		always("AdaptiveMaxPool3D", AdaptiveMaxPool3D{D: 2, H: 2, W: 3}, 2, 2, 3, 5, 4),
		always("GlobalAvgPool", GlobalAvgPool{}, 2, 3, 4, 3),
		always("GlobalMaxPool", GlobalMaxPool{}, 2, 3, 4, 3),
		always("Upsample", Upsample{Factor: 2}, 2, 2, 2, 3),
		always("Upsample by interpolation", Upsample{Factor: 2, Mode: LinearPieces}, 2, 2, 2, 3),
		always("Upsample between corners", Upsample{Factor: 3, Mode: LinearCorners}, 2, 2, 3),
		always("PixelShuffle", PixelShuffle{Factor: 2}, 2, 4, 2, 3),
		always("PixelUnshuffle", PixelUnshuffle{Factor: 2}, 2, 2, 4, 2),
		always("ChannelShuffle", ChannelShuffle{Groups: 2}, 2, 4, 3),
		always("Pad", Pad{Amounts: []int{1, 2, 0, 1}, Value: 0.5}, 2, 2, 3),
		always("Pad by reflection", Pad{Amounts: []int{1, 2}, Mode: PadReflect}, 2, 2, 3),
		always("Pad by replication", Pad{Amounts: []int{1, 2}, Mode: PadReplicate}, 2, 2, 3),
		always("Pad in a circle", Pad{Amounts: []int{1, 2}, Mode: PadCircular}, 2, 2, 3),
	}
}
