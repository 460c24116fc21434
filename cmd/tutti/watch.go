package main

// What is to be seen of a training: TensorBoard, a history, curves, a live page, a log.

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/internal/atomicfile"
	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/history"
	"github.com/tutti-ml/tutti/train/summary/plot"
	"github.com/tutti-ml/tutti/train/summary/prometheus"
	"github.com/tutti-ml/tutti/train/summary/tensorboard"
	"github.com/tutti-ml/tutti/train/web"
)

// watchOptions are the flags of it.
type watchOptions struct {
	logDir, history, plot, http, log string
}

func watchFlags(f *pflag.FlagSet, o *watchOptions) {
	f.StringVar(&o.logDir, "log-dir", "", "folder for TensorBoard's event files (tensorboard --logdir)")
	f.StringVar(&o.history, "history", "", "file to append what happens to, as JSON Lines")
	f.StringVar(&o.plot, "plot", "", "file for curves, .png or .svg, drawn anew after each epoch")
	f.StringVar(&o.http, "http", "",
		"address of a live page, and of /metrics for Prometheus: :8080 is for this machine alone, "+
			"another asks for a token that is printed")
	f.StringVar(&o.log, "log", "", "log to standard error: text, json (default: none)")
}

// check refuses what opening would, before anything is opened.
func (o *watchOptions) check() error {
	if o.log != "" && o.log != "text" && o.log != "json" {
		return usageError{fmt.Errorf("--log %q, want text or json", o.log)}
	}
	if ending := strings.ToLower(filepath.Ext(o.plot)); o.plot != "" && ending != ".png" && ending != ".svg" {
		return usageError{fmt.Errorf("--plot %q, want a name that ends in .png or .svg", o.plot)}
	}
	return nil
}

// watchers are open sinks.
type watchers struct {
	sinks []summary.Sink
	close []func() error
	url   string // of the live page
}

// open opens what the flags ask for. log is where --log goes.
func (o *watchOptions) open(log io.Writer) (w *watchers, err error) {
	w = &watchers{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
			w = nil
		}
	}()
	if o.logDir != "" {
		events, err := tensorboard.Create(o.logDir)
		if err != nil {
			return w, fmt.Errorf("--log-dir: %w", err)
		}
		w.add(tensorboard.NewSink(events, tensorboard.SinkOptions{}), events.Close)
	}
	if o.history != "" {
		h, err := history.Open(o.history, history.Options{})
		if err != nil {
			return w, fmt.Errorf("--history: %w", err)
		}
		w.add(h, h.Close)
	}
	if o.plot != "" {
		if err := atomicfile.Check(o.plot); err != nil {
			return w, fmt.Errorf("--plot: %w", err)
		}
		w.add(&curves{path: o.plot, every: 1}, nil)
	}
	if o.http != "" {
		metrics := prometheus.NewSink(&prometheus.Registry{})
		page, err := web.Listen(o.http, web.Options{Metrics: metrics})
		if err != nil {
			return w, fmt.Errorf("--http: %w", err)
		}
		w.url = page.URL()
		w.add(page, page.Close)
		w.add(metrics, nil)
	}
	if o.log == "" && len(w.sinks) > 0 {
		w.add(&warnings{w: log}, nil)
	}
	switch o.log {
	case "text":
		w.add(summary.NewLog(slog.New(slog.NewTextHandler(log, nil))), nil)
	case "json":
		w.add(summary.NewLog(slog.New(slog.NewJSONHandler(log, nil))), nil)
	}
	return w, nil
}

func (w *watchers) add(s summary.Sink, end func() error) {
	w.sinks = append(w.sinks, s)
	if end != nil {
		w.close = append(w.close, end)
	}
}

// Close closes all. It may be called for none.
func (w *watchers) Close() (err error) {
	if w == nil {
		return nil
	}
	for _, end := range w.close {
		err = cmp.Or(err, end())
	}
	w.close = nil
	return err
}

// warnings is a sink that says what goes wrong with the others, such as a history on a disk that is full.
type warnings struct {
	summary.None
	w io.Writer
}

func (s *warnings) Warn(w summary.Warning) error {
	text := w.Text
	if w.Err != nil && !strings.Contains(text, w.Err.Error()) {
		text += ": " + w.Err.Error()
	}
	_, err := fmt.Fprintf(s.w, "tutti: warning: %s\n", text)
	return err
}

// curves is a sink that draws a run's curves. It keeps at most maxPoints steps: beyond, every other one is left out.
type curves struct {
	summary.None
	path  string
	run   history.Run
	every int
	seen  int
}

const maxPoints = 4096

func (c *curves) Start(r summary.Run) error {
	c.run, c.every, c.seen = history.Run{Run: r}, 1, 0
	return nil
}

func (c *curves) Step(s summary.Step) error {
	if c.seen++; c.seen%c.every != 0 {
		return nil
	}
	s.Values = slices.Clone(s.Values)
	if c.run.Steps = append(c.run.Steps, s); len(c.run.Steps) > maxPoints {
		half := c.run.Steps[:0]
		for i := 1; i < len(c.run.Steps); i += 2 {
			half = append(half, c.run.Steps[i])
		}
		c.run.Steps, c.every = half, 2*c.every
	}
	return nil
}

func (c *curves) Evaluation(e summary.Evaluation) error {
	e.Test = slices.Clone(e.Test)
	c.run.Evaluations = append(c.run.Evaluations, e)
	return nil
}

func (c *curves) Epoch(e summary.Epoch) error {
	e.Train, e.Test = slices.Clone(e.Train), slices.Clone(e.Test)
	c.run.Epochs = append(c.run.Epochs, e)
	return c.draw()
}

func (c *curves) End(summary.End) error {
	if len(c.run.Steps) == 0 {
		return nil
	}
	return c.draw()
}

func (c *curves) draw() error { return plot.Save(c.path, plot.Curves("", &c.run), plot.Options{}) }
