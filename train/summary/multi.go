package summary

import (
	"errors"
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/tensor"
)

// Multi gives every event to several sinks, in their order, and keeps a sink's failure from the training: the first
// error of a sink, or a panic in it, is reported once, as a [Warning] to the sinks that are left and by [Multi.Err],
// and the sink gets no further events. All methods of Multi return nil.
//
// Methods may be called by several goroutines at the same time: events then come one after the other.
type Multi struct {
	mu    sync.Mutex
	sinks []member
	err   error
}

// member is one sink, with the interfaces that it has beyond Sink.
type member struct {
	sink    Sink
	ranks   RankSink
	tensors TensorSink
}

var (
	_ RankSink   = (*Multi)(nil)
	_ TensorSink = (*Multi)(nil)
)

// NewMulti returns a Multi of the sinks that are not nil.
func NewMulti(sinks ...Sink) *Multi {
	m := &Multi{}
	for _, s := range sinks {
		if s == nil {
			continue
		}
		one := member{sink: s}
		one.ranks, _ = s.(RankSink)
		one.tensors, _ = s.(TensorSink)
		m.sinks = append(m.sinks, one)
	}
	return m
}

// Len returns how many sinks still get events.
func (m *Multi) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sinks)
}

// Err returns the errors of the sinks that were dropped, joined; nil if all are well.
func (m *Multi) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// Start gives r to all sinks.
func (m *Multi) Start(r Run) error { return send(m, Warning{Time: r.Time}, r, member.start) }

// Step gives s to all sinks. It allocates nothing, if they do not.
func (m *Multi) Step(s Step) error {
	return send(m, Warning{Global: s.Global, Time: s.Time}, s, member.step)
}

// Evaluation gives e to all sinks.
func (m *Multi) Evaluation(e Evaluation) error {
	return send(m, Warning{Global: e.Global, Time: e.Time}, e, member.evaluation)
}

// Epoch gives e to all sinks.
func (m *Multi) Epoch(e Epoch) error {
	return send(m, Warning{Global: e.Global, Time: e.Time}, e, member.epoch)
}

// Checkpoint gives c to all sinks.
func (m *Multi) Checkpoint(c Checkpoint) error {
	return send(m, Warning{Global: c.Global, Time: c.Time}, c, member.checkpoint)
}

// Warn gives w to all sinks.
func (m *Multi) Warn(w Warning) error {
	return send(m, Warning{Global: w.Global, Time: w.Time}, w, member.warn)
}

// End gives e to all sinks.
func (m *Multi) End(e End) error {
	return send(m, Warning{Global: e.Global, Time: e.Time}, e, member.end)
}

// Ranks gives ranks to the sinks that are a [RankSink].
func (m *Multi) Ranks(ranks []Rank) error { return send(m, Warning{}, ranks, member.hear) }

// Histogram gives values to the sinks that are a [TensorSink].
func (m *Multi) Histogram(global int, name string, values *tensor.Tensor) error {
	return send(m, Warning{Global: global}, values, func(s member, v *tensor.Tensor) error {
		if s.tensors == nil {
			return nil
		}
		return s.tensors.Histogram(global, name, v)
	})
}

func (s member) start(r Run) error             { return s.sink.Start(r) }
func (s member) step(t Step) error             { return s.sink.Step(t) }
func (s member) evaluation(e Evaluation) error { return s.sink.Evaluation(e) }
func (s member) epoch(e Epoch) error           { return s.sink.Epoch(e) }
func (s member) checkpoint(c Checkpoint) error { return s.sink.Checkpoint(c) }
func (s member) warn(w Warning) error          { return s.sink.Warn(w) }
func (s member) end(e End) error               { return s.sink.End(e) }

func (s member) hear(ranks []Rank) error {
	if s.ranks == nil {
		return nil
	}
	return s.ranks.Ranks(ranks)
}

// send gives event to every sink by to. A sink that fails is dropped, and the others get warn with what happened; one
// that fails on the warning is dropped too, and so on, until all that are left have heard of all that are not.
func send[E any](m *Multi, warn Warning, event E, to func(member, E) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	failed := deliver(m, event, to)
	for len(failed) > 0 {
		lost := failed[0]
		failed = failed[1:]
		m.err = errors.Join(m.err, lost)
		warn.Text, warn.Err = "a summary is given up", lost
		failed = append(failed, deliver(m, warn, member.warn)...)
	}
	return nil
}

// deliver gives event to every sink, drops those that fail, and returns their errors.
func deliver[E any](m *Multi, event E, to func(member, E) error) (failed []error) {
	kept := m.sinks[:0]
	for _, s := range m.sinks {
		if err := guard(s, event, to); err != nil {
			failed = append(failed, fmt.Errorf("summary: %T: %w", s.sink, err))
			continue
		}
		kept = append(kept, s)
	}
	clear(m.sinks[len(kept):])
	m.sinks = kept
	return failed
}

// guard is to(s, event), with a panic made an error.
func guard[E any](s member, event E, to func(member, E) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic at %s: %v", panics.At(), v)
		}
	}()
	return to(s, event)
}
