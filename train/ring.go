package train

import (
	"context"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// ring is [Ring]: sum this rank's partitions, AllReduce, update everything.
//
//	bytes sent by a rank and step: 2·S·(P−1)/P for S bytes of gradient on P ranks, in 2(P−1) neighbour steps
type ring struct {
	*params
	nodes   []node // the subtrees this rank can sum
	stepper optim.Stepper
}

func newRing(p *params) syncer {
	return &ring{params: p, nodes: cut(p.partitions, p.lo, p.hi), stepper: p.optimizer.New(len(p.weights))}
}

func (r *ring) step(ctx context.Context, grads [][]float32, lr float64, proceed func([]float32) bool) error {
	sum := grads[0]
	for _, n := range r.nodes {
		if part := sumTree(n, leaves(grads, r.lo), addTo); n.lo > r.lo {
			addTo(sum, part)
		}
	}
	if err := collectives.AllReduce(ctx, r.group, sum, collectives.Sum); err != nil {
		return err
	}
	k := len(r.weights)
	if proceed(sum[k:]) {
		r.stepper.Step(r.weights, sum[:k], lr)
	}
	return nil
}

func (r *ring) state(context.Context) (*optim.State, error) { return r.stepper.State(), nil }

func (r *ring) restore(s *optim.State) error {
	return restoreSlice(r.stepper.State(), s, 0, len(r.weights))
}

// leaves gives sumTree the gradient of each single partition; grads[0] is partition lo.
func leaves(grads [][]float32, lo int) func(node) []float32 {
	return func(n node) []float32 {
		if n.leaf() {
			return grads[n.lo-lo]
		}
		return nil
	}
}
