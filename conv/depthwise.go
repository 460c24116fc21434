package conv

// This file is the algorithm "depthwise", for convolutions whose groups have one channel: every plane is copied once into a frame
// with its padding, and then a filter tap is one multiplication and addition of long vectors.
//
// A frame has so wide rows that the pixels under a tap, for all output pixels in row-major order, are one run of it: output pixel
// (oh, ow) has number oh·pitch + ow, and the pixel under tap (r, q) stands at that number plus an offset of the tap. Between output
// rows lie numbers that belong to no pixel; what is computed there is left out. With strides there is a frame for every phase,
// the pixels whose row and column leave the same remainders, in which strides are one.

import "github.com/tutti-ml/tutti/blas/vec"

// oneChannel reports whether the groups of s have one channel each.
func oneChannel(s Shape) bool { return s.Groups == s.C }

// suitsDepthwise leaves out a single channel, which is no group, and images too small for vectors.
func suitsDepthwise(s Shape) bool { return s.Groups > 1 && s.outH()*s.outW() >= 16 }

// frames describes the frames of one plane.
type frames struct {
	pitch  int // elements of a frame's row
	size   int // elements of a frame
	count  int // numbers from the first output pixel to the last
	phases int
}

func framesOf(s Shape) frames {
	f := frames{
		pitch:  ceil(s.W+2*s.PadW, s.StrideW),
		phases: s.StrideH * s.StrideW,
	}
	outH, outW := s.outH(), s.outW()
	f.count = (outH-1)*f.pitch + outW
	f.size = ceil(s.H+2*s.PadH, s.StrideH) * f.pitch
	return f
}

// tap returns where the run of tap (r, q) begins in the frames.
func (f frames) tap(s Shape, r, q int) int {
	h, w := r*s.DilationH, q*s.DilationW
	phase := h%s.StrideH*s.StrideW + w%s.StrideW
	return phase*f.size + h/s.StrideH*f.pitch + w/s.StrideW
}

// fillFrames stores plane x in the frames, which are zero where it does not reach.
func fillFrames[T vec.Float](s Shape, f frames, frame, x []T) {
	for h := range s.H {
		row, ph := x[h*s.W:][:s.W], h+s.PadH
		base := ph%s.StrideH*s.StrideW*f.size + ph/s.StrideH*f.pitch
		if s.StrideW == 1 {
			copy(frame[base+s.PadW:], row)
			continue
		}
		for w, v := range row {
			pw := w + s.PadW
			frame[base+pw%s.StrideW*f.size+pw/s.StrideW] = v
		}
	}
}

// addFrames adds what the frames hold of plane x to it: the adjoint of fillFrames.
func addFrames[T vec.Float](s Shape, f frames, frame, x []T) {
	for h := range s.H {
		row, ph := x[h*s.W:][:s.W], h+s.PadH
		base := ph%s.StrideH*s.StrideW*f.size + ph/s.StrideH*f.pitch
		if s.StrideW == 1 {
			vec.AddTo(row, frame[base+s.PadW:][:s.W])
			continue
		}
		for w := range row {
			pw := w + s.PadW
			row[w] += frame[base+pw%s.StrideW*f.size+pw/s.StrideW]
		}
	}
}

// stretch stores dy in rows of the frames' pitch, zeros between them.
func stretch[T vec.Float](s Shape, f frames, dst, dy []T) {
	outW := s.outW()
	clear(dst)
	for oh := range s.outH() {
		copy(dst[oh*f.pitch:][:outW], dy[oh*outW:])
	}
}

// run is how many output pixels are computed with all taps before the next: few enough for the first-level cache.
const run = 2048

func depthwiseForward[T vec.Float](s Shape, y, x, w, b []T) {
	j := newJob[T](s)
	j.y, j.x, j.w, j.b = y, x, w, b
	spread(s.N*s.C, j.depthwiseForward)
	j.done()
}

