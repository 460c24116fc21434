package prometheus

import (
	"strconv"

	"github.com/tutti-ml/tutti/train/summary"
)

// Sink makes metrics of a run's events, and serves them:
//
//	tutti_train_info{model}                        gauge, 1; and the ranks, partitions, batch as labels
//	tutti_train_running                            gauge, 1 from start to end, then 0
//	tutti_train_epoch, tutti_train_epochs          gauges: complete; of the run
//	tutti_train_loss, tutti_train_learning_rate    gauges, of the last step
//	tutti_train_step_value{name}                   gauge: a step's further values
//	tutti_train_metric{name,set}                   gauge, set train or test: of the last epoch or evaluation
//	tutti_train_steps_total, _samples_total        counters, of this process
//	tutti_train_global_step                        gauge, since the very start
//	tutti_train_step_seconds                       histogram: whole steps
//	tutti_train_phase_seconds{phase}               histogram: data, forward, backward, sync, update
//	tutti_train_evaluation_seconds_total           counter
//	tutti_train_checkpoints_total{result}          counter, result ok or failed
//	tutti_train_checkpoint_timestamp_seconds       gauge: of the last one that was written
//	tutti_train_warnings_total                     counter
//	tutti_train_last_step_timestamp_seconds        gauge
//	tutti_train_runs_total{outcome}                counter: finished, stopped, interrupted, failed
//	tutti_train_rank_samples_total{rank}, tutti_train_rank_up{rank}, tutti_train_rank_phase_seconds_total{rank,phase}
type Sink struct {
	*Registry
	running, epoch, epochs, loss, rate, global, saved, last *Gauge
	steps, samples, evaluating, warnings, ok, failed        *Counter
	step                                                    *Histogram
	phases                                                  [5]*Histogram
	values                                                  map[string]*Gauge // a step's further values
	ranks                                                   map[int]*rank
}

// rank is what is kept of one rank.
type rank struct {
	up      *Gauge
	samples *Counter
	phases  [5]*Counter
}

var _ summary.RankSink = (*Sink)(nil)

// Seconds are the limits of the histograms of time: 1, 2 and 5 times powers of ten from 10 µs to 50 s, and 100 s.
var Seconds = []float64{1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5,
	1, 2, 5, 10, 20, 50, 100}

const prefix = "tutti_train_"

// NewSink returns a Sink with its metrics in r, or in a new Registry if r is nil.
func NewSink(r *Registry) *Sink {
	if r == nil {
		r = &Registry{}
	}
	s := &Sink{Registry: r, values: map[string]*Gauge{}, ranks: map[int]*rank{}}
	for _, g := range []struct {
		at         **Gauge
		name, help string
	}{
		{&s.running, "running", "1 while a run goes on, 0 otherwise."},
		{&s.epoch, "epoch", "Epochs that are complete."},
		{&s.epochs, "epochs", "Epochs of the run."},
		{&s.loss, "loss", "Mean loss over the batch of the last step."},
		{&s.rate, "learning_rate", "Learning rate of the last step."},
		{&s.global, "global_step", "Steps since the very start, resumed runs included."},
		{&s.saved, "checkpoint_timestamp_seconds", "When the last checkpoint was written, since 1970."},
		{&s.last, "last_step_timestamp_seconds", "When the last step was taken, since 1970."},
	} {
		*g.at = r.Gauge(prefix+g.name, g.help)
	}
	for _, c := range []struct {
		at         **Counter
		name, help string
		labels     []string
	}{
		{&s.steps, "steps_total", "Steps taken by this process.", nil},
		{&s.samples, "samples_total", "Samples trained on by all ranks, in the lifetime of this process.", nil},
		{&s.evaluating, "evaluation_seconds_total", "Time spent on evaluations within epochs.", nil},
		{&s.warnings, "warnings_total", "Warnings.", nil},
		{&s.ok, "checkpoints_total", "Checkpoints, by result.", []string{"result", "ok"}},
		{&s.failed, "checkpoints_total", "Checkpoints, by result.", []string{"result", "failed"}},
	} {
		*c.at = r.Counter(prefix+c.name, c.help, c.labels...)
	}
	s.step = r.Histogram(prefix+"step_seconds", "Time of a step, evaluations and checkpoints apart.", Seconds)
	for i, name := range summary.PhaseNames {
		s.phases[i] = r.Histogram(prefix+"phase_seconds", "Time of a step's phase on this rank.", Seconds, "phase", name)
	}
	return s
}

