package conv

// This file spreads the planes of a pooling over the worker threads, without allocating in a training loop.

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// poolJob is one pass of a pooling. As in job, its methods are bound once, when it is made.
type poolJob[T vec.Float] struct {
	s        PoolShape
	x, y     []T // the operands, or their gradients
	argmax   []int32
	countPad bool

	max, maxBackward, avg, avgBackward func(lo, hi int)
}

var poolJobs32, poolJobs64 sync.Pool

func newPoolJob[T vec.Float](s PoolShape, x, y []T) *poolJob[T] {
	pool := &poolJobs64
	if single[T]() {
		pool = &poolJobs32
	}
	j, _ := pool.Get().(*poolJob[T])
	if j == nil {
		j = new(poolJob[T])
		j.max, j.maxBackward, j.avg, j.avgBackward = j.doMax, j.doMaxBackward, j.doAvg, j.doAvgBackward
	}
	j.s, j.x, j.y = s, x, y
	return j
}

// spread calls one of j's functions for all planes, some 10 µs of work at a time, and gives j back.
func (j *poolJob[T]) spread(fn func(lo, hi int)) {
	s := j.s
	parallel.For(s.N*s.C, ceil(8<<10, s.H*s.W), fn)
	j.x, j.y, j.argmax = nil, nil, nil
	if single[T]() {
		poolJobs32.Put(j)
	} else {
		poolJobs64.Put(j)
	}
}

// planes returns plane p of x and of y, and where y's starts.
func (j *poolJob[T]) planes(p int) (x, y []T, at int) {
	area, outArea := j.s.H*j.s.W, j.s.outH()*j.s.outW()
	return j.x[p*area:][:area], j.y[p*outArea:][:outArea], p * outArea
}
