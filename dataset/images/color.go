package images

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// ToGray makes grey of colours: Rec. 601 luma, as Pillow rounds it.
type ToGray struct {
	Channels int // 1, or 3 equal ones; default 1
}

// Form is of Op.
func (o ToGray) Form(in Form) (Form, error) {
	if o.Channels != 0 && o.Channels != 1 && o.Channels != 3 {
		return Form{}, fmt.Errorf("%d channels, want 1 or 3", o.Channels)
	}
	in.C = max(1, o.Channels)
	return in, in.pixels()
}

// Apply is of Op.
func (o ToGray) Apply(im *Image, _ *rand.Rand) {
	have, want := im.C, max(1, o.Channels)
	if have == 1 && want == 1 {
		return
	}
	src := im.Renew(want, im.H, im.W)
	for i := range im.H * im.W {
		v := src[i*have]
		if have == 3 {
			v = luma(v, src[i*3+1], src[i*3+2])
		}
		for c := range want {
			im.Pix[i*want+c] = v
		}
	}
}

// ColorJitter changes brightness, contrast, saturation and hue in random order, each by a factor from 1−x to 1+x (hue
// by a part −x … x of the circle). 0 leaves one alone. The arithmetic is that of Pillow's ImageEnhance; what
// torchvision does with its own images. Saturation and hue do nothing to grey images.
type ColorJitter struct {
	Brightness, Contrast, Saturation float64 // at least 0; a factor is never below 0
	Hue                              float64 // 0 … 0.5
}

// Form is of Op.
func (o ColorJitter) Form(in Form) (Form, error) {
	for i, v := range []float64{o.Brightness, o.Contrast, o.Saturation, o.Hue} {
		name, most := [...]string{"Brightness", "Contrast", "Saturation", "Hue"}[i], [...]float64{1e6, 1e6, 1e6, 0.5}[i]
		if !(v >= 0 && v <= most) {
			return Form{}, fmt.Errorf("field %s %v, want 0 … %v", name, v, most)
		}
	}
	return in, in.pixels()
}

// Apply is of Op.
func (o ColorJitter) Apply(im *Image, r *rand.Rand) {
	order := [4]int{0, 1, 2, 3}
	r.Shuffle(4, func(i, j int) { order[i], order[j] = order[j], order[i] })
	factor := func(x float64) float32 { return float32(uniform(r, max(0, 1-x), 1+x)) }
	for _, which := range order {
		switch {
		case which == 0 && o.Brightness > 0:
			brightness(im, factor(o.Brightness))
		case which == 1 && o.Contrast > 0:
			contrast(im, factor(o.Contrast))
		case which == 2 && o.Saturation > 0:
			saturation(im, factor(o.Saturation))
		case which == 3 && o.Hue > 0:
			hue(im, uniform(r, -o.Hue, o.Hue))
		}
	}
}

// blend is the byte at factor f on the line from 0 at `from` to 1 at v, rounded towards zero.
func blend(from, v uint8, f float32) uint8 {
	return uint8(min(max(float32(from)+float32(f*float32(int(v)-int(from))), 0), 255))
}

// blendTable is blend with one from for all pixels.
func blendTable(im *Image, from uint8, f float32) {
	var table [256]uint8
	for v := range table {
		table[v] = blend(from, uint8(v), f)
	}
	for i, v := range im.Pix {
		im.Pix[i] = table[v]
	}
}

// brightness blends with black.
func brightness(im *Image, f float32) { blendTable(im, 0, f) }

// contrast blends with the mean of im's grey.
func contrast(im *Image, f float32) {
	sum := 0
	if im.C == 1 {
		for _, v := range im.Pix {
			sum += int(v)
		}
	} else {
		for i := 0; i < len(im.Pix); i += 3 {
			sum += int(luma(im.Pix[i], im.Pix[i+1], im.Pix[i+2]))
		}
	}
	blendTable(im, uint8(float64(sum)/float64(im.H*im.W)+0.5), f)
}

// saturation blends each pixel with its grey.
func saturation(im *Image, f float32) {
	if im.C == 1 {
		return
	}
	for i := 0; i < len(im.Pix); i += 3 {
		p := im.Pix[i : i+3 : i+3]
		grey := luma(p[0], p[1], p[2])
		p[0], p[1], p[2] = blend(grey, p[0], f), blend(grey, p[1], f), blend(grey, p[2], f)
	}
}

// hue turns each pixel's hue by a part of the circle, in steps of 1/255.
func hue(im *Image, part float64) {
	if im.C == 1 {
		return
	}
	turn := uint8(int(part * 255))
	for i := 0; i < len(im.Pix); i += 3 {
		p := im.Pix[i : i+3 : i+3]
		h, s, v := toHSV(p[0], p[1], p[2])
		p[0], p[1], p[2] = fromHSV(h+turn, s, v)
	}
}

// toHSV gives hue, saturation and value as bytes, in Pillow's arithmetic: float32, but for the last step of the hue.
// Source: A. R. Smith, Color gamut transform pairs, 1978.
func toHSV(r, g, b uint8) (h, s, v uint8) {
	most, least := max(r, g, b), min(r, g, b)
	if most == least {
		return 0, 0, most
	}
	d := float32(most - least)
	rc, gc, bc := float32(most-r)/d, float32(most-g)/d, float32(most-b)/d
	var turn float32
	switch most {
	case r:
		turn = bc - gc
	case g:
		turn = float32(2+float64(rc)) - bc
	default:
		turn = float32(4+float64(gc)) - rc
	}
	part := float32(math.Mod(float64(turn)/6+1, 1))
	return uint8(float64(part) * 255), uint8(float64(d/float32(most)) * 255), most
}

// fromHSV is the way back.
func fromHSV(h, s, v uint8) (r, g, b uint8) {
	if s == 0 {
		return v, v, v
	}
	at := float64(h) * 6 / 255
	sector := math.Floor(at)
	f := float32(at - sector)
	fs := float32(float64(s) / 255)
	x := float64(v)
	level := func(part float64) uint8 { return uint8(min(max(math.Round(x*part), 0), 255)) }
	p := level(1 - float64(fs))
	q := level(1 - float64(fs*f))
	t := level(1 - float64(float64(fs)*(1-float64(f))))
	switch int(sector) % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}
