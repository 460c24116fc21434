package tensorboard

import (
	"fmt"
	"time"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/summary"
)

// Sink writes the events of a run with a Writer:
//
//	loss/step, rate, samples_per_second, phase/data … phase/update   a point for Every steps: their mean
//	NAME/step                                                        the same for a step's further values
//	loss/train, loss/test, NAME/train, NAME/test                     a point for an epoch; test ones also within it
//	checkpoint, warning                                              texts
//
// over the number of steps since the very start; phases are seconds of one step. The settings are hyperparameters.
// When a run goes on from a checkpoint, TensorBoard forgets the points that an earlier file of the folder has beyond
// it. The file is flushed after evaluations, epochs, checkpoints and warnings, and every Flush.
type Sink struct {
	w     *Writer
	every time.Duration
	mean  *summary.Mean
	tags  map[string]string // of a name, the curve's
	seen  time.Time         // of the last flush
	point summary.Step
	steps int
	sum   func(b []byte) []byte
}

var _ summary.TensorSink = (*Sink)(nil)

// SinkOptions are settings of a Sink.
type SinkOptions struct {
	Every int           // steps that a point stands for. Default 1; more where a run has millions of them
	Flush time.Duration // how long a step may wait in memory. Default 5 s
}

// NewSink returns a Sink that writes with w, which the caller closes.
func NewSink(w *Writer, o SinkOptions) *Sink {
	if o.Flush <= 0 {
		o.Flush = 5 * time.Second
	}
	s := &Sink{w: w, every: o.Flush, mean: summary.NewMean(o.Every), tags: map[string]string{}}
	s.sum = s.appendStep // once: a method value is an allocation
	return s
}

// Start writes where the run begins, and its settings.
func (s *Sink) Start(r summary.Run) error {
	s.mean.Rest()
	s.seen = r.Time
	first := int64(0)
	if r.Resumed {
		first = int64(r.Global) + 1
	}
	if err := s.w.session(r.Time, first); err != nil {
		return err
	}
	settings := append([]summary.Field{{Name: "model", Value: r.Model}}, r.Config...)
	if err := s.w.HParams(settings, "loss/train", "loss/test"); err != nil {
		return err
	}
	return s.w.Flush()
}

// session writes that a session starts at step. If it is not the first of the folder, TensorBoard forgets all points
// from there on.
func (w *Writer) session(at time.Time, step int64) error {
	return w.write(at, step, func(b []byte) []byte {
		b, at := open(b, eventSession)
		return shut(appendInt(b, 1, 1), at) // status: START
	})
}

// Step counts t, and writes a point every so many steps.
func (s *Sink) Step(t summary.Step) error {
	if err := s.write(s.mean.Add(t)); err != nil {
		return err
	}
	if t.Time.Sub(s.seen) < s.every {
		return nil
	}
	s.seen = t.Time
	return s.w.Flush()
}

// write writes the point of so many steps, if there are any.
func (s *Sink) write(point summary.Step, steps int) error {
	if steps == 0 {
		return nil
	}
	s.point, s.steps = point, steps
	return s.w.write(point.Time, int64(point.Global), s.sum)
}

var phaseTags = [5]string{"phase/data", "phase/forward", "phase/backward", "phase/sync", "phase/update"}

func (s *Sink) appendStep(b []byte) []byte {
	p := &s.point
	b, at := open(b, eventSummary)
	b = appendScalar(b, "loss/step", p.Loss)
	b = appendScalar(b, "rate", p.Rate)
	if p.Elapsed > 0 {
		b = appendScalar(b, "samples_per_second", float64(p.Samples)/p.Elapsed.Seconds())
	}
	if p.Phases != (summary.Phases{}) {
		for i, d := range p.Phases.List() {
			b = appendScalar(b, phaseTags[i], d.Seconds()/float64(s.steps))
		}
	}
	for _, v := range p.Values {
		b = appendScalar(b, s.tag(v.Name), v.Value)
	}
	return shut(b, at)
}

// tag gives NAME/step.
func (s *Sink) tag(name string) string {
	tag, ok := s.tags[name]
	if !ok {
		tag = name + "/step"
		s.tags[name] = tag
	}
	return tag
}

// values writes a point of each value of a set, the test set say, behind the steps so far.
func (s *Sink) values(at time.Time, global int, set string, values []summary.Value) error {
	if err := s.write(s.mean.Rest()); err != nil || len(values) == 0 {
		return err
	}
	return s.w.write(at, int64(global), func(b []byte) []byte {
		b, sum := open(b, eventSummary)
		for _, v := range values {
			b = appendScalar(b, v.Name+"/"+set, v.Value)
		}
		return shut(b, sum)
	})
}

// Evaluation writes its values.
func (s *Sink) Evaluation(e summary.Evaluation) error {
	if err := s.values(e.Time, e.Global, "test", e.Test); err != nil {
		return err
	}
	return s.flush()
}

// Epoch writes its values.
func (s *Sink) Epoch(e summary.Epoch) error {
	if err := s.values(e.Time, e.Global, "train", e.Train); err != nil {
		return err
	}
	if err := s.values(e.Time, e.Global, "test", e.Test); err != nil {
		return err
	}
	return s.flush()
}

// Checkpoint writes a text.
func (s *Sink) Checkpoint(c summary.Checkpoint) error {
	text := "`" + c.Path + "`"
	if c.Err != nil {
		text = fmt.Sprintf("`%s` could not be written: %v", c.Path, c.Err)
	}
	if err := s.w.Text("checkpoint", text, int64(c.Global)); err != nil {
		return err
	}
	return s.flush()
}

// Warn writes a text.
func (s *Sink) Warn(w summary.Warning) error {
	text := w.Text
	if w.Err != nil {
		text += ": " + w.Err.Error()
	}
	if err := s.w.Text("warning", text, int64(w.Global)); err != nil {
		return err
	}
	return s.flush()
}

// Histogram writes how the elements of values are distributed: see [Writer.Histogram].
func (s *Sink) Histogram(global int, name string, values *tensor.Tensor) error {
	return s.w.Histogram(name, values, int64(global))
}

// End writes how the run ended. The Writer stays open.
func (s *Sink) End(e summary.End) error {
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.w.Done(e.Outcome != summary.Failed); err != nil {
		return err
	}
	return s.w.Flush()
}

// flush writes the steps that are no point yet, and flushes the file.
func (s *Sink) flush() error {
	if err := s.write(s.mean.Rest()); err != nil {
		return err
	}
	return s.w.Flush()
}