// Start says which run it is.
func (s *Sink) Start(r summary.Run) error {
	s.drop(prefix + "info") // of a run before
	s.Gauge(prefix+"info", "What is trained; the value is 1.", "model", r.Model, "ranks", strconv.Itoa(r.Ranks),
		"partitions", strconv.Itoa(r.Partitions), "batch", strconv.Itoa(r.BatchSize), "rank", strconv.Itoa(r.Rank)).Set(1)
	s.running.Set(1)
	s.epoch.Set(float64(r.Epoch))
	s.epochs.Set(float64(r.Epochs))
	s.global.Set(float64(r.Global))
	return nil
}

// Step counts t.
func (s *Sink) Step(t summary.Step) error {
	s.loss.Set(t.Loss)
	s.rate.Set(t.Rate)
	s.global.Set(float64(t.Global))
	s.last.Set(float64(t.Time.UnixMilli()) / 1e3)
	s.steps.Add(1)
	s.samples.Add(float64(max(t.Samples, 0)))
	if t.Elapsed > 0 {
		s.step.Observe(t.Elapsed.Seconds())
	}
	if t.Phases != (summary.Phases{}) {
		for i, d := range t.Phases.List() {
			s.phases[i].Observe(d.Seconds())
		}
	}
	for _, v := range t.Values {
		g, ok := s.values[v.Name]
		if !ok {
			g = s.Gauge(prefix+"step_value", "Further values of the last step.", "name", v.Name)
			s.values[v.Name] = g
		}
		g.Set(v.Value)
	}
	return nil
}

// set keeps the values of a set.
func (s *Sink) set(set string, values []summary.Value) {
	for _, v := range values {
		s.Gauge(prefix+"metric", "Metrics of the last epoch or evaluation.", "name", v.Name, "set", set).Set(v.Value)
	}
}

// Evaluation keeps its values.
func (s *Sink) Evaluation(e summary.Evaluation) error {
	s.set("test", e.Test)
	s.evaluating.Add(max(e.Elapsed, 0).Seconds())
	return nil
}

// Epoch keeps its values.
func (s *Sink) Epoch(e summary.Epoch) error {
	s.epoch.Set(float64(e.Epoch))
	s.set("train", e.Train)
	s.set("test", e.Test)
	return nil
}

// Checkpoint counts c.
func (s *Sink) Checkpoint(c summary.Checkpoint) error {
	if c.Err != nil {
		s.failed.Add(1)
		return nil
	}
	s.ok.Add(1)
	s.saved.Set(float64(c.Time.UnixMilli()) / 1e3)
	return nil
}

// Warn counts a warning.
func (s *Sink) Warn(summary.Warning) error {
	s.warnings.Add(1)
	return nil
}

// End says how the run ended. The metrics stay.
func (s *Sink) End(e summary.End) error {
	s.running.Set(0)
	s.Counter(prefix+"runs_total", "Runs that ended, by outcome.", "outcome", e.Outcome.String()).Add(1)
	return nil
}

// Ranks keeps how the ranks do.
func (s *Sink) Ranks(ranks []summary.Rank) error {
	for _, r := range ranks {
		k, ok := s.ranks[r.Rank]
		if !ok {
			number := strconv.Itoa(r.Rank)
			k = &rank{
				up:      s.Gauge(prefix+"rank_up", "1 while the rank is part of the run, 0 once it is lost.", "rank", number),
				samples: s.Counter(prefix+"rank_samples_total", "Samples that the rank trained on.", "rank", number)}
			for i, name := range summary.PhaseNames {
				k.phases[i] = s.Counter(prefix+"rank_phase_seconds_total", "Time that the rank spent in a phase.",
					"phase", name, "rank", number)
			}
			s.ranks[r.Rank] = k
		}
		k.up.Set(1)
		if r.Err != nil {
			k.up.Set(0)
		}
		k.samples.Add(float64(max(r.Samples, 0)))
		for i, d := range r.Phases.List() {
			k.phases[i].Add(max(d, 0).Seconds())
		}
	}
	return nil
}
