package train

import "time"

// Report is what a run did.
type Report struct {
	Epochs      []Epoch       // all of them, those before a resumed checkpoint too
	Evaluations []Evaluation  // those within epochs, likewise
	Steps       int           // taken in the unfinished epoch, if the run was interrupted
	Samples     int           // trained on by all ranks, in this process's lifetime
	Elapsed     time.Duration // spent training, evaluation and checkpoints apart
	Resumed     bool          // whether the run went on from a checkpoint
	Stopped     bool          // whether OnStart, OnStep or OnEpoch ended it by Stop, or EndWhen or Early did
	Why         string        // it was EndWhen or Early that ended it, and how: "Config.EndWhen: after 100 steps"

	// Best is the evaluation with the best score, of a run with Config.Early. The model has its weights, unless the run
	// was interrupted or Early.KeepLast is set. Nil where no evaluation had a score.
	Best *Evaluation

	test *Metrics // what Test gives
}

// Epoch is the record of one pass over the training set.
type Epoch struct {
	Epoch, Epochs int           // counts from 1; of the run
	Train         Metrics       // as the weights were while training
	Test          Metrics       // after the epoch; zero where there was no evaluation
	Elapsed       time.Duration // spent training; from the resumed step on, if the epoch was resumed
	Skipped       int           `json:",omitempty"` // steps whose loss or gradient was not finite: see Config.OnNotFinite
}

// Evaluation is what was measured on the test set between two steps of an epoch, as Config.ValidateWhen asks for it.
// What is measured at the end of an epoch is in [Epoch].
type Evaluation struct {
	Epoch, Step int           // it came after this step; both count from 1, Step within the epoch
	Global      int           // that step, counted over all epochs
	Test        Metrics       // with the weights of that moment
	Elapsed     time.Duration // of the evaluation
}

// SamplesPerSecond is the training throughput of all ranks together.
func (r *Report) SamplesPerSecond() float64 {
	if r.Elapsed == 0 {
		return 0
	}
	return float64(r.Samples) / r.Elapsed.Seconds()
}

// Test gives the metrics on the test set of the weights that the model has: of the last evaluation, as a rule after the
// last epoch; of the best, where Config.Early put its weights back; or of the model as it was where the run was of no
// epoch. With Average.Apart they are those of the average, which the model has not. Zero without a test set.
func (r *Report) Test() Metrics {
	if r.test != nil {
		return *r.test
	}
	epoch := len(r.Epochs)
	for epoch > 0 && r.Epochs[epoch-1].Test.Samples == 0 {
		epoch--
	}
	if n := len(r.Evaluations); n > 0 && r.Evaluations[n-1].Epoch > epoch {
		return r.Evaluations[n-1].Test
	}
	if epoch == 0 {
		return Metrics{}
	}
	return r.Epochs[epoch-1].Test
}

func (r *run[T]) report() *Report {
	at := r.session.at
	report := &Report{Epochs: at.History, Steps: at.Step, Samples: r.samples, Elapsed: r.elapsed, Resumed: r.resumed,
		Stopped: r.stopped, Why: r.why, Evaluations: at.Evaluations, test: r.test}
	if r.early != nil {
		report.Best = r.early.Best
	}
	if r.restored {
		report.test = &report.Best.Test
	}
	return report
}
