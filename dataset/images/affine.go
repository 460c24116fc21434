package images

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Affine turns an image around its middle by a random angle, moves it, scales it and shears it; the size stays. With
// Degrees alone it is a random rotation. Where the result shows what lies outside of the image, it is Fill. The pixels
// are those of torchvision's affine on Pillow images.
type Affine struct {
	Degrees   [2]float64 // counter-clockwise is negative, as torchvision's affine has it
	Translate [2]float64 // at most this part of the width and of the height, 0 … 1, to either side
	Scale     [2]float64 // default 1
	ShearX    [2]float64 // degrees
	ShearY    [2]float64
	Bilinear  bool // between four pixels; without it the nearest
	Fill      []uint8
}

// Form is of Op.
func (o Affine) Form(in Form) (Form, error) {
	for i, s := range [][2]float64{o.Degrees, o.ShearX, o.ShearY} {
		limit := [...]float64{math.MaxFloat32, 89, 89}[i]
		if !(s[0] <= s[1] && -limit <= s[0] && s[1] <= limit) {
			return Form{}, fmt.Errorf("field %s from %v to %v, want numbers in order from %v to %v",
				[...]string{"Degrees", "ShearX", "ShearY"}[i], s[0], s[1], -limit, limit)
		}
	}
	for _, t := range o.Translate {
		if !(t >= 0 && t <= 1) {
			return Form{}, fmt.Errorf("field Translate %v, want 0 … 1", o.Translate)
		}
	}
	if n := len(o.Fill); n > 1 && n != in.C {
		return Form{}, fmt.Errorf("field Fill %v for %d channels", o.Fill, in.C)
	}
	return in, firstOf(in.pixels(), span("Scale", o.Scale, 0))
}

// Apply is of Op.
func (o Affine) Apply(im *Image, r *rand.Rand) {
	angle := uniform(r, o.Degrees[0], o.Degrees[1])
	moveX, moveY := float64(o.Translate[0]*float64(im.W)), float64(o.Translate[1]*float64(im.H))
	tx := math.RoundToEven(uniform(r, -moveX, moveX))
	ty := math.RoundToEven(uniform(r, -moveY, moveY))
	s := orSpan(o.Scale, 1, 1)
	scale := uniform(r, s[0], s[1])
	shearX, shearY := uniform(r, o.ShearX[0], o.ShearX[1]), uniform(r, o.ShearY[0], o.ShearY[1])
	m := inverse(im.H, im.W, angle, tx, ty, scale, shearX, shearY)
	var fill [3]uint8
	for c := range fill {
		if len(o.Fill) > 0 {
			fill[c] = o.Fill[c%len(o.Fill)]
		}
	}
	warp(im, m, o.Bilinear, fill)
}

// inverse returns where a pixel of the result comes from: x' = m[0]·x + m[1]·y + m[2], y' = m[3]·x + m[4]·y + m[5]. The
// image is sheared in x, in y, scaled and turned around its middle, then moved. Products are rounded before they are
// added, so that all machines have the same bits.
func inverse(h, w int, degrees, tx, ty, scale, shearX, shearY float64) (m [6]float64) {
	radians := func(d float64) float64 { return float64(d * (math.Pi / 180)) }
	turn, sx, sy := radians(degrees), radians(shearX), radians(shearY)
	cx, cy := float64(w)*0.5, float64(h)*0.5
	a := math.Cos(turn-sy) / math.Cos(sy)
	b := float64(-math.Cos(turn-sy)*math.Tan(sx)/math.Cos(sy)) - math.Sin(turn)
	c := math.Sin(turn-sy) / math.Cos(sy)
	d := float64(-math.Sin(turn-sy)*math.Tan(sx)/math.Cos(sy)) + math.Cos(turn)
	m = [6]float64{d / scale, -b / scale, 0, -c / scale, a / scale, 0}
	for _, i := range []int{0, 3} {
		m[i+2] = float64(m[i]*(-cx-tx)) + float64(m[i+1]*(-cy-ty))
	}
	m[2] += cx
	m[5] += cy
	return m
}

// warp makes im what m says, from the middles of pixels to where they come from.
func warp(im *Image, m [6]float64, bilinear bool, fill [3]uint8) {
	c, h, w := im.C, im.H, im.W
	src := im.Renew(c, h, w)
	if !bilinear && m[1] == 0 && m[3] == 0 {
		stretch(im, src, m, fill)
		return
	}
	fixed := func(v float64) int64 { return int64(math.Floor(float64(v*(1<<16)) + 0.5)) }
	x0 := fixed(m[2] + float64(m[0]*0.5) + float64(m[1]*0.5))
	y0 := fixed(m[5] + float64(m[3]*0.5) + float64(m[4]*0.5))
	var step [6]int64
	for i, v := range m {
		step[i] = fixed(v)
	}
	for y := range h {
		for x := range w {
			dst := im.Pix[(y*w+x)*c:][:c]
			if bilinear {
				px, py := float64(x)+0.5, float64(y)+0.5
				between(dst, src, c, h, w, float64(m[0]*px)+float64(m[1]*py)+m[2], float64(m[3]*px)+float64(m[4]*py)+m[5], fill)
				continue
			}
			sx := (x0 + int64(x)*step[0] + int64(y)*step[1]) >> 16
			sy := (y0 + int64(x)*step[3] + int64(y)*step[4]) >> 16
			if sx < 0 || sx >= int64(w) || sy < 0 || sy >= int64(h) {
				copy(dst, fill[:])
				continue
			}
			copy(dst, src[(int(sy)*w+int(sx))*c:])
		}
	}
}

// stretch is the nearest pixel where rows stay rows. Middles are added up, as Pillow does.
func stretch(im *Image, src []uint8, m [6]float64, fill [3]uint8) {
	c, h, w := im.C, im.H, im.W
	from := func(start, step float64, n int) []int {
		at := make([]int, n)
		v := start + float64(step*0.5)
		for i := range at {
			at[i] = int(math.Floor(v))
			v += step
		}
		return at
	}
	xs, ys := from(m[2], m[0], w), from(m[5], m[4], h)
	for y, sy := range ys {
		for x, sx := range xs {
			dst := im.Pix[(y*w+x)*c:][:c]
			if sx < 0 || sx >= w || sy < 0 || sy >= h {
				copy(dst, fill[:])
				continue
			}
			copy(dst, src[(sy*w+sx)*c:])
		}
	}
}

// between sets dst to the value at (x, y), between the four pixels around it; the byte is rounded down.
func between(dst, src []uint8, c, h, w int, x, y float64, fill [3]uint8) {
	if x < 0 || x >= float64(w) || y < 0 || y >= float64(h) {
		copy(dst, fill[:])
		return
	}
	x, y = x-0.5, y-0.5
	left, top := math.Floor(x), math.Floor(y)
	dx, dy := x-left, y-top
	x0, x1 := max(int(left), 0), min(int(left)+1, w-1)
	y0, y1 := max(int(top), 0), min(int(top)+1, h-1)
	a, b := src[(y0*w+x0)*c:], src[(y0*w+x1)*c:]
	p, q := src[(y1*w+x0)*c:], src[(y1*w+x1)*c:]
	for i := range dst {
		upper := float64(a[i]) + float64((float64(b[i])-float64(a[i]))*dx)
		lower := float64(p[i]) + float64((float64(q[i])-float64(p[i]))*dx)
		dst[i] = uint8(upper + float64((lower-upper)*dy))
	}
}
