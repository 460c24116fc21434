package train

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
)

// An exchange makes one part of the state the same on all ranks in a step. There are five: the dense parameters by
// [AllReduce] (allreduce.go) or by [Sharded] (sharded.go), the sparse ones (sparse.go), running statistics (buffers.go)
// and synchronised batch normalisation (sync_batch_norm.go). A session calls their methods in this order, each of all
// exchanges before the next of any, on one goroutine but for ready:
//
//	begin     once a step, before its forward passes
//	ready     while backward runs, on the replicas' goroutines: what is complete goes out
//	finish    waits for the other ranks' part of it. Nothing of the model or of the optimizer changes
//	measure   completes the gradient, scales it, and gives the sum of its squares where it is asked for. Likewise
//	prepare   computes what is new, beside what is live; its owners send it to the others
//	commit    makes it live, by itself, without communication: it cannot fail, and no rank waits in it
//
// If a collective operation fails, the session is done for. Its number of steps (position.number) says what is left:
//
//   - The operation was one of backward, finish or measure: this rank has the state before the step, all of it. Another rank may
//     have ended its finish. Under AllReduce that one commits: it is a step ahead, and has all of the state after it.
//     Under Sharded it goes on to prepare, and fails there.
//   - It was in prepare, which has operations under Sharded alone: weights, sparse parameters and buffers are those
//     before the step. Moments of the slice that this rank owns have been stepped, since there is no memory to keep both;
//     so there is no snapshot (session.snapshot). Another rank may have committed: then all ranks have sent it all, so
//     every rank's moments are those after the step, and the weights, sparse parameters and buffers are on that one.
//
// So survivors compare their numbers of steps, which differ by at most one, and go to the larger: those behind take from
// one ahead what every rank has whole. Where all are equal, they go on from a snapshot, if there is one: not after
// prepare, where an older one is needed, as it is for the slice of a rank that is lost under Sharded.
type exchange interface {
	begin(ctx context.Context)
	ready(p *autograd.Param)
	finish(ctx context.Context) error
	// measure gives Σ g² of the exchange's gradient over all ranks, the same on all, if u.norm says so.
	measure(ctx context.Context, u update) (float64, error)
	prepare(ctx context.Context, u update) error
	commit(u update)
	// pieces gives this rank's part of what the exchange remembers from step to step, in the memory where it lives.
	pieces() []piece
	// load sets it from the pieces that the ranks have. All ranks call it.
	load(ctx context.Context, from *snapshot) error
}

// update is how a step changes the weights.
type update struct {
	rate  float64
	scale float64 // of the gradient, in measure; it is used in the gradient's own type
	value float64 // the largest magnitude of an element of the scaled gradient; 0: any
	norm  bool    // measure gives sums of squares
	clip  float64 // multiplies the gradient once more, in prepare or commit
}

// idle is an exchange that does nothing and remembers nothing, for others to be made of.
type idle struct{}

func (idle) begin(context.Context)                            {}
func (idle) ready(*autograd.Param)                            {}
func (idle) finish(context.Context) error                     { return nil }
func (idle) measure(context.Context, update) (float64, error) { return 0, nil }
func (idle) prepare(context.Context, update) error            { return nil }
func (idle) commit(update)                                    {}
func (idle) pieces() []piece                                  { return nil }
func (idle) load(context.Context, *snapshot) error            { return nil }

// dense is the exchange of the dense parameters, which carries the sums of the step.
type dense[T float] interface {
	exchange
	// sums gives the sums of the step over all partitions of all ranks, after finish.
	sums() []T
	// taken is the number of steps that the optimizer has taken.
	taken() int64
	// forget drops what rounding owes to the gradient, as each epoch begins.
	forget()
}

