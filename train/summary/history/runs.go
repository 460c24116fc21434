package history

import (
	"fmt"
	"io"
	"os"

	"github.com/tutti-ml/tutti/train/summary"
)

// Run is what a history has of one run, with all its resumptions.
type Run struct {
	summary.Run // as it started first
	Steps       []summary.Step
	Evaluations []summary.Evaluation
	Epochs      []summary.Epoch
	Checkpoints []summary.Checkpoint
	Warnings    []summary.Warning
	Resumptions []summary.Run // how it went on, each time
	End         *summary.End  // nil if it still runs, or was killed
}

// Read returns the runs that r holds.
func Read(r io.Reader) ([]*Run, error) {
	var c collector
	err := Replay(r, &c)
	return c.runs, err
}

// ReadFile returns the runs that the file holds.
func ReadFile(path string) ([]*Run, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer f.Close()
	runs, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return runs, nil
}

// collector is the Sink of Read.
type collector struct{ runs []*Run }

// last is the run that events belong to: one without a start if the file begins in the middle.
func (c *collector) last() *Run {
	if len(c.runs) == 0 {
		c.runs = append(c.runs, &Run{})
	}
	return c.runs[len(c.runs)-1]
}

func (c *collector) Start(r summary.Run) error {
	if r.Resumed && len(c.runs) > 0 {
		run := c.last()
		run.Resumptions, run.End = append(run.Resumptions, r), nil
		return nil
	}
	c.runs = append(c.runs, &Run{Run: r})
	return nil
}

func (c *collector) Step(s summary.Step) error {
	c.last().Steps = append(c.last().Steps, s)
	return nil
}

func (c *collector) Evaluation(e summary.Evaluation) error {
	c.last().Evaluations = append(c.last().Evaluations, e)
	return nil
}

func (c *collector) Epoch(e summary.Epoch) error {
	c.last().Epochs = append(c.last().Epochs, e)
	return nil
}

func (c *collector) Checkpoint(p summary.Checkpoint) error {
	c.last().Checkpoints = append(c.last().Checkpoints, p)
	return nil
}

func (c *collector) Warn(w summary.Warning) error {
	c.last().Warnings = append(c.last().Warnings, w)
	return nil
}

func (c *collector) End(e summary.End) error {
	c.last().End = &e
	return nil
}
