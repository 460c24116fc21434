package train

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// Sync names a strategy of parameter synchronisation.
type Sync uint8

const (
	// Ring sums whole gradients with an AllReduce of the group's algorithm (the ring, unless the group says otherwise);
	// every rank then updates every weight. With R ranks the order of summation depends on R.
	Ring Sync = iota
	// ShuffleBroadcast sums, updates and publishes each slice of the parameters on the rank that owns it. The order of
	// summation depends on the number of logical partitions alone.
	ShuffleBroadcast
)

// strategies is the table of strategies, in the order of the constants.
var strategies = []struct {
	name  string
	start func(*params) syncer
}{
	Ring:             {"ring", newRing},
	ShuffleBroadcast: {"shuffle", newShuffle},
}

// String gives the name by which ParseSync finds s.
func (s Sync) String() string {
	if int(s) < len(strategies) {
		return strategies[s].name
	}
	return fmt.Sprintf("Sync(%d)", s)
}

// ParseSync gives the strategy called name: "ring" or "shuffle".
func ParseSync(name string) (Sync, error) {
	for i, s := range strategies {
		if s.name == name {
			return Sync(i), nil
		}
	}
	return 0, fmt.Errorf("train: sync %q, want ring or shuffle", name)
}

func (s Sync) syncer() (func(*params) syncer, error) {
	if int(s) >= len(strategies) {
		return nil, fmt.Errorf("train: Config.Sync = %d, want Ring or ShuffleBroadcast", s)
	}
	return strategies[s].start, nil
}

// params is what a strategy works on: the weights of one rank and its place among the ranks.
type params struct {
	group      *collectives.Group
	partitions int
	lo, hi     int       // the run of partitions this rank computes
	weights    []float32 // the flat vector, all of it
	grads      [][]float32
	groups     *groups
	spans      []span // the buckets, see buckets.go
	wire       collectives.Wire
	feedback   *feedback // nil: none
	check      *gradientCheck
}

// A syncer turns the gradients of this rank's partitions, the vectors of params.grads, into new weights on all ranks.
//
// A gradient vector is as long as the weights plus what leads: after padding that keeps the weights aligned, the tail (of
// the padding, so to say): [tailLen] more numbers that are summed over all partitions along with the gradient.
type syncer interface {
	// send begins to synchronise bucket i: all its gradients are complete. It is called once a step for each bucket, in
	// order; before the last, with which the tails go, all partitions have been computed.
	send(ctx context.Context, i int)
	// step ends what send has begun; asks proceed with the sum of the tails; and if it agrees, updates the weights on all
	// ranks with learning rate lr and scale times the gradient. The gradient vectors are overwritten.
	step(ctx context.Context, lr float64, proceed func(tail []float32) (scale float32, ok bool)) error
	// state gathers the whole optimizer state on every rank, each slot as long as the weights.
	state(ctx context.Context) (*optim.State, error)
	// restore sets this rank's part of the optimizer state from the whole.
	restore(*optim.State) error
}

// The tail: sums over partitions, weighted so that the total is the batch's.
const (
	tailLoss     = iota // mean loss of the batch
	tailCorrect         // samples whose largest output is at their label
	tailIgnored         // samples whose label is of no class
	tailFailed          // partitions that could not be computed
	tailStop            // ranks that were asked to stop after this step
	tailEnd             // ranks whose OnStep said after the step before that it was the last
	tailInfinite        // ranks that have found a gradient that is not finite
	tailWeight          // what the loss is a mean over, per sample, where that is not the samples
	tailLen
)

// lead is how many elements precede the weights in a gradient vector: a cache line, of which the tail is the end.
const lead = 16

func tailOf(grad []float32) []float32 { return grad[lead-tailLen : lead] }

// scaled multiplies a gradient by scale.
func scaled(grad []float32, scale float32) {
	if scale != 1 {
		vec.Scale(grad, scale, grad)
	}
}

func addTo(dst, x []float32) { vec.Add(dst, dst, x) }
