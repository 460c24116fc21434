package images

import (
	"fmt"
	"math/rand/v2"
)

// Normalize makes floats: (v/255 − Mean[c]) / Std[c] for each channel, in float32, with torchvision's bits. Floats are
// normalised once more. A single mean and std serve all channels.
type Normalize struct{ Mean, Std []float64 }

// ImageNet is the Normalize that most networks pretrained on ImageNet expect, torchvision's among them.
var ImageNet = Normalize{Mean: []float64{0.485, 0.456, 0.406}, Std: []float64{0.229, 0.224, 0.225}}

// Form is of Op.
func (o Normalize) Form(in Form) (Form, error) {
	if len(o.Mean) != len(o.Std) || len(o.Mean) != 1 && len(o.Mean) != in.C {
		return Form{}, fmt.Errorf("%d means and %d stds for %d channels", len(o.Mean), len(o.Std), in.C)
	}
	for c, s := range o.Std {
		if !(float32(s) > 0) {
			return Form{}, fmt.Errorf("field Std[%d] is %v, want above 0", c, s)
		}
	}
	in.Float = true
	return in, nil
}

// Apply is of Op.
func (o Normalize) Apply(im *Image, _ *rand.Rand) {
	if im.Float == nil {
		var table [3][256]float32
		for c := range im.C {
			mean, std := o.of(c)
			for v := range table[c] {
				table[c][v] = (float32(v)/255 - mean) / std
			}
		}
		im.Floats(table[:im.C])
		return
	}
	n := im.H * im.W
	for c := range im.C {
		mean, std := o.of(c)
		plane := im.Float[c*n:][:n]
		for i, v := range plane {
			plane[i] = (v - mean) / std
		}
	}
}

func (o Normalize) of(c int) (mean, std float32) {
	c %= len(o.Mean)
	return float32(o.Mean[c]), float32(o.Std[c])
}

// unit is the table of pixels as floats from 0 to 1.
var unit = func() (t [3][256]float32) {
	for c := range t {
		for v := range t[c] {
			t[c][v] = float32(v) / 255
		}
	}
	return t
}()
