package images

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Filter is how pixels between pixels are found. The numbers are Pillow's.
type Filter uint8

const (
	Bilinear Filter = iota // a triangle, widened when an image becomes smaller: without aliasing
	Bicubic                // Keys' cubic with a = −0.5, widened in the same way
	Lanczos                // of three lobes, widened in the same way
	Box                    // the mean
	Nearest                // one pixel
)

// Resize makes images of H by W pixels, whatever they were.
type Resize struct {
	H, W   int
	Filter Filter
}

// Form is of Op.
func (o Resize) Form(in Form) (Form, error) {
	out, err := in.sized(o.H, o.W)
	return out, firstOf(err, o.Filter.check())
}

// Apply is of Op.
func (o Resize) Apply(im *Image, _ *rand.Rand) { resize(im, o.H, o.W, o.Filter) }

// ResizeShorter makes the shorter side of an image Size pixels long, and keeps its proportions: the longer side is
// Size·longer/shorter, rounded down, as torchvision's Resize(Size) has it.
type ResizeShorter struct {
	Size   int
	Filter Filter
}

// Form is of Op.
func (o ResizeShorter) Form(in Form) (Form, error) {
	if o.Size < 1 {
		return Form{}, fmt.Errorf("size %d, want at least 1", o.Size)
	}
	if in.H > 0 && in.W > 0 {
		in.H, in.W = o.size(in.H, in.W)
	} else {
		in.H, in.W = 0, 0
	}
	return in, firstOf(in.pixels(), o.Filter.check())
}

// Apply is of Op.
func (o ResizeShorter) Apply(im *Image, _ *rand.Rand) {
	h, w := o.size(im.H, im.W)
	resize(im, h, w, o.Filter)
}

