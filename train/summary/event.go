package summary

import "time"

// A Value is a number with a name: "loss", "accuracy", "auc". Names are lower case, with a slash between parts
// ("f1/macro"). The number may be NaN or infinite.
type Value struct {
	Name  string
	Value float64
}

// A Field is a setting of the run, as text: "Optimizer.LR", "0.001".
type Field struct{ Name, Value string }

// Run is what is known before the first step.
type Run struct {
	Model         string        // its name, or its type
	Params        int           // elements of its parameters
	Train, Test   int           // samples of the sets; Test is 0 without one
	Epochs, Steps int           // of the run; of one epoch
	BatchSize     int           // samples of a step, over all ranks
	Rank, Ranks   int           // where the sink is, as a rule 0; of the job
	Partitions    int           // logical partitions of a batch
	Config        []Field       // the settings, in a fixed order
	Resumed       bool          // whether the run goes on from a checkpoint
	Epoch, Step   int           // where it goes on: epochs that are complete, and steps of the one that is not
	Global        int           // steps taken before, since the very start: 0 unless resumed
	Elapsed       time.Duration // spent training before, since the very start
	Time          time.Time
	Host          string // the machine's name, may be empty
	Process       int    // the process's number, may be 0
}

// Phases is where the time of a step went, on the rank that reports it. Phases that overlap, as synchronisation does
// with backward, count what the step waited for: the sum is at most the step's time.
type Phases struct {
	Data     time.Duration // waiting for the batch
	Forward  time.Duration // forward pass and loss
	Backward time.Duration
	Sync     time.Duration // waiting for other ranks, after backward
	Update   time.Duration // of weights and moments
}

// PhaseNames are the names of a step's phases, in the order of [Phases.List].
var PhaseNames = [5]string{"data", "forward", "backward", "sync", "update"}

// List returns the phases in the order of [PhaseNames].
func (p Phases) List() [5]time.Duration {
	return [5]time.Duration{p.Data, p.Forward, p.Backward, p.Sync, p.Update}
}

// Total returns the sum of the phases.
func (p Phases) Total() time.Duration { return p.Data + p.Forward + p.Backward + p.Sync + p.Update }

// Add returns p + q, phase by phase.
func (p Phases) Add(q Phases) Phases {
	return Phases{p.Data + q.Data, p.Forward + q.Forward, p.Backward + q.Backward, p.Sync + q.Sync, p.Update + q.Update}
}

// Step is one step that was taken: the weights have moved.
type Step struct {
	Epoch, Step int           // both count from 1; Step within the epoch
	Global      int           // counts from 1, over all epochs, resumed runs included
	Samples     int           // in the batch, over all ranks
	Loss        float64       // mean over the batch
	Rate        float64       // learning rate
	Values      []Value       // whatever else was measured: a gradient's norm, a second loss
	Phases      Phases        // of this rank; zero if not measured
	Elapsed     time.Duration // since the step before, evaluation and checkpoints apart
	Time        time.Time
}

// Evaluation is what was measured on held-out samples within an epoch. What is measured at an epoch's end is in
// [Epoch].
type Evaluation struct {
	Epoch, Step, Global int // of the last step before it; see [Step]
	Test                []Value
	Elapsed             time.Duration // of the evaluation
	Time                time.Time
}

// Epoch is one pass over the training set that is complete.
type Epoch struct {
	Epoch   int           // counts from 1
	Global  int           // of its last step
	Samples int           // trained on, over all ranks
	Train   []Value       // over the epoch, as the weights were while training; "loss" is first
	Test    []Value       // after the epoch; "loss" is first; empty if nothing was evaluated
	Elapsed time.Duration // spent training; since the run went on, if it was resumed within the epoch
	Time    time.Time
}

// Checkpoint is a checkpoint that was written, or, where Err is set, could not be.
type Checkpoint struct {
	Path                string
	Epoch, Step, Global int // the last step that it holds; see [Step]
	Bytes               int64
	Best                bool          // the best so far, by the score that the run follows
	Err                 error         // why it is not there: the run goes on
	Elapsed             time.Duration // spent writing
	Time                time.Time
}

// Warning is what a reader should know about a run that goes on.
type Warning struct {
	Text   string // one line
	Err    error  // may be nil
	Global int    // steps taken by then
	Time   time.Time
}

// Rank is how one rank of the job does.
type Rank struct {
	Rank    int
	Host    string        // may be empty
	Samples int           // that it trained on since the report before
	Phases  Phases        // sums over the steps since the report before
	Elapsed time.Duration // since the report before
	Seen    time.Time     // when it was last heard of
	Err     error         // why it is lost, if it is
}

// Outcome is how a run ended.
type Outcome uint8

// The outcomes of a run.
const (
	Finished    Outcome = iota // it took all its steps
	Stopped                    // a callback or a trigger ended it well, before its last step
	Interrupted                // from outside; it can go on from its checkpoint
	Failed                     // with an error
)

// String returns "finished", "stopped", "interrupted" or "failed".
func (o Outcome) String() string {
	switch o {
	case Finished:
		return "finished"
	case Stopped:
		return "stopped"
	case Interrupted:
		return "interrupted"
	}
	return "failed"
}

// End is the last event of a run.
type End struct {
	Outcome Outcome
	Err     error         // set if Outcome is Failed
	Global  int           // steps taken, since the very start
	Elapsed time.Duration // spent training, since the very start
	Time    time.Time
}
