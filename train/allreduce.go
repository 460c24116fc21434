package train

import (
	"context"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// allReduce is [AllReduce]: sum this rank's partitions, AllReduce, update everything; by buckets.
//
//	bytes sent by a rank and step: 2·S·(P−1)/P for S bytes of gradient on P ranks; by the ring in 2(P−1) neighbour
//	steps a bucket
type allReduce[T float] struct {
	*shared[T]
	*overlap
	stepper optim.StepperOf[T]
	layers  *layered[T] // nil: the stepper needs no norms
	squares *squares[T] // nil: nobody asks for them
	last    collectives.Handle
}

func newAllReduce[T float](p *shared[T]) dense[T] {
	r := &allReduce[T]{shared: p, stepper: stepperOf[T](p.groups, 0, len(p.weights))}
	r.layers = newLayered(p, r.stepper, 0, nil)
	if p.norm {
		r.squares = newSquares[T](len(p.weights), nil)
	}
	r.overlap = newOverlap(p.set, p.spans, len(p.grads), r.send)
	return r
}

// send begins to sum bucket i over all ranks: all its gradients are complete. Before the last, with which the sums go,
// all partitions have been computed.
func (r *allReduce[T]) send(ctx context.Context, i int) {
	from, to := lead+r.spans[i].lo, lead+r.spans[i].hi
	last := i == len(r.spans)-1
	if last { // the sums are just before it
		from -= sumsLen
	}
	for _, n := range r.nodes {
		if part := sumTree(n, r.leaves(from, to), addTo[T]); n.lo > r.lo {
			addTo(r.grads[0][from:to], part)
		}
	}
	grad, sums := r.grads[0][lead+r.spans[i].lo:to], sumsOf(r.grads[0])
	if r.feedback != nil {
		r.feedback.apply(float32s(grad), r.spans[i].lo)
	}
	if r.check.look(grad, r.spans[i].lo); last && r.check.found() {
		sums[sumInfinite] = 1
	}
	if r.wire == collectives.Float32Wire {
		r.last = collectives.AllReduceAsync(ctx, r.group, r.grads[0][from:to], collectives.Sum)
		return
	}
	if last {
		collectives.AllReduceAsync(ctx, r.group, sums, collectives.Sum)
	}
	r.last = collectives.AllReduceCompressedAsync(ctx, r.group, float32s(grad), collectives.Sum, r.wire)
}

func (r *allReduce[T]) finish(ctx context.Context) error {
	r.overlap.rest()
	if err := r.last.Wait(ctx); err != nil { // operations end in order, and with the first error
		return err
	}
	if r.check.half { // rounding the total may have given infinity, on all ranks the same
		if r.check.look(r.grads[0][lead:], 0); r.check.found() {
			r.sums()[sumInfinite] = 1
		}
	}
	return nil
}

func (r *allReduce[T]) sums() []T { return sumsOf(r.grads[0]) }

func (r *allReduce[T]) measure(ctx context.Context, u update) (float64, error) {
	grad := r.grads[0][lead:]
	limited(grad, u)
	if !u.norm {
		return 0, nil
	}
	return r.squares.sum(ctx, grad)
}

func (r *allReduce[T]) commit(u update) {
	grad := r.grads[0][lead:]
	scaled(grad, u.clip)
	stepAlone(r.stepper, r.layers, r.weights, grad, u.rate)
}

// stepAlone steps all the weights on this rank.
func stepAlone[T float](s optim.StepperOf[T], l *layered[T], w, grad []T, rate float64) {
	if l == nil {
		s.Step(w, grad, rate)
		return
	}
	l.begin(w, grad, rate)
	l.finish()
}

func (r *allReduce[T]) pieces() []piece {
	return append(slotPieces(r.stepper, r.slot, len(r.weights), 0), r.owed()...)
}

func (r *allReduce[T]) load(ctx context.Context, from *snapshot) error {
	if err := loadSlots(ctx, r.group, r.stepper, r.slot, 0, from); err != nil {
		return err
	}
	return r.loadOwed(ctx, from)
}

func (r *allReduce[T]) taken() int64 { return r.stepper.State().Steps }
