package conv

// This file makes the gradient with respect to the images a forward pass: under stride one, that of dy with the filters turned by
// 180° and channels and filters exchanged, padded so that it has the images' size.

import "github.com/tutti-ml/tutti/blas/vec"

// flips reports whether the gradient of the images is computed so: where there are channels enough to fill a tile of the product, dy is
// not so much smaller than x that products with its padding cost more than they save, and pixels enough to pay for turning filters.
func (s Shape) flips() bool {
	area := s.outH() * s.outW()
	return s.StrideH == 1 && s.StrideW == 1 && !s.pointwise() &&
		s.PadH <= s.DilationH*(s.R-1) && s.PadW <= s.DilationW*(s.S-1) &&
		s.C/s.Groups >= 4 && 4*s.H*s.W <= 5*area && s.N*area >= minFlipped
}

// minFlipped is how many pixels of dy make turning a filter pay: it costs about as much as that spares in 400 of them.
const minFlipped = 512

// flipped returns the shape of that convolution: of dy [N, K, OutH, OutW] to dx [N, C, H, W].
func (s Shape) flipped() Shape {
	f := s
	f.C, f.H, f.W, f.K = s.K, s.outH(), s.outW(), s.C
	f.PadH, f.PadW = s.DilationH*(s.R-1)-s.PadH, s.DilationW*(s.S-1)-s.PadW
	return f
}

// flipFilters stores in dst [C, K/Groups, R, S] the turned filters of w [K, C/Groups, R, S]. It goes by bands of filters, so that
// both are read and written in stretches.
func flipFilters[T vec.Float](s Shape, dst, w []T) {
	const band = 16
	kg, cg, window := s.K/s.Groups, s.C/s.Groups, s.R*s.S
	for g := range s.Groups {
		w, dst := w[g*kg*cg*window:][:kg*cg*window], dst[g*kg*cg*window:][:kg*cg*window]
		for k0 := 0; k0 < kg; k0 += band {
			for c := range cg {
				for k := k0; k < min(k0+band, kg); k++ {
					src, to := w[(k*cg+c)*window:][:window], dst[(c*kg+k)*window:][:window]
					for i, v := range src {
						to[window-1-i] = v
					}
				}
			}
		}
	}
}

// flippedBackwardData is BackwardData for shapes that flip.
func flippedBackwardData[T vec.Float](s Shape, dx, dy, w []T) {
	m := newScratch[T](len(w))
	flipFilters(s, m.buf, w)
	j := newJob[T](s.flipped())
	j.y, j.x, j.w, j.beta = dx, dy, m.buf, 1
	j.runForward()
	m.done()
}
