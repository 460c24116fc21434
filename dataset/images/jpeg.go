package images

import "image"

// This file makes pixels of the planes of a JPEG, as libjpeg does: colour planes of half the width or height are
// interpolated ("fancy upsampling"), where the standard library's At repeats them. Networks were trained on the former.
// Source: ITU-T T.871, section 7; libjpeg-turbo's documentation of its upsampling: weights 3/4 and 1/4, of which the
// two halves of a pixel round differently.

// fromYCbCr sets im's pixels.
func (im *Image) fromYCbCr(m *image.YCbCr, channels int) {
	h, w := m.Rect.Dy(), m.Rect.Dx()
	im.Renew(channels, h, w)
	if channels == 1 { // libjpeg gives the luminance itself
		for y := range h {
			copy(im.Pix[y*w:][:w], m.Y[m.YOffset(m.Rect.Min.X, m.Rect.Min.Y+y):])
		}
		return
	}
	var cb, cr plane
	cb.open(m.Cb, m)
	cr.open(m.Cr, m)
	for y := range h {
		luma := m.Y[m.YOffset(m.Rect.Min.X, m.Rect.Min.Y+y):][:w]
		convertYCC(im.Pix[y*w*3:][:w*3], luma, cb.row(y), cr.row(y))
	}
}

// plane gives the rows of a colour plane at full width and height.
type plane struct {
	pix         []uint8
	stride      int
	w, h        int // of the plane
	right, down int // pixels of the image that one of the plane covers
	smoothX     bool
	smoothY     bool
	out         []uint8
	sums        []int32
}

func (p *plane) open(pix []uint8, m *image.YCbCr) {
	p.right, p.down = 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		p.right = 2
	case image.YCbCrSubsampleRatio420:
		p.right, p.down = 2, 2
	case image.YCbCrSubsampleRatio440:
		p.down = 2
	case image.YCbCrSubsampleRatio411:
		p.right = 4
	case image.YCbCrSubsampleRatio410:
		p.right, p.down = 4, 2
	}
	p.pix, p.stride = pix[m.COffset(m.Rect.Min.X, m.Rect.Min.Y):], m.CStride
	p.w = (m.Rect.Dx() + p.right - 1) / p.right
	p.h = (m.Rect.Dy() + p.down - 1) / p.down
	p.smoothX = p.right == 2 && p.w > 2
	p.smoothY = p.down == 2 && (p.right == 1 || p.smoothX)
	p.out = make([]uint8, p.w*p.right)
	p.sums = make([]int32, p.w)
}

// row returns row y of the image. It is overwritten by the next.
func (p *plane) row(y int) []uint8 {
	at := y / p.down
	near := p.pix[at*p.stride:][:p.w]
	if !p.smoothY {
		switch {
		case p.right == 1:
			return near
		case p.smoothX:
			for i, v := range near {
				p.sums[i] = int32(v)
			}
			widen(p.out, p.sums, 1, 2, 2)
		default:
			for i := range p.out {
				p.out[i] = near[i/p.right]
			}
		}
		return p.out
	}
	other := at + 1
	if y%2 == 0 {
		other = at - 1
	}
	far := p.pix[min(max(other, 0), p.h-1)*p.stride:][:p.w]
	if p.right == 1 {
		bias := 1 + y%2
		for i, v := range near {
			p.out[i] = uint8((3*int(v) + int(far[i]) + bias) >> 2)
		}
		return p.out
	}
	for i, v := range near {
		p.sums[i] = 3*int32(v) + int32(far[i])
	}
	widen(p.out, p.sums, 8, 7, 4)
	return p.out
}

// widen makes two of each of at least two sums: (3·own + neighbour + bias) >> shift, with the bias of a left or a right
// half. At the ends the neighbour is the own one.
func widen(out []uint8, s []int32, left, right int32, shift uint) {
	last := len(s) - 1
	out[0] = uint8((4*s[0] + left) >> shift)
	out[2*last+1] = uint8((4*s[last] + right) >> shift)
	for i := range last {
		a, b := s[i], s[i+1]
		out[2*i+1] = uint8((3*a + b + right) >> shift)
		out[2*i+2] = uint8((3*b + a + left) >> shift)
	}
}

// convertYCC makes RGB of one row: the constants of T.871 in units of 2^-16, products rounded as libjpeg does.
func convertYCC(dst, luma, cb, cr []uint8) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for i, y := range luma {
		v, b, r := int32(y), int32(cb[i])-128, int32(cr[i])-128
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0] = clampByte(v + (91881*r+1<<15)>>16)
		d[1] = clampByte(v + (-22554*b-46802*r+1<<15)>>16)
		d[2] = clampByte(v + (116130*b+1<<15)>>16)
	}
}

func clampByte(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^(v >> 31))
	}
	return uint8(v)
}
