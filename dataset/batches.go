package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
)

// Batches yields the batches of one partition from step fromStep to the end of the epoch, one for every step: a part without
// samples yields a batch with N = 0, so that all partitions take the same number of steps. fromStep resumes an epoch; at
// Steps nothing is left.
//
// A goroutine reads one batch ahead while the consumer works on the one before, in two buffers that take turns: after the
// second batch nothing is allocated. A batch belongs to the consumer until it asks for the next. The goroutine has ended when
// the range loop ends, for whatever reason; it waits for a Fill that is under way.
//
// An error is yielded once, with a nil batch, and is the last: of the source, with the step, or the context's.
// A panic of the source is raised again here, on the consumer's goroutine. Batches itself panics if part or fromStep is out of
// range, or if the plan is for another number of samples than src has. The result may be ranged over again, and starts anew.
func (e *Epoch) Batches(ctx context.Context, src Source, part, fromStep int) iter.Seq2[*Batch, error] {
	steps := e.plan.Steps()
	switch {
	case part < 0 || part >= e.plan.Partitions:
		panic(fmt.Sprintf("dataset: Epoch.Batches: part %d of %d", part, e.plan.Partitions))
	case fromStep < 0 || fromStep > steps:
		panic(fmt.Sprintf("dataset: Epoch.Batches: from step %d of %d", fromStep, steps))
	case e.plan.N != src.Len():
		panic(fmt.Sprintf("dataset: Epoch.Batches: a plan for %d samples, %s has %d", e.plan.N, src.Spec().Name, src.Len()))
	}
	return func(yield func(*Batch, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		p := prefetch{ready: make(chan filled), free: make(chan *Batch, 2)}
		p.free <- new(Batch)
		p.free <- new(Batch)
		var reader sync.WaitGroup
		reader.Go(func() { p.read(ctx, e, src, part, fromStep) })
		defer reader.Wait()
		defer cancel()

		for step := fromStep; step < steps; step++ {
			f := p.next(ctx)
			if f.panicked != nil {
				panic(f.panicked)
			}
			if f.err != nil {
				yield(nil, fmt.Errorf("dataset: %s: step %d: %w", src.Spec().Name, step, f.err))
				return
			}
			if !yield(f.batch, nil) {
				return
			}
			p.free <- f.batch
		}
	}
}

// ErrExit is wrapped by the error of a source that has ended its goroutine.
var ErrExit = errors.New("the source called runtime.Goexit")

// prefetch is the hand-over between the reading goroutine and the consumer: filled batches one way, used ones the other.
// ready has no buffer, so the reader is at most one batch ahead.
type prefetch struct {
	ready chan filled
	free  chan *Batch
}

type filled struct {
	batch    *Batch
	err      error
	panicked any
}

// next returns what the reader has filled next. A cancelled context wins over a batch that is ready.
func (p prefetch) next(ctx context.Context) filled {
	select {
	case f := <-p.ready:
		if ctx.Err() == nil {
			return f
		}
	case <-ctx.Done():
	}
	return filled{err: context.Cause(ctx)}
}

// read fills batches until the epoch or the context ends, or the source fails.
func (p prefetch) read(ctx context.Context, e *Epoch, src Source, part, fromStep int) {
	filling := false
	defer func() {
		if filling { // the source has called runtime.Goexit, as testing.T's FailNow does
			select {
			case p.ready <- filled{err: ErrExit}:
			case <-ctx.Done():
			}
		}
	}()
	for step := fromStep; step < e.plan.Steps(); step++ {
		var f filled
		select {
		case f.batch = <-p.free:
		case <-ctx.Done():
			return
		}
		filling = true
		f.panicked, f.err = fill(f.batch, src, e.Part(step, part))
		filling = false
		select {
		case p.ready <- f:
		case <-ctx.Done():
			return
		}
		if f.err != nil || f.panicked != nil {
			return
		}
	}
}

// fill fills b, and hands a panic over as a value.
func fill(b *Batch, src Source, index []int) (panicked any, err error) {
	defer func() { panicked = recover() }()
	if len(index) == 0 {
		b.Resize(0, src.Spec())
		return nil, nil
	}
	return nil, b.Fill(src, index)
}
