package autograd

import "slices"

// Conv1DOptions says how the filters move along the signal. Zero stride, dilation and groups mean one.
type Conv1DOptions struct{ Stride, Pad, Dilation, Groups int }

// Conv1D returns y = w ⋆ x + b, the cross-correlation of signals x with filters w: Conv2D of images one pixel high.
//
//	x [N, C, L]   w [K, C/Groups, S]   b [K] or nil   result [N, K, OutL]
func Conv1D(x, w, b *Var, o Conv1DOptions) *Var {
	if x.Rank() != 3 || w.Rank() != 3 {
		conv2DOp.panicf("Conv1D: x %v and w %v: want [N, C, L] and [K, C/groups, S]", x.Shape(), w.Shape())
	}
	y := Conv2D(Unsqueeze(x, 2), Unsqueeze(w, 2), b,
		Conv2DOptions{StrideW: o.Stride, PadW: o.Pad, DilationW: o.Dilation, Groups: o.Groups})
	return Squeeze(y, 2)
}

// Conv3DOptions says how the filters move through the volumes: depth, height, width. Zero strides, dilations and groups mean one.
type Conv3DOptions struct {
	Stride, Pad, Dilation [3]int
	Groups                int
}

// normal returns o with ones for zeros.
func (o Conv3DOptions) normal() Conv3DOptions {
	for i := range 3 {
		o.Stride[i], o.Dilation[i] = max(o.Stride[i], 1), max(o.Dilation[i], 1)
	}
	o.Groups = max(o.Groups, 1)
	return o
}

// plane returns the options of height and width.
func (o Conv3DOptions) plane() Conv2DOptions {
	return Conv2DOptions{StrideH: o.Stride[1], StrideW: o.Stride[2], PadH: o.Pad[1], PadW: o.Pad[2],
		DilationH: o.Dilation[1], DilationW: o.Dilation[2], Groups: o.Groups}
}

// Conv3D returns y = w ⋆ x + b, the cross-correlation of volumes x with filters w.
//
//	x [N, C, D, H, W]   w [K, C/Groups, T, R, S]   b [K] or nil   result [N, K, OutD, OutH, OutW]
//
// It is Conv2D of the windows along the depth, whose T planes count as channels: the windows are copied, T times x over if the
// stride is one.
func Conv3D(x, w, b *Var, o Conv3DOptions) *Var {
	o = o.normal()
	if x.Rank() != 5 || w.Rank() != 5 || x.Dim(1) != w.Dim(1)*o.Groups {
		conv2DOp.panicf("Conv3D: x %v and w %v with %d groups: want [N, C, D, H, W] and [K, C/groups, T, R, S]", x.Shape(), w.Shape(), o.Groups)
	}
	c, k, t := x.Dim(1), w.Dim(0), w.Dim(2)
	if o.Pad[0] > 0 {
		x = Pad(x, 0, 0, 0, 0, 0, o.Pad[0], o.Pad[0])
	}
	windows := Permute(Unfold(x, 2, t, o.Stride[0], o.Dilation[0]), 0, 2, 1, 3, 4, 5) // [N, OutD, C, T, H, W]
	n, depth := windows.Dim(0), windows.Dim(1)
	y := Conv2D(Reshape(windows, n*depth, c*t, x.Dim(3), x.Dim(4)), Reshape(w, k, w.Dim(1)*t, w.Dim(3), w.Dim(4)), b, o.plane())
	return Permute(Reshape(y, n, depth, k, y.Dim(2), y.Dim(3)), 0, 2, 1, 3, 4)
}

// SamePad returns how many zeros before and behind an axis keep its length under filters with so many taps, stride one, and the one
// more behind if the number is odd, as PyTorch's padding "same".
func SamePad(taps, dilation int) (before, after int) {
	total := max(dilation, 1) * (taps - 1)
	return total / 2, total - total/2
}

// PadSame pads the last axes of x, as many as taps has, with zeros that keep their lengths under filters with so many taps and
// dilations (of which zero and none mean one): first axis first.
func PadSame(x *Var, taps, dilations []int) *Var {
	var amounts []int
	for i, k := range slices.Backward(taps) {
		d := 1
		if i < len(dilations) {
			d = dilations[i]
		}
		before, after := SamePad(k, d)
		amounts = append(amounts, before, after)
	}
	return Pad(x, 0, amounts...)
}
