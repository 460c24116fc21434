package train

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
)

// feedback keeps what rounding to 16 bits takes from this rank's gradient, and adds it to the next step's, so that over
// the steps nothing is lost. (Seide et al., "1-bit stochastic gradient descent", 2014; Karimireddy et al., "Error
// feedback fixes SignSGD", arXiv:1901.09847.)
//
// It is an exchange that takes part in the commit alone: what a step that is not taken rounded is not owed.
type feedback struct {
	idle
	wire    collectives.Wire
	rest    []float32 // owed, for each weight
	next    []float32 // once the step is taken
	bits    []uint16
	rounded []float32
}

const feedbackBlock = 4096 // elements that stay in the first cache

func newFeedback(wire collectives.Wire, n int) *feedback {
	return &feedback{wire: wire, rest: make([]float32, n), next: make([]float32, n),
		bits: make([]uint16, feedbackBlock), rounded: make([]float32, feedbackBlock)}
}

// apply rounds grad, the gradient of the weights from lo on, after adding what is owed to it. A gradient that is not
// finite leaves nothing owed: the step will not be taken, or the debt would never be finite again.
func (f *feedback) apply(grad []float32, lo int) {
	for len(grad) > 0 {
		n := min(len(grad), feedbackBlock)
		g, rest, next, bits, rounded := grad[:n], f.rest[lo:lo+n], f.next[lo:lo+n], f.bits[:n], f.rounded[:n]
		vec.Add(g, g, rest)
		if f.wire == collectives.BFloat16Wire {
			vec.ToBFloat16(bits, g)
			vec.FromBFloat16(rounded, bits)
		} else {
			vec.ToFloat16(bits, g)
			vec.FromFloat16(rounded, bits)
		}
		vec.Sub(next, g, rounded)
		copy(g, rounded)
		grad, lo = grad[n:], lo+n
	}
}

func (f *feedback) commit(update) { f.rest, f.next = f.next, f.rest }

// forget drops what is owed.
func (f *feedback) forget() { clear(f.rest) }

func (p *shared[T]) forget() {
	if p.feedback != nil {
		p.feedback.forget()
	}
}

// owed gives what is owed as pieces, one for each partial sum of this rank.
func (p *shared[T]) owed() []piece {
	if p.feedback == nil {
		return nil
	}
	var list []piece
	k := len(p.weights)
	for i, n := range p.owing(p.lo, p.hi) {
		list = append(list, newPiece(owedKey(n), k, 0, p.feedback.rest[i*k:(i+1)*k]))
	}
	return list
}

// owing gives the partial sums that a rank with the run [lo, hi) of partitions rounds.
func (p *shared[T]) owing(lo, hi int) []node {
	if p.sync == AllReduce {
		return []node{{lo, hi}}
	}
	return cut(p.partitions, lo, hi)
}

func owedKey(n node) string { return fmt.Sprintf("%s%d-%d", feedbackPrefix, n.lo, n.hi) }

// loadOwed takes over what is owed to the partial sums that the ranks have now. What was owed to others, which other
// ranks made, is forgotten, as it is at the start of an epoch; and nothing is owed to new ones.
func (p *shared[T]) loadOwed(ctx context.Context, from *snapshot) error {
	if p.feedback == nil {
		return nil
	}
	k := len(p.weights)
	for rank := range p.group.Size() {
		lo, hi := collectives.Slice(p.partitions, p.group.Size(), rank)
		for i, n := range p.owing(lo, hi) {
			var dst []float32
			if rank == p.group.Rank() {
				dst = p.feedback.rest[i*k : (i+1)*k]
			}
			if _, err := fill(ctx, p.group, dst, 0, from.named(owedKey(n))); err != nil {
				return fmt.Errorf("train: sharing %s: %w", owedKey(n), err)
			}
		}
	}
	return nil
}
