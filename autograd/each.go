package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// Loops of ops that package vec does not have run here: cut in pieces for the workers where they are long. Where a loop is cut
// must not show in its result.

// loop does the part [lo, hi) of a node's work.
type loop func(n *node, lo, hi int)

// each runs the loop for the node's dtype over [0, count), at least grain at a time: some 10 µs of work. The loops must be
// instances for float32 and float64, named so: a function value made in generic code would be allocated every time.
func (n *node) each(count, grain int, f32, f64 loop) {
	fn := f64
	if n.in[0].DType() == tensor.Float32 {
		fn = f32
	}
	if count < 2*grain {
		fn(n, 0, count)
		return
	}
	t := n.tape
	t.loop, t.looping = fn, n
	parallel.For(count, grain, t.piece)
	t.loop, t.looping = nil, nil
}

// doPiece is the loop of each, bound once for a tape.
func (t *Tape) doPiece(lo, hi int) { t.loop(t.looping, lo, hi) }

// slowGrain and fastGrain are grains for loops whose elements take some ten nanoseconds, or about one.
const (
	slowGrain = 1 << 10
	fastGrain = 8 << 10
)

// gradBuffer returns the elements of begin's buffer, for a loop.
func gradBuffer[T vec.Float](n *node, i int) []T { return tensor.Data[T](n.begun(i)) }
