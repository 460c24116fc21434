package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// ReadOptions say how far a Reader reads ahead, and with how many goroutines. They change no batch. The zero value
// suits sources whose Fill is a copy, and files.
type ReadOptions struct {
	Ahead   int // batches ready or being filled while the consumer has one; default 1, or Workers if those are more
	Workers int // goroutines that fill batches of a source that is no Blocks, or finish those of a Stage; default 1

	Decoders int // goroutines that read a source of Blocks; default 2
	Bytes    int // memory for what they read ahead of the window of Plan.Window; default 32 MiB
}

// Reader reads the batches of one partition of an epoch. It is for one goroutine, and must be closed.
type Reader struct {
	src   Source
	step  int // the next
	steps int
	held  *slot // of the batch that the consumer has
	err   error // that Next will go on giving

	slots   []slot
	first   int
	claim   chan struct{} // holds a token while nobody takes a slot: a mutex that waits as channels do
	claimed int           // the next step that no worker has

	gather  func(ctx context.Context, b *Batch, step int) error // in order of the steps; nil: fill does all
	fill    func(ctx context.Context, b *Batch, step int) error
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// slot is a batch on its way between workers and consumer. Step s passes through slot s modulo their number.
type slot struct {
	batch Batch
	free  chan struct{} // holds a token while a worker may fill the batch
	ready chan filled   // holds what it made of it
}

type filled struct {
	err      error
	panicked any
}

// ErrExit is wrapped by the error of a source that has ended its goroutine.
var ErrExit = errors.New("the source called runtime.Goexit")

// Open returns a Reader of the batches of one partition from step fromStep to the end of the epoch, one for every
// step: a part without samples has a batch with N = 0, so that all partitions take the same number of steps. fromStep
// resumes an epoch, at the cost of a step or, for Blocks, of a window; at Steps nothing is left.
//
// A source that is no Blocks is read in the order of Part. Of Blocks, see Plan.Window for the order: a partition
// reads only the rows that are its own, a window of them is in memory, and others decode the next.
//
// A goroutine reads one batch ahead while the consumer works on the one before, in two buffers that take turns: after
// the second batch nothing is allocated, but for ragged columns that are longer than any before. OpenWith reads
// further ahead.
//
// Open panics if part or fromStep is out of range, or if the plan is for another number of samples than src has.
func (e *Epoch) Open(src Source, part, fromStep int) *Reader {
	return e.OpenWith(ReadOptions{}, src, part, fromStep)
}

// OpenWith is Open with options.
func (e *Epoch) OpenWith(o ReadOptions, src Source, part, fromStep int) *Reader {
	steps := e.plan.Steps()
	switch {
	case part < 0 || part >= e.plan.Partitions:
		panic(fmt.Sprintf("dataset: Epoch.Open: part %d of %d", part, e.plan.Partitions))
	case fromStep < 0 || fromStep > steps:
		panic(fmt.Sprintf("dataset: Epoch.Open: from step %d of %d", fromStep, steps))
	case e.plan.N != src.Len():
		panic(fmt.Sprintf("dataset: Epoch.Open: a plan for %d samples, %s has %d", e.plan.N, src.Spec().Name, src.Len()))
	}
	workers := max(1, o.Workers)
	ctx, cancel := context.WithCancel(context.Background())
	r := &Reader{src: src, step: fromStep, steps: steps, first: fromStep, claimed: fromStep,
		claim: make(chan struct{}, 1), cancel: cancel}
	r.claim <- struct{}{}
	read, stages := unstaged(src)
	if blocks, ok := read.(Blocks); ok {
		take := e.openBlocks(ctx, &r.running, o, blocks, part, fromStep)
		r.gather = func(ctx context.Context, b *Batch, step int) error { return take(ctx, b.under(len(stages)), step) }
		r.fill = func(_ context.Context, b *Batch, _ int) error {
			return b.finishStages(stages, b.under(len(stages)).index)
		}
		if len(stages) == 0 {
			workers = 1
		}
	} else {
		r.fill = func(_ context.Context, b *Batch, step int) error { return b.Fill(src, e.Part(step, part)) }
	}
	r.slots = make([]slot, 1+max(workers, cmp.Or(o.Ahead, 1)))
	for i := range r.slots {
		s := &r.slots[i]
		s.batch.Epoch = e.number
		s.free, s.ready = make(chan struct{}, 1), make(chan filled, 1)
		s.free <- struct{}{}
	}
	for range workers {
		r.running.Go(func() { r.work(ctx) })
	}
	return r
}

// Next returns the next batch, which belongs to the caller until it calls Next or Close, and io.EOF after the last.
//
// An error is of the source, with the step, and then every further call gives it; or it is ctx's cause, which wins
// over a batch that is ready, and a later call with another context goes on. A panic of the source is raised again
// here, on the caller's goroutine.
func (r *Reader) Next(ctx context.Context) (*Batch, error) {
	if r.held != nil {
		r.held.free <- struct{}{}
		r.held = nil
	}
	if r.err == nil && r.step == r.steps {
		r.err = io.EOF
	}
	if r.err != nil {
		return nil, r.err
	}
	if ctx.Err() != nil {
		return nil, r.failed(context.Cause(ctx))
	}
	s := &r.slots[(r.step-r.first)%len(r.slots)]
	select {
	case f := <-s.ready:
		if f.panicked != nil {
			r.err = r.failed(fmt.Errorf("the source panicked: %v", f.panicked))
			panic(f.panicked)
		}
		if f.err != nil {
			r.err = r.failed(f.err)
			return nil, r.err
		}
		r.held = s
		r.step++
		return &s.batch, nil
	case <-ctx.Done():
		return nil, r.failed(context.Cause(ctx))
	}
}

func (r *Reader) failed(err error) error {
	return fmt.Errorf("dataset: %s: step %d: %w", r.src.Spec().Name, r.step, err)
}

// Close ends the reader's goroutines. It waits for a Fill that is under way. It may be called again, and at any time.
func (r *Reader) Close() {
	r.cancel()
	r.running.Wait()
	r.held = nil
	if r.err == nil {
		r.err = fmt.Errorf("dataset: %s: the reader is closed: %w", r.src.Spec().Name, fs.ErrClosed)
	}
}

// work fills batches until the epoch or the context ends, or the source fails.
func (r *Reader) work(ctx context.Context) {
	var s *slot
	defer func() {
		if s != nil { // the source has called runtime.Goexit, as testing.T's FailNow does
			s.ready <- filled{err: ErrExit}
		}
	}()
	for {
		var step int
		var f filled
		if s = r.take(ctx, &step, &f); s == nil {
			return
		}
		if f.err == nil && f.panicked == nil {
			f.panicked, f.err = caught(func() error { return r.fill(ctx, &s.batch, step) })
		}
		s.ready <- f
		s = nil
		if f.err != nil || f.panicked != nil {
			return
		}
	}
}

// take returns the slot of the next step that nobody fills, once the consumer has left it and its samples are gathered;
// nil if there is none any more. After a failure to gather there is none.
func (r *Reader) take(ctx context.Context, step *int, f *filled) *slot {
	select { // the token is kept while waiting, too: slots become free in order
	case <-r.claim:
	case <-ctx.Done():
		return nil
	}
	defer func() { r.claim <- struct{}{} }()
	if *step = r.claimed; *step == r.steps {
		return nil
	}
	s := &r.slots[(*step-r.first)%len(r.slots)]
	select {
	case <-s.free:
	case <-ctx.Done():
		return nil
	}
	if ctx.Err() != nil {
		return nil
	}
	r.claimed++
	if r.gather == nil {
		return s
	}
	next, done := r.claimed, false
	r.claimed = r.steps
	defer func() {
		if !done { // the source has called runtime.Goexit
			s.ready <- filled{err: ErrExit}
		}
	}()
	f.panicked, f.err = caught(func() error { return r.gather(ctx, &s.batch, *step) })
	if done = true; f.err == nil && f.panicked == nil {
		r.claimed = next
	}
	return s
}

// caught calls fn and hands a panic over as a value.
func caught(fn func() error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, fn()
}