func depthwiseBackwardData[T vec.Float](s Shape, dx, dy, w []T) {
	j := newJob[T](s)
	j.y, j.x, j.w = dy, dx, w
	spread(s.N*s.C, j.depthwiseBackwardData)
	j.done()
}

func depthwiseBackwardFilter[T vec.Float](s Shape, dw, db, x, dy []T) {
	j := newJob[T](s)
	j.y, j.x, j.w, j.b = dy, x, dw, db
	spread(s.C, j.depthwiseBackwardFilter)
	j.done()
}

// doDepthwiseForward handles planes [lo, hi) of x, each with all the filters of its channel.
func (j *job[T]) doDepthwiseForward(lo, hi int) {
	s, f := j.s, framesOf(j.s)
	outH, outW, many := s.outH(), s.outW(), s.K/s.C
	m := newScratch[T](f.phases*f.size + f.count)
	defer m.done()
	frame, line := m.buf[:f.phases*f.size], m.buf[f.phases*f.size:]
	clear(frame)
	for p := lo; p < hi; p++ {
		n, c := p/s.C, p%s.C
		fillFrames(s, f, frame, j.x[p*s.H*s.W:][:s.H*s.W])
		for k := c * many; k < (c+1)*many; k++ {
			var bias T
			if j.b != nil {
				bias = j.b[k]
			}
			w := j.w[k*s.R*s.S:][:s.R*s.S]
			for at := 0; at < f.count; at += run {
				piece := line[at:min(at+run, f.count)]
				vec.Fill(piece, bias)
				for r := range s.R {
					for q := range s.S {
						vec.Axpy(piece, w[r*s.S+q], frame[f.tap(s, r, q)+at:][:len(piece)])
					}
				}
			}
			y := j.y[(n*s.K+k)*outH*outW:]
			for oh := range outH {
				copy(y[oh*outW:][:outW], line[oh*f.pitch:])
			}
		}
	}
}

// doDepthwiseBackwardData handles planes [lo, hi) of dx: every tap adds its share of dy to where its pixels stand.
func (j *job[T]) doDepthwiseBackwardData(lo, hi int) {
	s, f := j.s, framesOf(j.s)
	area, many := s.outH()*s.outW(), s.K/s.C
	m := newScratch[T](f.phases*f.size + f.count)
	defer m.done()
	frame, line := m.buf[:f.phases*f.size], m.buf[f.phases*f.size:]
	for p := lo; p < hi; p++ {
		n, c := p/s.C, p%s.C
		clear(frame)
		for k := c * many; k < (c+1)*many; k++ {
			stretch(s, f, line, j.y[(n*s.K+k)*area:][:area])
			w := j.w[k*s.R*s.S:][:s.R*s.S]
			for r := range s.R {
				for q := range s.S {
					vec.Axpy(frame[f.tap(s, r, q):][:f.count], w[r*s.S+q], line)
				}
			}
		}
		addFrames(s, f, frame, j.x[p*s.H*s.W:][:s.H*s.W])
	}
}

// doDepthwiseBackwardFilter handles the filters of channels [lo, hi), image after image.
func (j *job[T]) doDepthwiseBackwardFilter(lo, hi int) {
	s, f := j.s, framesOf(j.s)
	area, many := s.outH()*s.outW(), s.K/s.C
	m := newScratch[T](f.phases*f.size + f.count)
	defer m.done()
	frame, line := m.buf[:f.phases*f.size], m.buf[f.phases*f.size:]
	clear(frame)
	for c := lo; c < hi; c++ {
		for n := range s.N {
			fillFrames(s, f, frame, j.x[(n*s.C+c)*s.H*s.W:][:s.H*s.W])
			for k := c * many; k < (c+1)*many; k++ {
				dy := j.y[(n*s.K+k)*area:][:area]
				if j.b != nil {
					j.b[k] += vec.Sum(dy)
				}
				stretch(s, f, line, dy)
				for r := range s.R {
					for q := range s.S {
						j.w[(k*s.R+r)*s.S+q] += vec.Dot(line, frame[f.tap(s, r, q):][:f.count])
					}
				}
			}
		}
	}
}
