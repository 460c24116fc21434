package conv

// This file keeps what a call needs beside its operands, so that a call in a training loop allocates nothing: the job its
// worker threads share, and their scratch memory.

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// job is one pass of a convolution. Its methods are bound once, when it is made, for a bound method is allocated.
type job[T vec.Float] struct {
	s          Shape
	p          panels
	y, x, w, b []T // the operands, or their gradients
	beta       T   // 1 if forward adds to y, 0 if it overwrites it
	parts      []T // partial sums of the filters' gradient, [partials, LenW]
	partials   int

	forward, backwardData, backwardFilter, addPartials, addBias      func(lo, hi int)
	depthwiseForward, depthwiseBackwardData, depthwiseBackwardFilter func(lo, hi int)
	directForward, directBackwardData, directBackwardFilter          func(lo, hi int)
}

var jobs32, jobs64 sync.Pool

func newJob[T vec.Float](s Shape) *job[T] {
	pool := &jobs64
	if single[T]() {
		pool = &jobs32
	}
	j, _ := pool.Get().(*job[T])
	if j == nil {
		j = new(job[T])
		j.forward, j.backwardData = j.doForward, j.doBackwardData
		j.backwardFilter, j.addPartials = j.doBackwardFilter, j.doAddPartials
		j.addBias = j.doAddBias
		j.depthwiseForward, j.depthwiseBackwardData = j.doDepthwiseForward, j.doDepthwiseBackwardData
		j.depthwiseBackwardFilter = j.doDepthwiseBackwardFilter
		j.directForward, j.directBackwardData = j.doDirectForward, j.doDirectBackwardData
		j.directBackwardFilter = j.doDirectBackwardFilter
	}
	j.s, j.p, j.beta = s, cut(s), 0
	return j
}

// done gives j back. It lets go of the operands.
func (j *job[T]) done() {
	j.y, j.x, j.w, j.b, j.parts = nil, nil, nil, nil, nil
	if single[T]() {
		jobs32.Put(j)
	} else {
		jobs64.Put(j)
	}
}

// spread calls fn on ranges that cover [0, n), on all workers if there is enough for each. Otherwise it calls fn here, and
// the matrix products inside use the workers. The bits of a result are the same either way.
func spread(n int, fn func(lo, hi int)) {
	if n < parallel.Workers() {
		fn(0, n)
		return
	}
	parallel.For(n, 1, fn)
}

// scratch is memory that one goroutine uses for the length of a call. Its contents are arbitrary.
type scratch[T vec.Float] struct{ buf []T }

var scratch32, scratch64 sync.Pool

func newScratch[T vec.Float](n int) *scratch[T] {
	pool := &scratch64
	if single[T]() {
		pool = &scratch32
	}
	m, _ := pool.Get().(*scratch[T])
	if m == nil {
		m = new(scratch[T])
	}
	if cap(m.buf) < n {
		m.buf = make([]T, n)
	}
	m.buf = m.buf[:n]
	return m
}

func (m *scratch[T]) done() {
	if single[T]() {
		scratch32.Put(m)
	} else {
		scratch64.Put(m)
	}
}