func (o ResizeShorter) size(h, w int) (int, int) {
	if h < w {
		return o.Size, int(float64(o.Size*w) / float64(h))
	}
	return int(float64(o.Size*h) / float64(w)), o.Size
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (f Filter) check() error {
	if f > Nearest {
		return fmt.Errorf("field Filter %d, want at most %d", f, Nearest)
	}
	return nil
}

// support is the filter's half width, in pixels of the smaller image.
func (f Filter) support() float64 {
	return [...]float64{Bilinear: 1, Bicubic: 2, Lanczos: 3, Box: 0.5}[f]
}

// at is the filter's value at x. Products are rounded before they are added, so that all machines have the same bits.
func (f Filter) at(x float64) float64 {
	switch f {
	case Box:
		if x > -0.5 && x <= 0.5 {
			return 1
		}
		return 0
	case Bilinear:
		if x = math.Abs(x); x < 1 {
			return 1 - x
		}
		return 0
	case Bicubic:
		const a = -0.5
		switch x = math.Abs(x); {
		case x < 1:
			return float64(float64(float64((a+2)*x-(a+3))*x)*x) + 1
		case x < 2:
			return float64((float64(float64((float64(x-5)*x)+8)*x) - 4) * a)
		}
		return 0
	}
	if -3 <= x && x < 3 {
		return sinc(x) * sinc(x/3)
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// taps are the weights of one axis: pixel i of the result is the sum of n[i] pixels from first[i] on.
type taps struct {
	size   int // most of them
	first  []int32
	n      []int32
	weight []int32   // [len(first), size], in units of 2^-tapBits
	exact  []float64 // of one pixel
}

const tapBits = 32 - 8 - 2

// prepare finds the weights for out pixels from in.
func (t *taps) prepare(f Filter, in, out int) {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := float64(f.support() * stretch)
	t.size = int(math.Ceil(support))*2 + 1
	t.first, t.n = grown(t.first, out), grown(t.n, out)
	t.weight, t.exact = grown(t.weight, out*t.size), grown(t.exact, t.size)
	for i := range out {
		center := float64((float64(i) + 0.5) * scale)
		lo := max(0, int(center-support+0.5))
		hi := min(in, int(center+support+0.5))
		t.first[i], t.n[i] = int32(lo), int32(hi-lo)
		sum := 0.0
		for j := range hi - lo {
			w := f.at(float64((float64(j+lo) - center + 0.5) * (1 / stretch)))
			t.exact[j] = w
			sum += w
		}
		for j := range hi - lo {
			w := t.exact[j]
			if sum != 0 {
				w /= sum
			}
			t.weight[i*t.size+j] = int32(float64(w*(1<<tapBits)) + math.Copysign(0.5, w))
		}
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// resize makes im h by w pixels: first along rows, rounded to bytes, then along columns. Sums are exact, in int32.
// Source: Pillow's Image.resize, whose bits these are.
func resize(im *Image, h, w int, f Filter) {
	if f == Nearest {
		nearest(im, h, w)
		return
	}
	if w != im.W {
		t := &im.taps
		t.prepare(f, im.W, w)
		c, rows, from := im.C, im.H, im.W
		src := im.Renew(c, rows, w)
		for y := range rows {
			if c == 3 {
				t.row3(im.Pix[y*w*3:][:w*3], src[y*from*3:][:from*3])
			} else {
				t.row1(im.Pix[y*w:][:w], src[y*from:][:from])
			}
		}
	}
	if h != im.H {
		t := &im.taps
		t.prepare(f, im.H, h)
		n := w * im.C
		src := im.Renew(im.C, h, w)
		im.rows = grown(im.rows, n)
		sum := im.rows
		for y := range h {
			for i := range sum {
				sum[i] = 1 << (tapBits - 1)
			}
			for j := range int(t.n[y]) {
				k := t.weight[y*t.size+j]
				row := src[(int(t.first[y])+j)*n:][:len(sum)]
				for i, v := range row {
					sum[i] += int32(v) * k
				}
			}
			dst := im.Pix[y*n:][:len(sum)]
			for i, s := range sum {
				dst[i] = clip(s)
			}
		}
	}
}

func (t *taps) row3(dst, src []uint8) {
	for x := range t.first[:len(dst)/3] {
		n := int(t.n[x])
		weights := t.weight[x*t.size:][:n]
		p := src[int(t.first[x])*3:][:n*3]
		r, g, b := int32(1<<(tapBits-1)), int32(1<<(tapBits-1)), int32(1<<(tapBits-1))
		for _, k := range weights {
			r += int32(p[0]) * k
			g += int32(p[1]) * k
			b += int32(p[2]) * k
			p = p[3:]
		}
		d := dst[3*x : 3*x+3 : 3*x+3]
		d[0], d[1], d[2] = clip(r), clip(g), clip(b)
	}
}

func (t *taps) row1(dst, src []uint8) {
	for x := range dst {
		n := int(t.n[x])
		weights, sum := t.weight[x*t.size:][:n], int32(1<<(tapBits-1))
		for j, v := range src[t.first[x]:][:n] {
			sum += int32(v) * weights[j]
		}
		dst[x] = clip(sum)
	}
}

// clip rounds a sum of taps down to a byte; half was added before.
func clip(s int32) uint8 { return uint8(min(max(s>>tapBits, 0), 255)) }

// nearest takes, of each pixel of the result, the one that its middle lies in. The middles are added up, as Pillow
// does.
func nearest(im *Image, h, w int) {
	c, fromH, fromW := im.C, im.H, im.W
	src := im.Renew(c, h, w)
	at := grown(im.rows, w)
	im.rows = at
	step := float64(fromW) / float64(w)
	x := step * 0.5
	for i := range at {
		at[i] = int32(min(int(x), fromW-1))
		x += step
	}
	step = float64(fromH) / float64(h)
	y := step * 0.5
	for i := range h {
		row := src[min(int(y), fromH-1)*fromW*c:]
		for j, x := range at {
			copy(im.Pix[(i*w+j)*c:][:c], row[int(x)*c:])
		}
		y += step
	}
}
