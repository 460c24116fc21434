package conv

import "fmt"

// Shape says the sizes of one two-dimensional convolution. Strides, dilations and groups of zero mean one.
type Shape struct {
	N, C, H, W           int // images, their channels, height and width
	K, R, S              int // filters, their height and width
	StrideH, StrideW     int // step of the filter over the image, in pixels
	PadH, PadW           int // zeros imagined on each side of the image, in pixels
	DilationH, DilationW int // distance of neighbouring filter taps in the image, in pixels
	Groups               int // channels and filters are cut in so many groups that do not see each other; C is depthwise
}

// Validate panics, naming both values, unless s describes a convolution with at least one output pixel. N may be zero,
// and C, whose results are the bias.
func (s Shape) Validate() { s.Normal() }

// OutH returns the height of the output: ⌊(H + 2·PadH - DilationH·(R-1) - 1)/StrideH⌋ + 1.
func (s Shape) OutH() int { return s.Normal().outH() }

// OutW returns the width of the output, by the formula of OutH.
func (s Shape) OutW() int { return s.Normal().outW() }

// LenX returns the number of elements of the input, N·C·H·W.
func (s Shape) LenX() int { return s.N * s.C * s.H * s.W }

// LenW returns the number of elements of the filters, K·C/Groups·R·S.
func (s Shape) LenW() int { return s.K * (s.C / max(s.Groups, 1)) * s.R * s.S }

// LenY returns the number of elements of the output, N·K·OutH·OutW.
func (s Shape) LenY() int { return s.N * s.K * s.OutH() * s.OutW() }

// Flops returns the number of multiplications and additions of one pass: 2·N·K·OutH·OutW·C/Groups·R·S.
func (s Shape) Flops() int { return 2 * s.N * s.OutH() * s.OutW() * s.LenW() }

// String returns s in one line, such as "N=8 C=64 H=56 W=56 K=64 3x3 stride 1x1 pad 1x1 dilation 1x1 groups 1".
func (s Shape) String() string {
	return fmt.Sprintf("N=%d C=%d H=%d W=%d K=%d %dx%d stride %dx%d pad %dx%d dilation %dx%d groups %d", s.N, s.C, s.H, s.W,
		s.K, s.R, s.S, max(s.StrideH, 1), max(s.StrideW, 1), s.PadH, s.PadW, max(s.DilationH, 1), max(s.DilationW, 1), max(s.Groups, 1))
}

// Normal returns s with ones for zero strides, dilations and groups, or panics if s is not valid.
func (s Shape) Normal() Shape {
	if s.N < 0 {
		panic(fmt.Sprintf("conv: Shape: N = %d, want >= 0", s.N))
	}
	if s.C < 0 {
		panic(fmt.Sprintf("conv: Shape: C = %d, want >= 0", s.C))
	}
	positive("Shape", "K", s.K)
	s.StrideH, s.DilationH = alongH.window("Shape", s.H, s.R, s.StrideH, s.PadH, s.DilationH)
	s.StrideW, s.DilationW = alongW.window("Shape", s.W, s.S, s.StrideW, s.PadW, s.DilationW)
	if s.Groups == 0 {
		s.Groups = 1
	}
	positive("Shape", "Groups", s.Groups)
	if s.C%s.Groups != 0 {
		panic(fmt.Sprintf("conv: Shape: C = %d is not a multiple of Groups = %d", s.C, s.Groups))
	}
	if s.K%s.Groups != 0 {
		panic(fmt.Sprintf("conv: Shape: K = %d is not a multiple of Groups = %d", s.K, s.Groups))
	}
	return s
}

// outH and outW return the output's size of a normal shape.
func (s Shape) outH() int { return outSize(s.H, s.R, s.StrideH, s.PadH, s.DilationH) }
func (s Shape) outW() int { return outSize(s.W, s.S, s.StrideW, s.PadW, s.DilationW) }

// outSize returns the number of windows along an axis.
func outSize(size, taps, stride, pad, dilation int) int {
	return (size+2*pad-dilation*(taps-1)-1)/stride + 1
}

// axis holds the names of the fields that describe a sliding window along one axis.
type axis struct{ size, taps, stride, pad, dilation string }

var (
	alongH = axis{"H", "R", "StrideH", "PadH", "DilationH"}
	alongW = axis{"W", "S", "StrideW", "PadW", "DilationW"}
)

// window checks a sliding window along a and returns its stride and dilation, one where they were zero.
func (a *axis) window(op string, size, taps, stride, pad, dilation int) (int, int) {
	if stride == 0 {
		stride = 1
	}
	if dilation == 0 {
		dilation = 1
	}
	positive(op, a.size, size)
	positive(op, a.taps, taps)
	positive(op, a.stride, stride)
	positive(op, a.dilation, dilation)
	if pad < 0 {
		panic(fmt.Sprintf("conv: %s: %s = %d, want >= 0", op, a.pad, pad))
	}
	if span := dilation*(taps-1) + 1; span > size+2*pad {
		panic(fmt.Sprintf("conv: %s: a window of %d along %s is larger than the padded image of %d", op, span, a.size, size+2*pad))
	}
	return stride, dilation
}

func positive(op, name string, v int) {
	if v <= 0 {
		panic(fmt.Sprintf("conv: %s: %s = %d, want > 0", op, name, v))
	}
}

// length panics unless operand name has the length its shape says.
func length(op, name string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("conv: %s: %s has %d elements, its shape says %d", op, name, got, want))
	}
}
