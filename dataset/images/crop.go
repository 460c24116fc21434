package images

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// CenterCrop takes the middle H by W pixels. What an image lacks is black.
type CenterCrop struct{ H, W int }

// Form is of Op.
func (o CenterCrop) Form(in Form) (Form, error) { return in.sized(o.H, o.W) }

// Apply is of Op. The odd pixel is torchvision's choice: it rounds half to even.
func (o CenterCrop) Apply(im *Image, _ *rand.Rand) {
	top, left := centred(im.H, o.H), centred(im.W, o.W)
	crop(im, top, left, o.H, o.W, Constant, 0)
}

func centred(have, want int) int {
	if want > have {
		return -((want - have) / 2)
	}
	return int(math.RoundToEven(float64(have-want) / 2))
}

// Padding is what lies around an image.
type Padding uint8

const (
	Constant  Padding = iota // one value
	Edge                     // the outermost pixel: aaa|abcd|ddd
	Reflect                  // a mirror in the outermost pixel: dcb|abcd|cba
	Symmetric                // a mirror behind it: cba|abcd|dcb
)

// RandomCrop takes H by W pixels anywhere in an image that has Pad pixels more on each side. A smaller image gets as
// many more as it lacks, on each side.
type RandomCrop struct {
	H, W    int
	Pad     int
	Padding Padding
	Fill    uint8 // level of Constant
}

// Form is of Op.
func (o RandomCrop) Form(in Form) (Form, error) {
	if o.Pad < 0 || o.Padding > Symmetric {
		return Form{}, fmt.Errorf("field Pad %d, Padding %d: want at least 0, and at most %d", o.Pad, o.Padding, Symmetric)
	}
	return in.sized(o.H, o.W)
}

// Apply is of Op.
func (o RandomCrop) Apply(im *Image, r *rand.Rand) {
	padH, padW := o.Pad, o.Pad
	padH += max(0, o.H-im.H-2*o.Pad)
	padW += max(0, o.W-im.W-2*o.Pad)
	top := r.IntN(im.H+2*padH-o.H+1) - padH
	left := r.IntN(im.W+2*padW-o.W+1) - padW
	crop(im, top, left, o.H, o.W, o.Padding, o.Fill)
}

// RandomResizedCrop takes a rectangle of a random part of the area and random proportions, anywhere, and makes it H by
// W pixels: what Inception and most networks after it were trained with. Where ten draws give none that fits, it takes
// the middle.
type RandomResizedCrop struct {
	H, W   int
	Scale  [2]float64 // of the area; default 0.08 … 1
	Ratio  [2]float64 // width over height; default 3/4 … 4/3
	Filter Filter
}

// Form is of Op.
func (o RandomResizedCrop) Form(in Form) (Form, error) {
	out, err := in.sized(o.H, o.W)
	return out, firstOf(err, span("Scale", o.Scale, 0), span("Ratio", o.Ratio, 0), o.Filter.check())
}

// Apply is of Op.
func (o RandomResizedCrop) Apply(im *Image, r *rand.Rand) {
	top, left, h, w := o.choose(im.H, im.W, r)
	crop(im, top, left, h, w, Constant, 0)
	resize(im, o.H, o.W, o.Filter)
}

// choose draws a rectangle. Source: Szegedy et al., arXiv:1409.4842; the limits and the fallback are torchvision's.
func (o RandomResizedCrop) choose(height, width int, r *rand.Rand) (top, left, h, w int) {
	scale, ratio := orSpan(o.Scale, 0.08, 1), orSpan(o.Ratio, 3./4, 4./3)
	for range 10 {
		area := float64(height*width) * uniform(r, scale[0], scale[1])
		aspect := math.Exp(uniform(r, math.Log(ratio[0]), math.Log(ratio[1])))
		w = int(math.RoundToEven(math.Sqrt(area * aspect)))
		h = int(math.RoundToEven(math.Sqrt(area / aspect)))
		if 0 < w && w <= width && 0 < h && h <= height {
			return r.IntN(height - h + 1), r.IntN(width - w + 1), h, w
		}
	}
	h, w = height, width
	switch in := float64(width) / float64(height); {
	case in < ratio[0]:
		h = max(1, int(math.RoundToEven(float64(w)/ratio[0])))
	case in > ratio[1]:
		w = max(1, int(math.RoundToEven(float64(h)*ratio[1])))
	}
	return (height - h) / 2, (width - w) / 2, h, w
}

func orSpan(s [2]float64, lo, hi float64) [2]float64 {
	if s == [2]float64{} {
		return [2]float64{lo, hi}
	}
	return s
}

// crop makes im the rectangle of h by w pixels from (top, left) on; what lies outside of im is padding.
func crop(im *Image, top, left, h, w int, padding Padding, fill uint8) {
	if top == 0 && left == 0 && h == im.H && w == im.W {
		return
	}
	c, fromH, fromW := im.C, im.H, im.W
	src := im.Renew(c, h, w)
	inside := left >= 0 && left+w <= fromW
	for y := range h {
		dst := im.Pix[y*w*c:][:w*c]
		sy := place(top+y, fromH, padding)
		switch {
		case sy < 0:
			for i := range dst {
				dst[i] = fill
			}
		case inside:
			copy(dst, src[(sy*fromW+left)*c:])
		default:
			for x := range w {
				d := dst[x*c:][:c]
				if sx := place(left+x, fromW, padding); sx >= 0 {
					copy(d, src[(sy*fromW+sx)*c:])
					continue
				}
				for i := range d {
					d[i] = fill
				}
			}
		}
	}
}

// place returns which of n pixels stands at i, which may lie outside; -1: the constant.
func place(i, n int, padding Padding) int {
	if i >= 0 && i < n {
		return i
	}
	switch padding {
	case Constant:
		return -1
	case Edge:
		return min(max(i, 0), n-1)
	case Reflect:
		if n == 1 {
			return 0
		}
		if i = mod(i, 2*n-2); i >= n {
			i = 2*n - 2 - i
		}
		return i
	}
	if i = mod(i, 2*n); i >= n {
		i = 2*n - 1 - i
	}
	return i
}

func mod(i, n int) int {
	if i %= n; i < 0 {
		i += n
	}
	return i
}
