package images

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
)

// RandomErasing puts Value in place of a random rectangle with probability P. As a rule it stands behind Normalize,
// where 0 is the mean colour. Source: Zhong et al., arXiv:1708.04896; the draw is torchvision's.
type RandomErasing struct {
	P     float64    // default 0.5
	Scale [2]float64 // of the area; default 0.02 … 0.33
	Ratio [2]float64 // height over width; default 0.3 … 3.3
	Value []float64  // of each channel, or of all; of pixels from 0 to 1; default 0
}

// Form is of Op.
func (o RandomErasing) Form(in Form) (Form, error) {
	return in, firstOf(probability(o.P), span("Scale", o.Scale, 0), span("Ratio", o.Ratio, 0), valueFor(in, o.Value))
}

// Apply is of Op.
func (o RandomErasing) Apply(im *Image, r *rand.Rand) {
	if r.Float64() >= cmp.Or(o.P, 0.5) {
		return
	}
	if top, left, h, w, ok := o.choose(im.H, im.W, r); ok {
		erase(im, top, left, h, w, o.Value)
	}
}

// choose draws a rectangle; in ten draws there may be none that fits.
func (o RandomErasing) choose(height, width int, r *rand.Rand) (top, left, h, w int, ok bool) {
	scale, ratio := orSpan(o.Scale, 0.02, 0.33), orSpan(o.Ratio, 0.3, 3.3)
	for range 10 {
		area := float64(height*width) * uniform(r, scale[0], scale[1])
		aspect := math.Exp(uniform(r, math.Log(ratio[0]), math.Log(ratio[1])))
		h, w = int(math.RoundToEven(math.Sqrt(area*aspect))), int(math.RoundToEven(math.Sqrt(area/aspect)))
		if h < height && w < width {
			return r.IntN(height - h + 1), r.IntN(width - w + 1), h, w, true
		}
	}
	return 0, 0, 0, 0, false
}

// CutOut puts Value in place of a square of Size pixels whose middle is anywhere in the image, so that it may stick
// out. Source: DeVries and Taylor, arXiv:1708.04552.
type CutOut struct {
	Size  int
	Value []float64 // as RandomErasing has it
}

// Form is of Op.
func (o CutOut) Form(in Form) (Form, error) {
	if o.Size < 1 {
		return Form{}, fmt.Errorf("field Size %d, want at least 1", o.Size)
	}
	return in, valueFor(in, o.Value)
}

// Apply is of Op.
func (o CutOut) Apply(im *Image, r *rand.Rand) {
	y, x := r.IntN(im.H)-o.Size/2, r.IntN(im.W)-o.Size/2
	top, left := max(0, y), max(0, x)
	erase(im, top, left, min(y+o.Size, im.H)-top, min(x+o.Size, im.W)-left, o.Value)
}

func valueFor(in Form, value []float64) error {
	if n := len(value); n > 1 && n != in.C {
		return fmt.Errorf("field Value %v for %d channels", value, in.C)
	}
	for _, v := range value {
		if !in.Float && !(v >= 0 && v <= 1) {
			return fmt.Errorf("field Value %v of pixels, want 0 … 1", value)
		}
	}
	return nil
}

// erase sets a rectangle inside of im.
func erase(im *Image, top, left, h, w int, value []float64) {
	for c := range im.C {
		v := 0.0
		if len(value) > 0 {
			v = value[c%len(value)]
		}
		for y := top; y < top+h; y++ {
			if im.Float != nil {
				row := im.Float[(c*im.H+y)*im.W+left:][:w]
				for x := range row {
					row[x] = float32(v)
				}
				continue
			}
			for x := left; x < left+w; x++ {
				im.Pix[(y*im.W+x)*im.C+c] = uint8(math.Round(v * 255))
			}
		}
	}
}
