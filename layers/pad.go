package layers

import "github.com/tutti-ml/tutti/autograd"

// Padding is where the elements come from that a Pad puts around.
type Padding int

const (
	PadConstant  Padding = iota // Value
	PadReflect                  // mirrored at the edge, which is not repeated
	PadReplicate                // the edge's element again and again
	PadCircular                 // from the other end
)

// Pad puts elements around the last axes: amounts are a pair (before, after) for the last axis, then one for the axis before it, and
// so on, as in PyTorch's ZeroPad2d, ReflectionPad2d and their like (see autograd.Pad).
type Pad struct {
	Amounts []int
	Mode    Padding
	Value   float64 // of PadConstant; default 0
}

// Forward returns x, padded.
func (l Pad) Forward(_ *autograd.Tape, x *autograd.Var) *autograd.Var {
	switch l.Mode {
	case PadReflect:
		return autograd.PadReflect(x, l.Amounts...)
	case PadReplicate:
		return autograd.PadReplicate(x, l.Amounts...)
	case PadCircular:
		return autograd.PadCircular(x, l.Amounts...)
	}
	return autograd.Pad(x, l.Value, l.Amounts...)
}
