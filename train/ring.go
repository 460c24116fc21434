package train

import (
	"context"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// ring is [Ring]: sum this rank's partitions, AllReduce, update everything; by buckets.
//
//	bytes sent by a rank and step: 2·S·(P−1)/P for S bytes of gradient on P ranks, in 2(P−1) neighbour steps a bucket
type ring struct {
	*params
	nodes   []node // the subtrees this rank can sum
	stepper optim.Stepper
	last    collectives.Handle
}

func newRing(p *params) syncer {
	return &ring{params: p, nodes: cut(p.partitions, p.lo, p.hi), stepper: p.groups.stepper(0, len(p.weights))}
}

func (r *ring) send(ctx context.Context, i int) {
	from, to := lead+r.spans[i].lo, lead+r.spans[i].hi
	last := i == len(r.spans)-1
	if last { // the tail is just before it
		from -= tailLen
	}
	for _, n := range r.nodes {
		if part := sumTree(n, r.leaves(from, to), addTo); n.lo > r.lo {
			addTo(r.grads[0][from:to], part)
		}
	}
	sum, tail := r.grads[0][lead+r.spans[i].lo:to], tailOf(r.grads[0])
	if r.feedback != nil {
		r.feedback.apply(sum, r.spans[i].lo)
	}
	if r.check.look(sum, r.spans[i].lo); last && r.check.found() {
		tail[tailInfinite] = 1
	}
	if r.wire == collectives.Float32Wire {
		r.last = collectives.AllReduceAsync(ctx, r.group, r.grads[0][from:to], collectives.Sum)
		return
	}
	if last {
		collectives.AllReduceAsync(ctx, r.group, tail, collectives.Sum)
	}
	r.last = collectives.AllReduceCompressedAsync(ctx, r.group, sum, collectives.Sum, r.wire)
}

func (r *ring) step(ctx context.Context, lr float64, proceed func([]float32) (float32, bool)) error {
	if err := r.last.Wait(ctx); err != nil { // operations end in order, and with the first error
		return err
	}
	sum := r.grads[0]
	if r.check.half { // rounding the total may have given infinity, on all ranks the same
		if r.check.look(sum[lead:], 0); r.check.found() {
			tailOf(sum)[tailInfinite] = 1
		}
	}
	if scale, ok := proceed(tailOf(sum)); ok {
		scaled(sum[lead:], scale)
		r.stepper.Step(r.weights, sum[lead:], lr)
	}
	return nil
}

func (r *ring) state(context.Context) (*optim.State, error) { return r.stepper.State(), nil }

func (r *ring) restore(s *optim.State) error {
	return restoreSlice(r.stepper.State(), s, 0, len(r.weights))
}

// leaves gives sumTree elements [from, to) of the vector of each single partition.
func (p *params) leaves(from, to int) func(node) []float32 {
	return func(n node) []float32 {
		if n.leaf() {
			return p.grads[n.lo-p.lo][from:to]
		}
		return nil
	}
}
