package images

import (
	"cmp"
	"fmt"
	"math/rand/v2"
)

// HorizontalFlip swaps left and right with probability P.
type HorizontalFlip struct {
	P float64 // default 0.5
}

// Form is of Op.
func (o HorizontalFlip) Form(in Form) (Form, error) {
	return in, firstOf(in.pixels(), probability(o.P))
}

// Apply is of Op.
func (o HorizontalFlip) Apply(im *Image, r *rand.Rand) {
	if r.Float64() < cmp.Or(o.P, 0.5) {
		mirror(im)
	}
}

// VerticalFlip swaps top and bottom with probability P.
type VerticalFlip struct {
	P float64 // default 0.5
}

// Form is of Op.
func (o VerticalFlip) Form(in Form) (Form, error) { return in, firstOf(in.pixels(), probability(o.P)) }

// Apply is of Op.
func (o VerticalFlip) Apply(im *Image, r *rand.Rand) {
	if r.Float64() < cmp.Or(o.P, 0.5) {
		upend(im)
	}
}

// Sometimes does Op with probability P. Op must not change the form of images.
type Sometimes struct {
	Op Op
	P  float64 // default 0.5
}

// Form is of Op.
func (o Sometimes) Form(in Form) (Form, error) {
	if o.Op == nil {
		return Form{}, fmt.Errorf("it has no Op")
	}
	out, err := o.Op.Form(in)
	if err == nil && out != in {
		err = fmt.Errorf("%T makes %+v of %+v, want no change", o.Op, out, in)
	}
	return out, firstOf(err, probability(o.P))
}

// Apply is of Op.
func (o Sometimes) Apply(im *Image, r *rand.Rand) {
	if r.Float64() < cmp.Or(o.P, 0.5) {
		o.Op.Apply(im, r)
	}
}

func probability(p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("field P %v, want 0 … 1", p)
	}
	return nil
}

func mirror(im *Image) {
	for y := range im.H {
		row := im.Pix[y*im.W*im.C:][:im.W*im.C]
		if im.C == 3 {
			for i, j := 0, len(row)-3; i < j; i, j = i+3, j-3 {
				row[i], row[j] = row[j], row[i]
				row[i+1], row[j+1] = row[j+1], row[i+1]
				row[i+2], row[j+2] = row[j+2], row[i+2]
			}
			continue
		}
		for i, j := 0, len(row)-1; i < j; i, j = i+1, j-1 {
			row[i], row[j] = row[j], row[i]
		}
	}
}

func upend(im *Image) {
	n := im.W * im.C
	for i, j := 0, im.H-1; i < j; i, j = i+1, j-1 {
		a, b := im.Pix[i*n:][:n], im.Pix[j*n:][:n]
		for k, v := range a {
			a[k], b[k] = b[k], v
		}
	}
}

// transpose swaps rows and columns.
func transpose(im *Image) {
	c, h, w := im.C, im.H, im.W
	src := im.Renew(c, w, h)
	for y := range h {
		for x := range w {
			copy(im.Pix[(x*h+y)*c:][:c], src[(y*w+x)*c:])
		}
	}
}

// upright turns im as an EXIF orientation says: 2 mirrored, 3 by half a turn, 4 upended, 5 transposed, 6 a quarter turn
// clockwise, 7 transposed in the other diagonal, 8 a quarter turn counter-clockwise. Any other number changes nothing.
func upright(im *Image, orientation int) {
	switch orientation {
	case 5, 6, 7, 8:
		transpose(im)
	}
	switch orientation {
	case 2, 3, 6, 7:
		mirror(im)
	}
	switch orientation {
	case 3, 4, 7, 8:
		upend(im)
	}
}
