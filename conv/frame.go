package conv

// This file copies images to frames. A frame holds the image rows under some output rows with their padding; pixels of a row that
// are a stride apart lie side by side in it. So what a tap of the filter sees while the filter moves along an output row is
// contiguous, whatever padding, stride and dilation, and where it starts is a sum: of the tap's offset and the output row's.

import "github.com/tutti-ml/tutti/blas/vec"

// frame is the layout: [images, channels, rows, phases, part].
type frame struct {
	s        Shape
	outW     int
	channels int // C/Groups
	phases   int // pixel columns, counted in the padded image, are sorted by their remainder modulo the stride
	part     int // pixels of a row with one remainder
	pitch    int // elements from a row to the next
	down     int // from an output row to the next
	channel  int // from a channel to the next
	image    int // from an image to the next
}

// newFrame returns the layout for so many output rows.
func newFrame(s Shape, rows int) frame {
	f := frame{s: s, outW: s.outW(), channels: s.C / s.Groups}
	reach := s.DilationW * (s.S - 1)
	f.phases = min(s.StrideW, reach+1)
	f.part = f.outW + reach/s.StrideW
	f.pitch = f.phases * f.part
	f.down = s.StrideH * f.pitch
	f.channel = ((rows-1)*s.StrideH + s.DilationH*(s.R-1) + 1) * f.pitch
	f.image = f.channels * f.channel
	return f
}

// offsets appends to dst where each tap (c, r, q) sees the pixel of output (0, 0).
func (f *frame) offsets(dst []int) []int {
	s := &f.s
	for c := range f.channels {
		for r := range s.R {
			for q := range s.S {
				w := q * s.DilationW
				dst = append(dst, c*f.channel+r*s.DilationH*f.pitch+w%s.StrideW*f.part+w/s.StrideW)
			}
		}
	}
	return dst
}

// copyPlane copies a channel of an image, [H, W], to rows of its frame, the first of which is image row from. Rows that no tap
// sees are left as they are.
func copyPlane[T vec.Float](f *frame, dst, x []T, from, rows int) {
	s := &f.s
	reach := s.DilationH*(s.R-1) + 1
	for row := range rows {
		if row%s.StrideH >= reach {
			continue
		}
		dst := dst[row*f.pitch:][:f.pitch]
		h := from + row
		if h < 0 || h >= s.H {
			clear(dst)
			continue
		}
		src := x[h*s.W:][:s.W]
		for phase := range f.phases {
			first := phase - s.PadW
			lo, hi := inside(first, s.StrideW, s.W, 0, f.part)
			part := dst[phase*f.part:][:f.part]
			for i := range part[:lo] {
				part[i] = 0
			}
			for i := hi; i < len(part); i++ {
				part[i] = 0
			}
			if part = part[lo:hi]; s.StrideW == 1 {
				copy(part, src[first+lo:])
				continue
			}
			at := first + lo*s.StrideW
			for i := range part {
				part[i] = src[at]
				at += s.StrideW
			}
		}
	}
}
