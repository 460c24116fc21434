package train

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime/debug"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// A replica computes the gradient of one logical partition: it has a tape, a gradient vector and a reader of its own,
// and shares the weights with the other replicas of its rank, which may run beside it.
type replica struct {
	partition int
	loss      func(t *autograd.Tape, b *dataset.Batch) (loss, output *autograd.Var)
	tape      *autograd.Tape
	source    *rand.PCG
	rng       *rand.Rand
	grad      []float32      // what leads, the tail with it, then the weights
	view      *tensor.Tensor // the weights' part of grad
	begin     func(n int)    // of the collection of what layers observe of n samples, and of rows
	rows      func() error   // collects the gradients of sparse parameters from the tape

	next func() (*dataset.Batch, error, bool)
	stop func()
}

func newReplica(partition int, set *autograd.Set, loss func(*autograd.Tape, *dataset.Batch) (*autograd.Var, *autograd.Var)) *replica {
	k := set.Value().Len()
	r := &replica{partition: partition, loss: loss, source: rand.NewPCG(0, 0), grad: make([]float32, lead+k)}
	r.rng = rand.New(r.source)
	r.view = tensor.FromSlice(r.grad[lead:], k)
	r.tape = autograd.NewTape(autograd.Train, r.rng)
	r.tape.GradsInto(set, r.view)
	return r
}

// read starts reading this partition's share of an epoch at the given step.
func (r *replica) read(ctx context.Context, e *dataset.Epoch, src dataset.Source, fromStep int) {
	r.close()
	r.next, r.stop = iter.Pull2(e.Batches(ctx, src, r.partition, fromStep))
}

func (r *replica) close() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// step fills the gradient vector from the next batch: the gradient of this partition's share of the mean loss over the
// whole batch of total samples, and the tail. seed and step fix the random numbers. On an error the tail says so to all
// ranks, and the rest is of no use to anybody; it may be on its way already, so it is left alone.
func (r *replica) step(seed uint64, step, total int) (err error) {
	clear(r.grad)
	tail := tailOf(r.grad)
	defer func() {
		if v := recover(); v != nil {
			err = panicError(fmt.Sprintf("forward and backward of partition %d", r.partition), v)
		}
		if err != nil {
			clear(tail)
			tail[tailFailed] = 1
		}
	}()
	batch, err, ok := r.next()
	if !ok {
		return fmt.Errorf("train: partition %d: the data ended before the epoch did", r.partition)
	}
	if err != nil {
		return fmt.Errorf("train: reading partition %d: %w", r.partition, err)
	}
	r.begin(batch.N)
	if batch.N == 0 {
		return nil
	}
	r.source.Seed(seed+uint64(r.partition), uint64(step))
	r.tape.Reset(r.rng)
	share := float64(batch.N) / float64(total)
	loss, output := r.loss(r.tape, batch)
	tail[tailLoss] = float32(share * scalar(loss.Value()))
	if output != nil {
		tail[tailCorrect] = float32(correct(output.Value(), batch.Y))
	}
	r.tape.BackwardScaled(loss, share)
	return r.rows()
}

// lossOf gives the function from a batch to its mean loss, and to the model's output where there is one.
func lossOf(c Config) func(*autograd.Tape, *dataset.Batch) (*autograd.Var, *autograd.Var) {
	if c.LossFunc != nil {
		return func(t *autograd.Tape, b *dataset.Batch) (*autograd.Var, *autograd.Var) { return c.LossFunc(t, b), nil }
	}
	model := c.Model.(layers.Layer)
	return func(t *autograd.Tape, b *dataset.Batch) (*autograd.Var, *autograd.Var) {
		output := model.Forward(t, t.Const(b.X))
		return c.Loss.Loss(t, output, b.Y), output
	}
}

// PanicError is a panic in user or library code during training, made an error at the edge of its goroutine.
type PanicError struct {
	Where string // what was being computed
	Value any    // what was passed to panic
	Stack []byte // of the panicking goroutine
}

func (e *PanicError) Error() string { return fmt.Sprintf("train: %s: %v", e.Where, e.Value) }

// Unwrap gives the panic's value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func panicError(where string, v any) error {
	return &PanicError{Where: where, Value: v, Stack: debug.Stack()}
}