// shared is what the strategies of the dense parameters work on: the weights of one rank and its place among the ranks.
//
// A gradient vector is as long as the weights plus what leads: padding that keeps the weights aligned, and then the
// sums: [sumsLen] numbers that are summed over all partitions along with the gradient.
type shared[T float] struct {
	idle
	sync       Sync
	slot       string // behind the moments' names
	group      *collectives.Group
	partitions int
	lo, hi     int    // the run of partitions this rank computes
	nodes      []node // the subtrees this rank can sum
	weights    []T    // the flat vector, all of it
	grads      [][]T  // of this rank's partitions
	set        *autograd.Set
	groups     *groups
	spans      []span // the buckets, see buckets.go
	wire       collectives.Wire
	feedback   *feedback // nil: none
	check      *gradientCheck[T]
	norm       bool // measure is asked for sums of squares
}

// The sums over partitions, weighted so that the total is the batch's.
const (
	sumLoss     = iota // mean loss of the batch
	sumCorrect         // samples whose largest output is at their label
	sumIgnored         // samples whose label is of no class
	sumFailed          // partitions that could not be computed
	sumStop            // ranks that were asked to stop after this step
	sumEnd             // ranks whose OnStep said after the step before that it was the last
	sumInfinite        // ranks that have found a gradient that is not finite
	sumWeight          // what the loss is a mean over, per sample, where that is not the samples
	sumClocks          // what rank 0 says of the triggers that go by time: see session.clocks
	sumsLen
)

// lead is how many elements precede the weights in a gradient vector: a cache line of float32, whose end the sums are.
const lead = 16

func sumsOf[T float](grad []T) []T { return grad[lead-sumsLen : lead] }

// leaves gives sumTree elements [from, to) of the vector of each single partition.
func (p *shared[T]) leaves(from, to int) func(node) []T {
	return func(n node) []T {
		if n.leaf() {
			return p.grads[n.lo-p.lo][from:to]
		}
		return nil
	}
}

// scaled multiplies a gradient by scale.
func scaled[T float](grad []T, scale float64) {
	if scale != 1 {
		vec.Scale(grad, T(scale), grad)
	}
}

// limited scales a gradient as measure must.
func limited[T float](grad []T, u update) {
	scaled(grad, u.scale)
	if u.value > 0 {
		most := T(u.value)
		for i, v := range grad {
			grad[i] = min(max(v, -most), most)
		}
	}
}

func addTo[T float](dst, x []T) { vec.Add(dst, dst, x) }

// Sync names a strategy of parameter synchronisation.
type Sync uint8

const (
	// AllReduce sums whole gradients with an AllReduce of the group's algorithm; every rank then updates every weight.
	// With a ring of R ranks the order of summation depends on R.
	AllReduce Sync = iota
	// Sharded sums, updates and publishes each slice of the parameters on the rank that owns it: BigDL's shuffle and
	// broadcast. The order of summation depends on the number of logical partitions alone.
	Sharded
)

// syncNames are the names of the strategies, in the order of the constants; the second of each is the name it had
// before, which checkpoints and command lines may say.
var syncNames = [...][2]string{AllReduce: {"allreduce", "ring"}, Sharded: {"sharded", "shuffle"}}

// String gives the name by which ParseSync finds s: "allreduce" or "sharded".
func (s Sync) String() string {
	if int(s) < len(syncNames) {
		return syncNames[s][0]
	}
	return fmt.Sprintf("Sync(%d)", s)
}

// ParseSync gives the strategy called name: "allreduce" or "sharded". The names from before are taken too: "ring" is
// AllReduce, as by the ring that package collectives takes where nothing is said, and "shuffle" is Sharded.
func ParseSync(name string) (Sync, error) {
	for i, names := range syncNames {
		if names[0] == name || names[1] == name {
			return Sync(i), nil
		}
	}
	return 0, fmt.Errorf("train: sync %q, want allreduce or sharded", name)
}

// float32s gives x, which is of float32: only such gradients are compressed.
func float32s[T float](x []T) []float32 { return any(x).([]float32) }
