package train

import (
	"context"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/train/optim"
)

// layered steps a slice of the flat vector by an optimizer that scales the update of each parameter by norms over the
// whole parameter, of which other ranks may have parts: LARS and LAMB. The norms go by the blocks of the vector, cut where
// parameters end, so weights have the same bits on any ranks.
//
//	numbers sent by a rank and step: two for each of its pieces
type layered[T float] struct {
	stepper     optim.LayerWise[T]
	group       *collectives.Group // nil: this rank has the whole vector
	from        int                // where its slice begins
	pieces      []span             // of the vector, in order; none lies in two parameters, or in two slices
	params      []span             // the pieces of each parameter
	of          []int              // the parameter of each piece
	mine        span               // this rank's pieces
	bounds      []int              // of the ranks' sums
	sums        []float64          // of each piece: of the weights' squares, and of the update's
	totals      []float64          // of each parameter: the same
	left, right []float64          // of a parameter's pieces
	w, g        []T                // from begin to finish, and rate
	rate        float64

	measure, apply func(lo, hi int)
}

// newLayered makes it of the Stepper of the slice that begins at from; nil if that needs no norms. A group of nil means
// that each rank has the whole vector.
func newLayered[T float](p *shared[T], s optim.StepperOf[T], from int, g *collectives.Group) *layered[T] {
	rule, ok := s.(optim.LayerWise[T])
	if !ok {
		return nil
	}
	l := &layered[T]{stepper: rule, from: from, mine: span{0, 0}, bounds: []int{0}}
	size, rank := 1, 0
	if g != nil && g.Size() > 1 {
		l.group, size, rank = g, g.Size(), g.Rank()
	}
	block, n := blockLen(len(p.weights)), len(p.weights)
	ends := sliceBounds(n, size)
	owner := 0
	for i, param := range p.set.Params() {
		lo, hi := p.set.Range(param)
		first := len(l.pieces)
		for at := lo; at < hi; {
			end := min(hi, (at/block+1)*block)
			for at >= ends[owner+1] { // no piece before this one is the next rank's
				l.bounds = append(l.bounds, 2*len(l.pieces))
				owner++
			}
			l.pieces, l.of = append(l.pieces, span{at, end}), append(l.of, i)
			at = end
		}
		l.params = append(l.params, span{first, len(l.pieces)})
	}
	for len(l.bounds) <= size {
		l.bounds = append(l.bounds, 2*len(l.pieces))
	}
	l.mine = span{l.bounds[rank] / 2, l.bounds[rank+1] / 2}
	l.sums, l.totals = make([]float64, 2*len(l.pieces)), make([]float64, 2*len(l.params))
	l.measure, l.apply = l.measurePieces, l.applyPieces
	return l
}

// begin measures this rank's slice w and its gradient, and moves the moments. finish must follow, after share where other
// ranks have slices.
func (l *layered[T]) begin(w, grad []T, rate float64) {
	l.w, l.g, l.rate = w, grad, rate
	l.stepper.Begin(rate)
	parallel.For(l.mine.hi-l.mine.lo, 2, l.measure)
}

// share gives all ranks what they have measured. All of them call it.
func (l *layered[T]) share(ctx context.Context) error {
	if l.group == nil {
		return nil
	}
	return collectives.AllGatherSlices(ctx, l.group, l.sums, l.bounds)
}

// finish updates what begin was given.
func (l *layered[T]) finish() {
	for i, p := range l.params {
		l.left, l.right = l.left[:0], l.right[:0]
		for k := p.lo; k < p.hi; k++ {
			l.left, l.right = append(l.left, l.sums[2*k]), append(l.right, l.sums[2*k+1])
		}
		l.totals[2*i], l.totals[2*i+1] = optim.SumTree(l.left), optim.SumTree(l.right)
	}
	parallel.For(l.mine.hi-l.mine.lo, 2, l.apply)
	l.w, l.g = nil, nil
}

// measurePieces does this rank's pieces from i to end.
func (l *layered[T]) measurePieces(i, end int) {
	for ; i < end; i++ {
		k := l.mine.lo + i
		lo, hi := l.pieces[k].lo-l.from, l.pieces[k].hi-l.from
		l.sums[2*k], l.sums[2*k+1] = l.stepper.Measure(lo, hi, l.w[lo:hi], l.g[lo:hi])
	}
}

func (l *layered[T]) applyPieces(i, end int) {
	for ; i < end; i++ {
		k := l.mine.lo + i
		lo, hi := l.pieces[k].lo-l.from, l.pieces[k].hi-l.from
		total := l.totals[2*l.of[k]:]
		l.stepper.Apply(lo, hi, l.w[lo:hi], l.g[lo:hi], l.rate, total[0], total[1])
	}
}
