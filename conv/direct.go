package conv

// This file is the definition of the convolution, written to be read and to be right: every other algorithm is compared
// with it. It computes only where the others' preparations take longer than the few products there are.

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// taps calls fn for every product y[yi] += x[xi]·w[wi] of groups [lo, hi) of the convolution: taps in the image only, zeros
// outside are left out. For one yi the order is c, r, q, ascending.
func taps(s Shape, lo, hi int, fn func(yi, xi, wi int)) {
	outH, outW := s.outH(), s.outW()
	cg, kg := s.C/s.Groups, s.K/s.Groups
	for n := range s.N {
		for k := lo * kg; k < hi*kg; k++ {
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
	j := newJob[T](s)
	j.y, j.x, j.w = y, x, w
	j.overGroups(j.directForward)
}

func directBackwardData[T vec.Float](s Shape, dx, dy, w []T) {
	j := newJob[T](s)
	j.y, j.x, j.w = dy, dx, w
	j.overGroups(j.directBackwardData)
}

func directBackwardFilter[T vec.Float](s Shape, dw, db, x, dy []T) {
	j := newJob[T](s)
	j.y, j.x, j.w = dy, x, dw
	j.overGroups(j.directBackwardFilter)
	biasGrad(s, db, dy)
}

func (j *job[T]) doDirectForward(lo, hi int) {
	y, x, w := j.y, j.x, j.w
	taps(j.s, lo, hi, func(yi, xi, wi int) { y[yi] += x[xi] * w[wi] })
}

func (j *job[T]) doDirectBackwardData(lo, hi int) {
	dy, dx, w := j.y, j.x, j.w
	taps(j.s, lo, hi, func(yi, xi, wi int) { dx[xi] += dy[yi] * w[wi] })
}

func (j *job[T]) doDirectBackwardFilter(lo, hi int) {
	dy, x, dw := j.y, j.x, j.w
	taps(j.s, lo, hi, func(yi, xi, wi int) { dw[wi] += dy[yi] * x[xi] })
}

// productsAtOnce is how many products are worth a thread of their own: some 50 µs.
const productsAtOnce = 1 << 15

// overGroups calls fn on runs of groups, which have no element in common, and gives j back.
func (j *job[T]) overGroups(fn func(lo, hi int)) {
	products := j.s.Flops() / (2 * j.s.Groups) // of a group
	parallel.For(j.s.Groups, max(1, productsAtOnce/max(1, products)), fn)
	j.done()
}

// biasGrad adds to db, unless nil, the sum of dy over images and pixels: planes by vec.Sum, and their sums in float64.
func biasGrad[T vec.Float](s Shape, db, dy []T) {
	if db != nil {
		addPlanes(s, db, dy, 0, s.K)
	}
}

// addPlanes is biasGrad for filters [lo, hi).
func addPlanes[T vec.Float](s Shape, db, dy []T, lo, hi int) {
	area := s.outH() * s.outW()
	for k := lo; k < hi; k++ {
		var sum float64
		for n := range s.N {
			sum += float64(vec.Sum(dy[(n*s.K+k)*area:][:area]))
		}
		db[k] += T(sum)
	}
}
