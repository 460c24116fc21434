package dataset

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sync"
)

// Plan cuts the samples of an epoch into global batches, and each batch into partitions.
//
// It is a pure function of its fields: on every rank, platform and release the same Plan gives the same samples in
// the same order. Every sample appears exactly once in an epoch; the last batch holds what is left and may be short.
type Plan struct {
	N          int    // samples in an epoch; 0 gives epochs without steps
	BatchSize  int    // samples in a global batch, over all partitions; at least 1, larger than N is one short batch
	Partitions int    // logical partitions of a batch, at least 1; may exceed BatchSize, then some are empty
	Shuffle    bool   // draw a new order each epoch; false keeps 0, 1, …, N-1
	Seed       uint64 // of the shuffle; unused without it

	// Window is how many samples of a source of Blocks are shuffled at a time, at least 1; 0 is as many as 32 MiB
	// hold by Spec.RowBytes, from 16 to 65536. It is memory, for each partition that a process reads, and decides the
	// order.
	//
	// The order of an epoch is: the blocks permuted by (Seed, epoch), their samples one after the other are the
	// epoch's line. Partition p has one run of the line, as long as its parts of all steps, behind the runs of those
	// before p. The run is cut into windows, and each is permuted by (Seed, epoch, p, window); steps take what comes.
	// Every sample occurs once, the order is a function of the plan and the sizes of the blocks, and a partition
	// reads its own rows alone. Without Shuffle batches are what they are of any source.
	Window int
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
	case p.Window < 0:
		return fmt.Errorf("dataset: Plan: Window is %d, want at least 0", p.Window)
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

// Epoch returns epoch e of the plan, e counting from 0. The order of its samples is computed when Batch or Part is
// first called, once, in O(N) time and 8·N bytes; the result never changes and may be shared by all partitions of a
// process. Open does without it for a source of Blocks. It panics if p is not valid or e is negative.
func (p Plan) Epoch(e int) *Epoch {
	p.check()
	if e < 0 {
		panic(fmt.Sprintf("dataset: Plan.Epoch: epoch %d, want at least 0", e))
	}
	return &Epoch{plan: p, number: e}
}

// Epoch is one pass over the samples of a Plan. It is immutable and safe for use by many goroutines.
type Epoch struct {
	plan   Plan
	number int

	drawn sync.Once
	order []int // see numbers
}

// numbers returns all sample numbers in the epoch's order.
func (e *Epoch) numbers() []int {
	e.drawn.Do(func() {
		e.order = make([]int, e.plan.N)
		for i := range e.order {
			e.order[i] = i
		}
		if e.plan.Shuffle {
			shuffle(e.order, rand.NewPCG(e.plan.Seed, uint64(e.number)))
		}
	})
	return e.order
}

// Plan returns the plan this is an epoch of.
func (e *Epoch) Plan() Plan { return e.plan }

// Batch returns the sample numbers of global batch step, 0 ≤ step < Steps. The slice belongs to e: read it only.
// It panics if step is out of range.
func (e *Epoch) Batch(step int) []int {
	e.checkStep("Batch", step)
	lo := step * e.plan.BatchSize
	hi := lo + min(e.plan.BatchSize, e.plan.N-lo)
	return e.numbers()[lo:hi:hi]
}

// Part returns the sample numbers of one partition of global batch step. A batch of n samples over P partitions gives
// each n/P, and the first n%P one more; joined in order the parts are the batch. A part may be empty. The slice
// belongs to e: read it only. It panics if step or part is out of range.
func (e *Epoch) Part(step, part int) []int {
	e.checkPart("Part", part)
	batch := e.Batch(step)
	lo, hi := cut(len(batch), e.plan.Partitions, part)
	return batch[lo:hi:hi]
}

func (e *Epoch) checkStep(op string, step int) {
	if steps := e.plan.Steps(); step < 0 || step >= steps {
		panic(fmt.Sprintf("dataset: Epoch.%s: step %d of %d", op, step, steps))
	}
}

func (e *Epoch) checkPart(op string, part int) {
	if part < 0 || part >= e.plan.Partitions {
		panic(fmt.Sprintf("dataset: Epoch.%s: part %d of %d", op, part, e.plan.Partitions))
	}
}

// cut returns the part of n samples that each of a number of parts gets: n/parts, and the first n%parts one more.
func cut(n, parts, part int) (lo, hi int) {
	each, longer := n/parts, n%parts
	lo = part*each + min(part, longer)
	hi = lo + each
	if part < longer {
		hi++
	}
	return lo, hi
}

// shuffle permutes order by the Fisher–Yates shuffle (Durstenfeld 1964): for i from the last down to 1, swap i with a
// uniform j ≤ i. The bits come from PCG-DXSM, for a whole epoch seeded with (seed, epoch), whose stream Go promises;
// the bounded draw is written out here so that the order depends on nothing else.
func shuffle[T int | int32](order []T, src *rand.PCG) {
	for i := len(order) - 1; i > 0; i-- {
		j := int(below(src, uint64(i)+1))
		order[i], order[j] = order[j], order[i]
	}
}

// below returns a uniform integer in [0, n), n > 0, without bias: the high word of a 64×64-bit product, drawing again
// in the rare case that the low word falls short of 2⁶⁴ mod n. Source: Lemire, Fast random integer generation in an
// interval, arXiv:1805.10941.
func below(src *rand.PCG, n uint64) uint64 {
	hi, lo := bits.Mul64(src.Uint64(), n)
	for lo < n && lo < -n%n {
		hi, lo = bits.Mul64(src.Uint64(), n)
	}
	return hi
}
