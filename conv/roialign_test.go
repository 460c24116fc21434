package conv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/conv"
)

// On a plane that rises evenly, h·10 + w, bilinear interpolation is exact, so a bin's mean is the plane's value at the middle of its
// sampling points, which is the bin's middle, as long as they all lie in the image.
func TestRoIAlignOfARamp(t *testing.T) {
	const h, w = 8, 9
	x := make([]float64, 2*2*h*w)
	for i := range x {
		x[i] = float64(i/w%h*10+i%w) + 1000*float64(i/(h*w))
	}
	boxes := []float64{1, 2, 3, 10, 11, 0, 3, 1, 6, 14}
	for _, c := range []struct {
		name          string
		s             conv.RoIShape
		shift         float64
		height, width float64 // least size of a box
	}{
		{"in pixels' middles", conv.RoIShape{Scale: 0.5, Samples: 2}, 0, 1, 1},
		{"aligned", conv.RoIShape{Scale: 0.5, Samples: 3, Aligned: true}, 0.5, 0, 0},
		{"as many samples as needed", conv.RoIShape{Scale: 0.5, Aligned: true}, 0.5, 0, 0},
	} {
		s := c.s
		s.N, s.C, s.H, s.W, s.R, s.S = 2, 2, h, w, 2, 3
		y := make([]float64, 2*2*2*3)
		conv.RoIAlign(s, y, x, boxes)
		for i, got := range y {
			b, channel, r, q := i/12, i/6%2, i/3%2, i%3
			box := boxes[5*b:]
			x1, y1 := box[1]*s.Scale-c.shift, box[2]*s.Scale-c.shift
			bw, bh := max((box[3]-box[1])*s.Scale, c.width)/3, max((box[4]-box[2])*s.Scale, c.height)/2
			want := (y1+(float64(r)+0.5)*bh)*10 + x1 + (float64(q)+0.5)*bw + 1000*(2*box[0]+float64(channel))
			assert.InDelta(t, want, got, 1e-9, "%s: element %d", c.name, i)
		}
	}
	assert.PanicsWithValue(t, "conv: RoIAlign: a box of image 2, there are 2", func() {
		conv.RoIAlign(conv.RoIShape{N: 2, C: 1, H: 1, W: 1, R: 1, S: 1}, make([]float64, 1), make([]float64, 2), []float64{2, 0, 0, 1, 1})
	})
}
