package summary

import "github.com/tutti-ml/tutti/tensor"

// A Sink receives the events of a run, in their order: Start, then Step, Evaluation, Epoch, Checkpoint and Warn as
// they happen, then End. A run that fails before its first step has no Start.
//
// Methods are called one at a time, not always by the same goroutine, and training waits for them: a sink that has
// slow work to do, hands it to a goroutine of its own. Slices of an event, and tensors, belong to the caller: they may
// be read until the method returns, and are used again after it.
//
// An error says that the sink cannot go on. It never ends the training: see [Multi]. A sink is opened and closed by
// the program, not by the run, and may see several runs, one after the other.
//
// [None] has every method; a sink that embeds it needs those that it cares for.
type Sink interface {
	Start(Run) error
	Step(Step) error
	Evaluation(Evaluation) error
	Epoch(Epoch) error
	Checkpoint(Checkpoint) error
	Warn(Warning) error
	End(End) error
}

// A RankSink also hears how all the ranks do, about once a second and at the end of every epoch, in the order of the
// ranks. Ranks that the run has not heard of yet are left out.
type RankSink interface {
	Sink
	Ranks(ranks []Rank) error
}

// A TensorSink also takes tensors, such as weights and gradients, to show how their elements are distributed. They are
// gathered only if the run was asked for them.
type TensorSink interface {
	Sink
	// Histogram is given the elements of the tensor called name as they are after step global.
	Histogram(global int, name string, values *tensor.Tensor) error
}

// None is a Sink that ignores all events.
type None struct{}

// Start does nothing.
func (None) Start(Run) error { return nil }

// Step does nothing.
func (None) Step(Step) error { return nil }

// Evaluation does nothing.
func (None) Evaluation(Evaluation) error { return nil }

// Epoch does nothing.
func (None) Epoch(Epoch) error { return nil }

// Checkpoint does nothing.
func (None) Checkpoint(Checkpoint) error { return nil }

// Warn does nothing.
func (None) Warn(Warning) error { return nil }

// End does nothing.
func (None) End(End) error { return nil }
