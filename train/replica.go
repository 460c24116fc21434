package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/tensor"
)

// A replica computes the gradient of one logical partition: it has a tape, a gradient vector and a reader of its own,
// and shares the weights with the other replicas of its rank, which may run beside it.
type replica[T float] struct {
	partition int
	objective objective
	tape      *autograd.Tape
	source    *rand.PCG
	rng       *rand.Rand
	grad      []T                   // what leads, the sums with it, then the weights
	view      *tensor.Tensor        // the weights' part of grad
	buffers   func(n int)           // begins to collect what layers observe of n samples
	rows      func(last bool) error // collects the gradients of sparse parameters from the tape, after each micro-batch

	mix   *Mix          // nil: the batch is taken as it is
	mixed dataset.Batch // what mix makes of it
	parts int           // micro-batches that a batch is cut into, at least 1
	part  dataset.Batch // the one in hand, if there are several
	last  bool          // it is the last: gradients are complete when backward has them

	clock *phaseClock

	err error // of the last step

	reader *dataset.Reader // of this partition's batches
	next   func() (*dataset.Batch, error)
	batch  *dataset.Batch // what it gave, until it is called again
}

func newReplica[T float](partition int, j *job) *replica[T] {
	k := j.set.Len()
	r := &replica[T]{partition: partition, objective: j.objective, source: rand.NewPCG(0, 0),
		grad: make([]T, lead+k, lead+k+2*blockLen(k)), parts: max(1, j.c.Accumulate), mix: j.c.Mix}
	r.rng = rand.New(r.source)
	r.view = tensor.FromSlice(r.grad[lead:], k)
	r.tape = autograd.NewTape(autograd.Train, r.rng)
	r.tape.GradsInto(j.set, r.view)
	return r
}

// read starts reading this partition's share of an epoch at the given step. step waits for a batch under ctx.
func (r *replica[T]) read(ctx context.Context, e *dataset.Epoch, src dataset.Source, fromStep int) {
	r.close()
	r.reader = e.Open(src, r.partition, fromStep)
	r.next = func() (*dataset.Batch, error) { return r.reader.Next(ctx) }
}

func (r *replica[T]) close() {
	if r.reader != nil {
		r.reader.Close()
		r.reader = nil
	}
}

// ErrExit is wrapped by the error of a run in whose model, loss or data a goroutine ended itself, by runtime.Goexit:
// as the methods FailNow and Skip of testing.T do.
var ErrExit = errors.New("runtime.Goexit was called")

// step fills the gradient vector from the next batch: the gradient of this partition's share of the loss over the
// whole batch of total samples, and the sums. seed and step fix the random numbers. On an error, which it leaves in
// r.err, the sums say so to all ranks, and the rest is of no use to anybody; it may be on its way already, so it is
// left alone. It may end its goroutine, if what it calls does.
func (r *replica[T]) step(seed uint64, step, total int) {
	clear(r.grad)
	r.err = ErrExit
	defer func() {
		where := fmt.Sprintf("forward and backward of partition %d", r.partition)
		if v := recover(); v != nil {
			r.err = panicError(where, v, panics.At())
		} else if r.err == ErrExit {
			r.err = fmt.Errorf("train: %s: %w", where, ErrExit)
		}
		if r.err != nil {
			sums := sumsOf(r.grad)
			clear(sums)
			sums[sumFailed] = 1
		}
	}()
	defer r.clock.stop()
	r.err = r.differentiate(seed, step, total)
}

func (r *replica[T]) differentiate(seed uint64, step, total int) error {
	r.clock.enter(phaseData)
	batch, err := r.next()
	r.clock.enter(phaseForward)
	r.batch = batch
	if err == io.EOF {
		return fmt.Errorf("train: partition %d: the data ended before the epoch did", r.partition)
	}
	if err != nil {
		return fmt.Errorf("train: reading partition %d: %w", r.partition, err)
	}
	r.buffers(batch.N)
	if batch.N == 0 {
		return nil
	}
	r.source.Seed(seed+uint64(r.partition), uint64(step))
	if r.mix != nil {
		if err := r.mix.mix(&r.mixed, batch, seed+uint64(r.partition), uint64(step)); err != nil {
			return err
		}
		batch = &r.mixed
	}
	parts := min(r.parts, batch.N)
	for i := range parts {
		r.last = i == parts-1
		part := batch
		if parts > 1 {
			lo, hi := collectives.Slice(batch.N, parts, i)
			r.part.Cut(batch, lo, hi)
			part = &r.part
		}
		if err := r.accumulate(part, total); err != nil {
			return err
		}
	}
	return nil
}

// accumulate adds the gradient and the sums of a batch, or of a micro-batch.
func (r *replica[T]) accumulate(batch *dataset.Batch, total int) error {
	r.tape.Reset(r.rng)
	loss, output := r.objective.loss(r.tape, batch)
	share := float64(batch.N) / float64(total)
	sums := sumsOf(r.grad)
	switch {
	case r.objective.sum:
		share = 1
	case r.objective.weigh != nil:
		w := r.objective.weigh(batch)
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("train: partition %d: the weight of the loss is %v, want 0 <= weight < Inf",
				r.partition, w)
		}
		share = w / float64(total)
		sums[sumWeight] += T(share)
	}
	if output != nil {
		hits, ignored := r.objective.correct(output.Value(), batch.Y)
		sums[sumCorrect] += T(hits)
		sums[sumIgnored] += T(ignored)
	}
	if share == 0 { // nothing counts
		return nil
	}
	sums[sumLoss] += T(share * scalar(loss.Value()))
	r.clock.enter(phaseBackward)
	r.tape.BackwardScaled(loss, share)
	return r.rows(r.last)
}
