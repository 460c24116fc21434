package images

import (
	"image"
	"image/color"
)

// from makes im's pixels of a decoded image.
func (im *Image) from(m image.Image, channels int) {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	switch m := m.(type) {
	case *image.YCbCr:
		im.fromYCbCr(m, channels)
	case *image.NYCbCrA:
		im.fromYCbCr(&m.YCbCr, channels)
	case *image.Gray:
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) {
			v := m.Pix[y*m.Stride+x]
			return v, v, v
		})
	case *image.Gray16:
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) {
			v := m.Pix[y*m.Stride+2*x]
			return v, v, v
		})
	case *image.RGBA: // of JPEG and PNG without transparency
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) { return unmultiplied(m.RGBAAt(b0(m, x, y))) })
	case *image.NRGBA:
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+4*x:][:3]
			return p[0], p[1], p[2]
		})
	case *image.CMYK:
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) {
			p := m.Pix[y*m.Stride+4*x:][:4]
			white := 255 - int(p[3])
			ink := func(v uint8) uint8 { return uint8(max(0, white-multiplied(int(v), white))) }
			return ink(p[0]), ink(p[1]), ink(p[2])
		})
	case *image.Paletted:
		var table [256][3]uint8
		for i, c := range m.Palette {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			if direct, ok := c.(color.NRGBA); ok {
				n = direct
			}
			table[i] = [3]uint8{n.R, n.G, n.B}
		}
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) {
			p := &table[m.Pix[y*m.Stride+x]]
			return p[0], p[1], p[2]
		})
	default: // 16 bits of colour, and what other packages decode
		im.fill(channels, h, w, func(x, y int) (r, g, b uint8) {
			switch c := m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y).(type) {
			case color.NRGBA64:
				return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
			default:
				n := color.NRGBAModel.Convert(c).(color.NRGBA)
				return n.R, n.G, n.B
			}
		})
	}
}

// fill sets all pixels, as RGB or as their grey.
func (im *Image) fill(channels, h, w int, at func(x, y int) (r, g, b uint8)) {
	im.Renew(channels, h, w)
	i := 0
	for y := range h {
		for x := range w {
			r, g, b := at(x, y)
			if channels == 1 {
				im.Pix[i] = luma(r, g, b)
				i++
				continue
			}
			p := im.Pix[i : i+3 : i+3]
			p[0], p[1], p[2] = r, g, b
			i += 3
		}
	}
}

// luma is the grey of a colour, Rec. 601 in units of 2^-16, as Pillow rounds it.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// multiplied is a·b/255, rounded.
func multiplied(a, b int) int {
	v := a*b + 128
	return (v>>8 + v) >> 8
}

func b0(m image.Image, x, y int) (int, int) { return m.Bounds().Min.X + x, m.Bounds().Min.Y + y }

func unmultiplied(c color.RGBA) (r, g, b uint8) {
	if c.A == 255 {
		return c.R, c.G, c.B
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return n.R, n.G, n.B
}
