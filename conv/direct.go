package conv

// This file is the definition of the convolution, written to be read and to be right: every other algorithm is compared
// with it. It computes only where the others' preparations take longer than the few products there are.

import "github.com/tutti-ml/tutti/blas/vec"

// taps calls fn for every product y[yi] += x[xi]·w[wi] of the convolution: taps in the image only, zeros outside are left
// out. For one yi the order is c, r, q, ascending.
func taps(s Shape, fn func(yi, xi, wi int)) {
	outH, outW := s.outH(), s.outW()
	cg, kg := s.C/s.Groups, s.K/s.Groups
	for n := range s.N {
		for k := range s.K {
			for oh := range outH {
				for ow := range outW {
					yi := ((n*s.K+k)*outH+oh)*outW + ow
					for c := range cg {
						for r := range s.R {
							for q := range s.S {
								h := oh*s.StrideH - s.PadH + r*s.DilationH
								w := ow*s.StrideW - s.PadW + q*s.DilationW
								if h < 0 || h >= s.H || w < 0 || w >= s.W {
									continue
								}
								xi := ((n*s.C+k/kg*cg+c)*s.H+h)*s.W + w
								wi := ((k*cg+c)*s.R+r)*s.S + q
								fn(yi, xi, wi)
							}
						}
					}
				}
			}
		}
	}
}

func directForward[T vec.Float](s Shape, y, x, w, b []T) {
	area := s.outH() * s.outW()
	for i := range y {
		y[i] = 0
		if b != nil {
			y[i] = b[i/area%s.K]
		}
	}
	taps(s, func(yi, xi, wi int) { y[yi] += x[xi] * w[wi] })
}

func directBackwardData[T vec.Float](s Shape, dx, dy, w []T) {
	taps(s, func(yi, xi, wi int) { dx[xi] += dy[yi] * w[wi] })
}

func directBackwardFilter[T vec.Float](s Shape, dw, db, x, dy []T) {
	taps(s, func(yi, xi, wi int) { dw[wi] += dy[yi] * x[xi] })
	biasGrad(s, db, dy)
}

// biasGrad adds to db, unless nil, the sum of dy over images and pixels: plane by plane, each by vec.Sum.
func biasGrad[T vec.Float](s Shape, db, dy []T) {
	if db != nil {
		addPlanes(s, db, dy, 0, s.K)
	}
}

// addPlanes is biasGrad for filters [lo, hi).
func addPlanes[T vec.Float](s Shape, db, dy []T, lo, hi int) {
	area := s.outH() * s.outW()
	for n := range s.N {
		for k := lo; k < hi; k++ {
			db[k] += vec.Sum(dy[(n*s.K+k)*area:][:area])
		}
	}
}
