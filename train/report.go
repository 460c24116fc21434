package train

import "time"

// Report is what a run did.
type Report struct {
	Epochs  []Epoch       // all of them, those before a resumed checkpoint too
	Steps   int           // taken in the unfinished epoch, if the run was interrupted
	Samples int           // trained on by all ranks, in this process's lifetime
	Elapsed time.Duration // spent training, evaluation and checkpoints apart
	Resumed bool          // whether the run went on from a checkpoint
	Stopped bool          // whether OnStart, OnStep or OnEpoch ended it by Stop

	test *Metrics // of a run of no epochs
}

// Epoch is the record of one pass over the training set.
type Epoch struct {
	Epoch, Epochs int           // counts from 1; of the run
	Train         Metrics       // as the weights were while training
	Test          Metrics       // after the epoch; zero without a test set
	Elapsed       time.Duration // spent training; from the resumed step on, if the epoch was resumed
	Skipped       int           `json:",omitempty"` // steps whose loss or gradient was not finite: see Config.OnNotFinite
}

// SamplesPerSecond is the training throughput of all ranks together.
func (r *Report) SamplesPerSecond() float64 {
	if r.Elapsed == 0 {
		return 0
	}
	return float64(r.Samples) / r.Elapsed.Seconds()
}

// Test gives the metrics on the test set after the last epoch, or of the model as it was where the run was of none;
// zero without a test set.
func (r *Report) Test() Metrics {
	if r.test != nil {
		return *r.test
	}
	if len(r.Epochs) == 0 {
		return Metrics{}
	}
	return r.Epochs[len(r.Epochs)-1].Test
}

func (r *run[T]) report() *Report {
	at := r.session.at
	return &Report{Epochs: at.History, Steps: at.Step, Samples: r.samples, Elapsed: r.elapsed, Resumed: r.resumed,
		Stopped: r.stopped, test: r.test}
}
