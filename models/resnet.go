package models

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
)

// ResNet is a residual network for images: blocks of two or three convolutions, each of which learns what to add to its input.
// Its names in a state dictionary are torchvision's.
//
//	x [N, In, H, W]   y [N, Classes] logits
//
// Source: He, Zhang, Ren and Sun, arXiv:1512.03385; the stride of a bottleneck is on its 3×3 convolution, as in torchvision.
type ResNet struct {
	Conv1                          *layers.Conv2D
	BN1                            *layers.BatchNorm
	Layer1, Layer2, Layer3, Layer4 layers.Sequential
	FC                             *layers.Linear

	// PoolFirst pools the first convolution's result to half its size, as is usual for images of 224 pixels.
	PoolFirst bool
}

// ResNetConfig says what a ResNet looks like.
type ResNetConfig struct {
	In      int // channels of the images; default 3
	Classes int // default 1000
	Width   int // channels of the first stage; default 64, or 16 for ResNet20
	// Small is for images of some 32 pixels: the first convolution is 3×3 without stride, and nothing is pooled before the blocks.
	// ResNet20 always is.
	Small bool
}

// NewResNet18 returns ResNet-18: 11,689,512 parameters for 1000 classes.
func NewResNet18(rng *rand.Rand, c ResNetConfig) *ResNet {
	return newResNet(rng, c, false, 2, 2, 2, 2)
}

// NewResNet50 returns ResNet-50: 25,557,032 parameters for 1000 classes.
func NewResNet50(rng *rand.Rand, c ResNetConfig) *ResNet {
	return newResNet(rng, c, true, 3, 4, 6, 3)
}

// NewResNet20 returns the ResNet of the paper's section 4.2 for CIFAR-10: three stages of three blocks, of 16, 32 and 64 channels,
// whose shortcuts have no parameters. 269,722 parameters for 10 classes.
func NewResNet20(rng *rand.Rand, c ResNetConfig) *ResNet {
	c.Width, c.Small = cmp.Or(c.Width, 16), true
	return newResNet(rng, c, false, 3, 3, 3)
}

func newResNet(rng *rand.Rand, c ResNetConfig, bottleneck bool, blocks ...int) *ResNet {
	width := cmp.Or(c.Width, 64)
	net := &ResNet{BN1: layers.NewBatchNorm(width), PoolFirst: !c.Small}
	if c.Small {
		net.Conv1 = convolution(rng, cmp.Or(c.In, 3), width, 3, 1, 1)
	} else {
		net.Conv1 = convolution(rng, cmp.Or(c.In, 3), width, 7, 2, 1)
	}
	in := width
	for stage, to := range []*layers.Sequential{&net.Layer1, &net.Layer2, &net.Layer3, &net.Layer4}[:len(blocks)] {
		channels, stride := width<<stage, min(stage+1, 2)
		for range blocks[stage] {
			var b *ResNetBlock
			switch {
			case bottleneck:
				b = newBottleneck(rng, in, channels, stride)
				in = 4 * channels
			default:
				b = newBasicBlock(rng, in, channels, stride, len(blocks) == 3)
				in = channels
			}
			*to = append(*to, b)
			stride = 1
		}
	}
	net.FC = layers.NewLinear(rng, in, cmp.Or(c.Classes, 1000))
	return net
}

// Forward returns logits.
func (m *ResNet) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	x = autograd.ReLU(m.BN1.Forward(t, m.Conv1.Forward(t, x)))
	if m.PoolFirst {
		x = autograd.MaxPool2D(x, autograd.Pool2DOptions{R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1})
	}
	for _, stage := range []layers.Sequential{m.Layer1, m.Layer2, m.Layer3, m.Layer4} {
		x = stage.Forward(t, x)
	}
	return m.FC.Forward(t, globalMean(x))
}

// ResNetBlock is one residual block: two 3×3 convolutions or, with Conv3, a bottleneck of 1×1, 3×3 and 1×1.
type ResNetBlock struct {
	Conv1 *layers.Conv2D
	BN1   *layers.BatchNorm
	Conv2 *layers.Conv2D
	BN2   *layers.BatchNorm
	Conv3 *layers.Conv2D // of a bottleneck
	BN3   *layers.BatchNorm
	// Downsample brings the input to the result's shape where that differs; if it is nil, pixels are left out and channels of
	// zeros are added (the paper's option A).
	Downsample layers.Sequential
}

func newBasicBlock(rng *rand.Rand, in, out, stride int, optionA bool) *ResNetBlock {
	b := &ResNetBlock{
		Conv1: convolution(rng, in, out, 3, stride, 1), BN1: layers.NewBatchNorm(out),
		Conv2: convolution(rng, out, out, 3, 1, 1), BN2: layers.NewBatchNorm(out),
	}
	if !optionA {
		b.Downsample = downsample(rng, in, out, stride)
	}
	return b
}

func newBottleneck(rng *rand.Rand, in, channels, stride int) *ResNetBlock {
	return &ResNetBlock{
		Conv1: convolution(rng, in, channels, 1, 1, 1), BN1: layers.NewBatchNorm(channels),
		Conv2: convolution(rng, channels, channels, 3, stride, 1), BN2: layers.NewBatchNorm(channels),
		Conv3: convolution(rng, channels, 4*channels, 1, 1, 1), BN3: layers.NewBatchNorm(4 * channels),
		Downsample: downsample(rng, in, 4*channels, stride),
	}
}

// downsample returns a 1×1 convolution from in to out channels, or nil if the input will do as it is.
func downsample(rng *rand.Rand, in, out, stride int) layers.Sequential {
	if in == out && stride == 1 {
		return nil
	}
	return layers.Sequential{convolution(rng, in, out, 1, stride, 1), layers.NewBatchNorm(out)}
}

// Forward returns relu(body(x) + shortcut(x)).
func (b *ResNetBlock) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := b.BN1.Forward(t, b.Conv1.Forward(t, x))
	y = b.BN2.Forward(t, b.Conv2.Forward(t, autograd.ReLU(y)))
	if b.Conv3 != nil {
		y = b.BN3.Forward(t, b.Conv3.Forward(t, autograd.ReLU(y)))
	}
	return autograd.ReLU(autograd.Add(y, b.shortcut(t, x, y)))
}

func (b *ResNetBlock) shortcut(t *autograd.Tape, x, y *autograd.Var) *autograd.Var {
	if b.Downsample != nil {
		return b.Downsample.Forward(t, x)
	}
	if x.Value().SameShape(y.Value()) {
		return x
	}
	more := y.Dim(1) - x.Dim(1)
	if more < 0 {
		panic(fmt.Sprintf("models: ResNetBlock: %d channels in, %d out: a shortcut without parameters only adds channels", x.Dim(1), y.Dim(1)))
	}
	x = autograd.SliceStep(autograd.SliceStep(x, 2, 0, x.Dim(2), 2), 3, 0, x.Dim(3), 2)
	return autograd.Pad(x, 0, 0, 0, 0, 0, more/2, more-more/2)
}
