package train

// Buckets: the gradient goes out in pieces, each as soon as backward is done with it, so that communication overlaps what
// is still to compute. (Li et al., "PyTorch Distributed", arXiv:2006.15704, section 3.2.3.)

import (
	"context"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
)

// The bytes of gradient in a bucket: the first is small, so that the network has something to do soon.
const (
	firstBucket   = 1 << 20
	defaultBucket = 25 << 20
)

// span is a run [lo, hi) of the flat vector.
type span struct{ lo, hi int }

// cutBuckets cuts the vector of set into buckets of whole parameters, the last parameters first, as backward completes
// them: a bucket ends when it holds limit bytes, the first when it holds firstBucket. A negative limit makes one bucket.
func cutBuckets(set *autograd.Set, limit int) []span {
	all := set.Params()
	hi := set.Len()
	var spans []span
	for i := len(all) - 1; i > 0 && limit > 0; i-- {
		lo, _ := set.Range(all[i])
		most := limit
		if len(spans) == 0 {
			most = min(limit, firstBucket)
		}
		if 4*(hi-lo) >= most && lo > 0 {
			spans = append(spans, span{lo, hi})
			hi = lo
		}
	}
	return append(spans, span{0, hi})
}

// overlap counts a step's complete gradients, and sends a bucket when all replicas have completed it and those before it
// are sent: so that every rank sends the same in the same order, whatever the timing and whatever a batch leaves unused.
type overlap struct {
	send   func(ctx context.Context, i int)
	bucket map[*autograd.Param]int
	whole  []int // gradients in each bucket, over all replicas

	mu   sync.Mutex
	ctx  context.Context // the step's: the hooks of a tape are given none
	left []int           // gradients not yet complete
	next int             // the first bucket not sent
}

func newOverlap(set *autograd.Set, spans []span, replicas int, send func(context.Context, int)) *overlap {
	o := &overlap{send: send, bucket: map[*autograd.Param]int{}, whole: make([]int, len(spans)), left: make([]int, len(spans))}
	for _, p := range set.Params() {
		lo, hi := set.Range(p)
		for i, s := range spans {
			if s.lo <= lo && hi <= s.hi && lo < hi {
				o.bucket[p] = i
				o.whole[i] += replicas
			}
		}
	}
	return o
}

// begin makes ready for a step.
func (o *overlap) begin(ctx context.Context) {
	o.ctx, o.next = ctx, 0
	copy(o.left, o.whole)
}

// ready takes note that a replica has completed the gradient of p. The replicas call it from their goroutines.
func (o *overlap) ready(p *autograd.Param) {
	i, ok := o.bucket[p]
	if !ok {
		return // frozen, or empty
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left[i]--
	for o.next < len(o.left)-1 && o.left[o.next] == 0 {
		o.send(o.ctx, o.next)
		o.next++
	}
}

// rest sends the rest, when all replicas are done, well or badly: the last bucket, and those with a parameter that the
// batch did not use.
func (o *overlap) rest() {
	for ; o.next < len(o.left); o.next++ {
		o.send(o.ctx, o.next)
	}
	o.ctx = nil
}
