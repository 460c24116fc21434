package images

import (
	"fmt"
	"math/rand/v2"
)

// Op is one step of a pipeline. It is a value that does not change, used by many goroutines at once.
type Op interface {
	// Form returns how images leave the Op that come to it in this form, or an error if it cannot work on them or one
	// of its own fields has no meaning.
	Form(in Form) (Form, error)
	// Apply changes im. Its result depends on im and on numbers drawn from r alone.
	Apply(im *Image, r *rand.Rand)
}

// Form is what is known of all images at one place of a pipeline.
type Form struct {
	C, H, W int  // channels, height, width; H or W is 0 where images differ, or it is not known
	Float   bool // they have floats, no longer pixels
}

// Image is one image on its way through the Ops. It has pixels, until an Op makes floats of them.
type Image struct {
	C, H, W int
	Pix     []uint8   // [H, W, C]: the channels of a pixel side by side, RGB or grey
	Float   []float32 // [C, H, W]: once there are floats; then Pix is nil and the size stays

	other  []uint8   // memory of the pixels before
	kept   []uint8   // memory of the pixels that floats were made of
	floats []float32 // memory of floats; in a source it is the sample's place in the batch
	taps   taps      // scratch of Resize
	rows   []int32
}

// Renew makes im an image of pixels of another size, whose values are unspecified, and returns the pixels that it had:
// they stay as they are until the next Renew.
func (im *Image) Renew(c, h, w int) (old []uint8) {
	old = im.Pix
	n := c * h * w
	if cap(im.other) < n {
		im.other = make([]uint8, n)
	}
	im.Pix, im.other = im.other[:n], old
	im.C, im.H, im.W = c, h, w
	return old
}

// Floats makes floats of im's pixels, each byte v of channel c becoming table[c][v]. It panics if im has floats.
func (im *Image) Floats(table [][256]float32) {
	if im.Float != nil {
		panic("images: Floats: the image has floats")
	}
	n := im.C * im.H * im.W
	if cap(im.floats) < n {
		im.floats = make([]float32, n)
	}
	im.Float = im.floats[:n]
	plane := im.H * im.W
	if im.C == 1 {
		t := &table[0]
		for i, v := range im.Pix[:plane] {
			im.Float[i] = t[v]
		}
	} else {
		r, g, b := im.Float[:plane], im.Float[plane:2*plane], im.Float[2*plane:3*plane]
		tr, tg, tb := &table[0], &table[1], &table[2]
		for i := range r {
			p := im.Pix[3*i : 3*i+3 : 3*i+3]
			r[i], g[i], b[i] = tr[p[0]], tg[p[1]], tb[p[2]]
		}
	}
	im.kept, im.Pix = im.Pix, nil
}

// pixels returns an error if in is not of pixels.
func (in Form) pixels() error {
	if in.Float {
		return fmt.Errorf("it works on pixels, and an Op before it has made floats")
	}
	return nil
}

// sized is Form of an Op that makes images of pixels of one size.
func (in Form) sized(h, w int) (Form, error) {
	if h < 1 || w < 1 {
		return Form{}, fmt.Errorf("height %d and width %d, want at least 1", h, w)
	}
	in.H, in.W = h, w
	return in, in.pixels()
}

// span returns an error unless lo ≤ hi, and both are as said. The zero span stands for a default.
func span(name string, s [2]float64, above float64) error {
	if s != [2]float64{} && !(s[0] > above && s[0] <= s[1]) {
		return fmt.Errorf("field %s from %v to %v, want numbers above %v in order", name, s[0], s[1], above)
	}
	return nil
}

// uniform draws a number from lo to hi.
func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + float64(r.Float64()*(hi-lo)) }

// random returns the generator of a sample.
func random(seed uint64, epoch, sample int) *rand.Rand {
	return rand.New(rand.NewPCG(mix(seed+mix(uint64(epoch))), mix(uint64(sample))))
}

// mix spreads the bits of x, so that neighbouring numbers start unlike sequences. Source: Steele, Lea and Flood, Fast
// splittable pseudorandom number generators, 2014: the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
