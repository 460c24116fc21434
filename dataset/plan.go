package dataset

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// Plan cuts the samples of an epoch into global batches, and each batch into partitions.
//
// It is a pure function of its fields: on every rank, platform and release the same Plan gives the same samples in the same
// order. Every sample appears exactly once in an epoch; the last batch holds what is left and may be short.
type Plan struct {
	N          int    // samples in an epoch; 0 gives epochs without steps
	BatchSize  int    // samples in a global batch, over all partitions; at least 1, larger than N is one short batch
	Partitions int    // logical partitions of a batch, at least 1; may exceed BatchSize, then some are empty
	Shuffle    bool   // draw a new order each epoch; false keeps 0, 1, …, N-1
	Seed       uint64 // of the shuffle; unused without it
}

// Validate reports the first field that makes no plan.
func (p Plan) Validate() error {
	switch {
	case p.N < 0:
		return fmt.Errorf("dataset: Plan: N is %d, want at least 0", p.N)
	case p.BatchSize < 1:
		return fmt.Errorf("dataset: Plan: BatchSize is %d, want at least 1", p.BatchSize)
	case p.Partitions < 1:
		return fmt.Errorf("dataset: Plan: Partitions is %d, want at least 1", p.Partitions)
	}
	return nil
}

func (p Plan) check() {
	if err := p.Validate(); err != nil {
		panic(err.Error())
	}
}

// Steps returns the number of global batches in an epoch: ⌈N / BatchSize⌉. It panics if p is not valid.
func (p Plan) Steps() int {
	p.check()
	steps := p.N / p.BatchSize
	if p.N%p.BatchSize != 0 {
		steps++
	}
	return steps
}

// Epoch returns epoch e of the plan, e counting from 0. The order is computed here, once, in O(N) time and 8·N bytes; the
// result never changes and may be shared by all partitions of a process. It panics if p is not valid or e is negative.
func (p Plan) Epoch(e int) *Epoch {
	p.check()
	if e < 0 {
		panic(fmt.Sprintf("dataset: Plan.Epoch: epoch %d, want at least 0", e))
	}
	order := make([]int, p.N)
	for i := range order {
		order[i] = i
	}
	if p.Shuffle {
		shuffle(order, p.Seed, uint64(e))
	}
	return &Epoch{plan: p, order: order}
}

// Epoch is one pass over the samples of a Plan. It is immutable and safe for use by many goroutines.
type Epoch struct {
	plan  Plan
	order []int
}

// Plan returns the plan this is an epoch of.
func (e *Epoch) Plan() Plan { return e.plan }

// Batch returns the sample numbers of global batch step, 0 ≤ step < Steps. The slice belongs to e: read it only.
// It panics if step is out of range.
func (e *Epoch) Batch(step int) []int {
	if steps := e.plan.Steps(); step < 0 || step >= steps {
		panic(fmt.Sprintf("dataset: Epoch.Batch: step %d of %d", step, steps))
	}
	lo := step * e.plan.BatchSize
	hi := lo + min(e.plan.BatchSize, e.plan.N-lo)
	return e.order[lo:hi:hi]
}

// Part returns the sample numbers of one partition of global batch step. A batch of n samples over P partitions gives each
// n/P, and the first n%P one more; joined in order the parts are the batch. A part may be empty. The slice belongs to e:
// read it only. It panics if step or part is out of range.
func (e *Epoch) Part(step, part int) []int {
	if part < 0 || part >= e.plan.Partitions {
		panic(fmt.Sprintf("dataset: Epoch.Part: part %d of %d", part, e.plan.Partitions))
	}
	batch := e.Batch(step)
	each, longer := len(batch)/e.plan.Partitions, len(batch)%e.plan.Partitions
	lo := part*each + min(part, longer)
	hi := lo + each
	if part < longer {
		hi++
	}
	return batch[lo:hi:hi]
}

// shuffle permutes order by the Fisher–Yates shuffle (Durstenfeld 1964): for i from the last down to 1, swap i with a uniform
// j ≤ i. The bits come from PCG-DXSM seeded with (seed, epoch), whose stream Go promises; the bounded draw is written out
// here so that the order depends on nothing else.
func shuffle(order []int, seed, epoch uint64) {
	src := rand.NewPCG(seed, epoch)
	for i := len(order) - 1; i > 0; i-- {
		j := int(below(src, uint64(i)+1))
		order[i], order[j] = order[j], order[i]
	}
}

// below returns a uniform integer in [0, n), n > 0, without bias: the high word of a 64×64-bit product, drawing again in the
// rare case that the low word falls short of 2⁶⁴ mod n.
// Source: Lemire, Fast random integer generation in an interval, arXiv:1805.10941.
func below(src rand.Source, n uint64) uint64 {
	hi, lo := bits.Mul64(src.Uint64(), n)
	for lo < n && lo < -n%n {
		hi, lo = bits.Mul64(src.Uint64(), n)
	}
	return hi
}
