package layers

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
)

// Upsampling says how an Upsample makes new elements.
type Upsampling int

const (
	Nearest       Upsampling = iota // each is a copy of the one it lies in
	LinearCorners                   // interpolated; first and last elements keep their places (PyTorch's align_corners)
	LinearPieces                    // interpolated; elements are pieces of the axis
)

// Upsample is signals, images or volumes made Factor times as long, high, wide and deep: all axes behind the channels (see
// autograd.UpsampleNearest and UpsampleLinear).
//
//	x [N, C, H, W]   y [N, C, Factor·H, Factor·W]
type Upsample struct {
	Factor int
	Mode   Upsampling
}

// Forward returns x made larger.
func (l Upsample) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	if x.Rank() < 3 || l.Factor < 1 {
		panic(fmt.Sprintf("layers: Upsample: x %v by %d: want [N, C, ...] and a factor > 0", x.Shape(), l.Factor))
	}
	var size []int
	for _, d := range x.Shape()[2:] {
		size = append(size, d*l.Factor)
	}
	if l.Mode == Nearest {
		return autograd.UpsampleNearest(x, size...)
	}
	return autograd.UpsampleLinear(x, l.Mode == LinearCorners, size...)
}

// PixelShuffle is Factor² channels made one that is Factor times as high and wide (see autograd.PixelShuffle).
type PixelShuffle struct{ Factor int }

// Forward returns x [N, C·Factor², H, W] as [N, C, Factor·H, Factor·W].
func (l PixelShuffle) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.PixelShuffle(x, l.Factor)
}

// PixelUnshuffle is PixelShuffle backwards.
type PixelUnshuffle struct{ Factor int }

// Forward returns x [N, C, Factor·H, Factor·W] as [N, C·Factor², H, W].
func (l PixelUnshuffle) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.PixelUnshuffle(x, l.Factor)
}

// ChannelShuffle deals the channels out anew among groups (see autograd.ChannelShuffle).
type ChannelShuffle struct{ Groups int }

// Forward returns x [N, C, ...] with its channels in another order.
func (l ChannelShuffle) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.ChannelShuffle(x, l.Groups)
}
