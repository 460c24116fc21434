package summary

import (
	"context"
	"log/slog"
	"time"
)

// Log is a Sink that writes the events of a run to a [slog.Logger], with their own time. Steps have [slog.LevelDebug],
// and cost nothing where it is off; warnings, and checkpoints that could not be written, have [slog.LevelWarn]; a run
// that failed has [slog.LevelError]; all else has [slog.LevelInfo].
type Log struct{ handler slog.Handler }

var _ Sink = (*Log)(nil)

// NewLog returns a Log that writes to l, or to [slog.Default] if l is nil.
func NewLog(l *slog.Logger) *Log {
	if l == nil {
		l = slog.Default()
	}
	return &Log{l.Handler()}
}

// add writes a record of what attrs gives, if its level is wanted.
func (l *Log) add(at time.Time, level slog.Level, text string, attrs func(r *slog.Record)) error {
	ctx := context.Background()
	if !l.handler.Enabled(ctx, level) {
		return nil
	}
	r := slog.NewRecord(at, level, text, 0)
	attrs(&r)
	return l.handler.Handle(ctx, r)
}

// group gives named numbers.
func group(key string, values []Value) slog.Attr {
	attrs := make([]slog.Attr, len(values))
	for i, v := range values {
		attrs[i] = slog.Float64(v.Name, v.Value)
	}
	return slog.Attr{Key: key, Value: slog.GroupValue(attrs...)}
}

// Start logs the run and its settings.
func (l *Log) Start(r Run) error {
	return l.add(r.Time, slog.LevelInfo, "training starts", func(to *slog.Record) {
		to.AddAttrs(slog.String("model", r.Model), slog.Int("params", r.Params), slog.Int("train", r.Train),
			slog.Int("test", r.Test), slog.Int("epochs", r.Epochs), slog.Int("steps", r.Steps), slog.Int("batch", r.BatchSize),
			slog.Int("rank", r.Rank), slog.Int("ranks", r.Ranks), slog.Int("partitions", r.Partitions))
		if r.Resumed {
			to.AddAttrs(slog.Group("resumed", slog.Int("epoch", r.Epoch), slog.Int("step", r.Step),
				slog.Int("global", r.Global)))
		}
		config := make([]slog.Attr, len(r.Config))
		for i, f := range r.Config {
			config[i] = slog.String(f.Name, f.Value)
		}
		to.AddAttrs(slog.Attr{Key: "config", Value: slog.GroupValue(config...)})
	})
}

// Step logs the step.
func (l *Log) Step(s Step) error {
	if !l.handler.Enabled(context.Background(), slog.LevelDebug) {
		return nil
	}
	return l.step(s)
}

// step is apart so that Step, which most often has nothing to do, does not move s to the heap.
func (l *Log) step(s Step) error {
	return l.add(s.Time, slog.LevelDebug, "step", func(to *slog.Record) {
		to.AddAttrs(slog.Int("epoch", s.Epoch), slog.Int("step", s.Step), slog.Int("global", s.Global),
			slog.Float64("loss", s.Loss), slog.Float64("rate", s.Rate), slog.Duration("elapsed", s.Elapsed))
		to.AddAttrs(group("values", s.Values))
	})
}

// Evaluation logs what was measured.
func (l *Log) Evaluation(e Evaluation) error {
	return l.add(e.Time, slog.LevelInfo, "evaluation", func(to *slog.Record) {
		to.AddAttrs(slog.Int("epoch", e.Epoch), slog.Int("step", e.Step), slog.Int("global", e.Global), group("test", e.Test),
			slog.Duration("elapsed", e.Elapsed))
	})
}

// Epoch logs what was measured, and the samples per second.
func (l *Log) Epoch(e Epoch) error {
	return l.add(e.Time, slog.LevelInfo, "epoch", func(to *slog.Record) {
		to.AddAttrs(slog.Int("epoch", e.Epoch), slog.Int("global", e.Global), group("train", e.Train), group("test", e.Test),
			slog.Duration("elapsed", e.Elapsed))
		if e.Elapsed > 0 {
			to.AddAttrs(slog.Float64("samples_per_second", float64(e.Samples)/e.Elapsed.Seconds()))
		}
	})
}

// Checkpoint logs that a checkpoint was written, or why not.
func (l *Log) Checkpoint(c Checkpoint) error {
	level, text := slog.LevelInfo, "checkpoint"
	if c.Err != nil {
		level, text = slog.LevelWarn, "checkpoint could not be written"
	}
	return l.add(c.Time, level, text, func(to *slog.Record) {
		to.AddAttrs(slog.String("path", c.Path), slog.Int("epoch", c.Epoch), slog.Int("step", c.Step),
			slog.Int("global", c.Global))
		if c.Err != nil {
			to.AddAttrs(slog.Any("error", c.Err))
			return
		}
		to.AddAttrs(slog.Int64("bytes", c.Bytes), slog.Bool("best", c.Best), slog.Duration("elapsed", c.Elapsed))
	})
}

// Warn logs the warning.
func (l *Log) Warn(w Warning) error {
	return l.add(w.Time, slog.LevelWarn, w.Text, func(to *slog.Record) {
		to.AddAttrs(slog.Int("global", w.Global))
		if w.Err != nil {
			to.AddAttrs(slog.Any("error", w.Err))
		}
	})
}

// End logs how the run ended.
func (l *Log) End(e End) error {
	level := slog.LevelInfo
	if e.Outcome == Failed {
		level = slog.LevelError
	}
	return l.add(e.Time, level, "training "+e.Outcome.String(), func(to *slog.Record) {
		to.AddAttrs(slog.Int("global", e.Global), slog.Duration("elapsed", e.Elapsed))
		if e.Err != nil {
			to.AddAttrs(slog.Any("error", e.Err))
		}
	})
}
