package conv

// This file is the algorithm "im2col": a convolution is a matrix product with a panel of patches, group by group.
//
//	forward   Y [K/G, pixels]   = W [K/G, taps] · panel [taps, pixels]
//	data      dpanel            = Wᵀ · dY, added to the image
//	filter    dW                = dY · panelᵀ, summed over panels
//
// Forward, the product gathers its patches itself (see patches.go); so does the data pass of most shapes with stride one, which is a
// forward pass (see flip.go). Elsewhere pixels are copied to panels, but where a panel of one image is the image: under 1×1 filters.
// Padding is copied as zeros, so there an infinite or NaN weight gives NaN, where the definition leaves the product out.
// Source: Chellapilla, Puri and Simard, IWFHR 2006.

import (
	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// suitsProducts leaves out planes of up to four output pixels in groups of one channel: a product of a row with a column or two.
func suitsProducts(s Shape) bool { return s.Groups == 1 || !oneChannel(s) || s.outH()*s.outW() > 4 }

func im2colForward[T vec.Float](s Shape, y, x, w, b []T) {
	j := newJob[T](s)
	j.y, j.x, j.w, j.b = y, x, w, b
	j.runForward()
}

// runForward does a forward pass and gives j back.
func (j *job[T]) runForward() {
	j.p = cutFused(j.s)
	spread(j.p.count, j.forward)
	j.done()
}

// im2colBackwardData spreads images, not panels: panels of one image may overlap.
func im2colBackwardData[T vec.Float](s Shape, dx, dy, w []T) {
	if s.flips() {
		flippedBackwardData(s, dx, dy, w)
		return
	}
	j := newJob[T](s)
	j.y, j.x, j.w = dy, dx, w
	spread(j.p.count/j.p.stripes, j.backwardData)
	j.done()
}

func im2colBackwardFilter[T vec.Float](s Shape, dw, db, x, dy []T) {
	j := newJob[T](s)
	j.y, j.x, j.w = dy, x, dw
	j.partials = partials(j.p, s.N)
	if j.partials == 1 {
		j.parts = dw
		j.doBackwardFilter(0, 1)
	} else {
		m := newScratch[T](j.partials * len(dw))
		j.parts = m.buf
		clear(j.parts)
		spread(j.partials, j.backwardFilter)
		parallel.For(len(dw), 8<<10, j.addPartials)
		m.done()
	}
	if db != nil {
		j.b = db
		parallel.For(s.K, ceil(16<<10, s.N*j.p.area), j.addBias)
	}
	j.done()
}

// partials returns into how many sums the filters' gradient is split, for the shape alone to say: at most 16, at least
// 1024 pixels each, for writing and adding a partial costs as much as some hundred pixels.
func partials(p panels, n int) int {
	return max(1, min(16, p.count, n*p.area/1024))
}

func (j *job[T]) doForward(lo, hi int) {
	s, p := j.s, j.p
	kg, cg := s.K/s.Groups, s.C/s.Groups
	product := 0
	if p.images > 1 {
		product = kg * p.columns(s)
	}
	m := newPatches[T](s, p, product)
	defer m.done()
	var lowered *scratch[T]
	if !s.gathers() {
		lowered = newScratch[T](p.taps * p.columns(s))
		defer lowered.done()
	}
	for i := lo; i < hi; i++ {
		n0, n1, h0, h1 := p.at(s, i)
		columns := (n1 - n0) * (h1 - h0) * s.outW()
		for g := range s.Groups {
			w := j.w[g*kg*p.taps:][:kg*p.taps]
			if j.b != nil {
				m.then.RowBias = j.b[g*kg:][:kg]
			}
			y, ldy, beta := m.product, columns, T(0)
			if p.images == 1 {
				y, ldy, beta = j.y[(n0*s.K+g*kg)*p.area+h0*s.outW():], p.area, j.beta
			}
			if lowered == nil {
				m.see(j.x[(n0*s.C+g*cg)*s.H*s.W:], n1-n0, h0, h1)
				blas.GemmFrom(blas.NoTrans, kg, columns, p.taps, 1, w, p.taps, m.fill, beta, y, ldy, &m.then)
			} else {
				panel, ld := j.panel(lowered.buf, g, n0, n1, h0, h1)
				blas.GemmThen(blas.NoTrans, blas.NoTrans, kg, columns, p.taps, 1, w, p.taps, panel, ld, beta, y, ldy, &m.then)
			}
			if p.images > 1 {
				j.store(y, ldy, g, n0, n1)
			}
		}
	}
}

// doBackwardData handles images [lo·images, hi·images), each with all its panels in order.
func (j *job[T]) doBackwardData(lo, hi int) {
	s, p := j.s, j.p
	kg, cg := s.K/s.Groups, s.C/s.Groups
	m := newScratch[T]((p.taps + kg) * p.columns(s))
	defer m.done()
	for i := lo * p.stripes; i < hi*p.stripes; i++ {
		n0, n1, h0, h1 := p.at(s, i)
		columns := (n1 - n0) * (h1 - h0) * s.outW()
		for g := range s.Groups {
			dy, ldy := j.load(m.buf[p.taps*p.columns(s):], g, n0, n1, h0)
			w := j.w[g*kg*p.taps:][:kg*p.taps]
			if s.pointwise() && p.images == 1 {
				dx := j.x[((n0*s.C+g*cg)*s.H+h0)*s.W:]
				blas.Gemm(blas.Trans, blas.NoTrans, p.taps, columns, kg, 1, w, p.taps, dy, ldy, 1, dx, p.area)
				continue
			}
			panel := m.buf[:p.taps*columns]
			blas.Gemm(blas.Trans, blas.NoTrans, p.taps, columns, kg, 1, w, p.taps, dy, ldy, 0, panel, columns)
			for n := n0; n < n1; n++ {
				raise(s, j.image(n, g), panel[(n-n0)*p.area:], columns, h0, h1)
			}
		}
	}
}

// doBackwardFilter sums partials [lo, hi) of the filters' gradient, each over an equal share of the panels, in order.
func (j *job[T]) doBackwardFilter(lo, hi int) {
	s, p := j.s, j.p
	kg, cg := s.K/s.Groups, s.C/s.Groups
	lenW := len(j.w)
	m := newScratch[T]((p.taps + kg) * p.columns(s))
	defer m.done()
	var framed *patches[T]
	if s.StrideW > 1 {
		framed = newPatches[T](s, p, 0)
		defer framed.done()
	}
	for part := lo; part < hi; part++ {
		dw := j.parts[part*lenW:][:lenW]
		for i := part * p.count / j.partials; i < (part+1)*p.count/j.partials; i++ {
			n0, n1, h0, h1 := p.at(s, i)
			columns := (n1 - n0) * (h1 - h0) * s.outW()
			for g := range s.Groups {
				panel, ld := m.buf[:p.taps*columns], columns
				if framed != nil { // a frame sorts the pixels by stride once, not for every tap
					framed.see(j.x[(n0*s.C+g*cg)*s.H*s.W:], n1-n0, h0, h1)
					framed.lower(panel)
				} else {
					panel, ld = j.panel(panel, g, n0, n1, h0, h1)
				}
				dy, ldy := j.load(m.buf[p.taps*p.columns(s):], g, n0, n1, h0)
				blas.Gemm(blas.NoTrans, blas.Trans, kg, p.taps, columns,
					1, dy, ldy, panel, ld, 1, dw[g*kg*p.taps:][:kg*p.taps], p.taps)
			}
		}
	}
}

// doAddPartials adds elements [lo, hi) of the partials pairwise, and their sum to the gradient.
func (j *job[T]) doAddPartials(lo, hi int) {
	lenW := len(j.w)
	part := func(i int) []T { return j.parts[i*lenW+lo : i*lenW+hi] }
	for step := 1; step < j.partials; step *= 2 {
		for i := 0; i+step < j.partials; i += 2 * step {
			vec.AddTo(part(i), part(i+step))
		}
	}
	vec.AddTo(j.w[lo:hi], part(0))
}

// doAddBias adds to elements [lo, hi) of the bias's gradient.
func (j *job[T]) doAddBias(lo, hi int) { addPlanes(j.s, j.b, j.y, lo, hi) }

// columns returns the most columns a panel has.
func (p panels) columns(s Shape) int { return p.images * p.rows * s.outW() }

// image returns the channels of group g of image n of x.
func (j *job[T]) image(n, g int) []T {
	cg := j.s.C / j.s.Groups
	return j.x[(n*j.s.C+g*cg)*j.s.H*j.s.W:][:cg*j.s.H*j.s.W]
}

// panel returns the panel of group g, and its leading dimension: made in buf, or the image itself.
func (j *job[T]) panel(buf []T, g, n0, n1, h0, h1 int) ([]T, int) {
	s, p := j.s, j.p
	if s.pointwise() && p.images == 1 {
		return j.image(n0, g)[h0*s.W:], p.area
	}
	ld := (n1 - n0) * (h1 - h0) * s.outW()
	for n := n0; n < n1; n++ {
		lower(s, buf[(n-n0)*p.area:], ld, j.image(n, g), h0, h1)
	}
	return buf, ld
}

// pixels returns where a panel's product goes, [K/Groups, columns], and its leading dimension: the output itself if the
// panel is of one image, else buf.
func (j *job[T]) pixels(buf []T, g, n0, n1, h0 int) ([]T, int) {
	if j.p.images == 1 {
		kg := j.s.K / j.s.Groups
		return j.y[(n0*j.s.K+g*kg)*j.p.area+h0*j.s.outW():], j.p.area
	}
	return buf, (n1 - n0) * j.p.area
}

// store moves the product of a panel of several images to the output, or adds it to what is there.
func (j *job[T]) store(y []T, ldy, g, n0, n1 int) {
	s, p := j.s, j.p
	kg := s.K / s.Groups
	for k := range kg {
		for n := n0; n < n1; n++ {
			dst, src := j.y[(n*s.K+g*kg+k)*p.area:][:p.area], y[k*ldy+(n-n0)*p.area:][:p.area]
			if j.beta == 0 {
				copy(dst, src)
			} else {
				vec.AddTo(dst, src)
			}
		}
	}
}

// load returns the gradient of a panel's product, and its leading dimension.
func (j *job[T]) load(buf []T, g, n0, n1, h0 int) ([]T, int) {
	p := j.p
	dy, ld := j.pixels(buf, g, n0, n1, h0)
	if p.images == 1 {
		return dy, ld
	}
	kg := j.s.K / j.s.Groups
	for k := range kg {
		for n := n0; n < n1; n++ {
			copy(dy[k*ld+(n-n0)*p.area:][:p.area], j.y[(n*j.s.K+g*kg+k)*p.area:])
		}
	}
	return dy, ld
}
