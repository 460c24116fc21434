package history

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/tutti-ml/tutti/train/summary"
)

// Options are settings of a Sink.
type Options struct {
	// Every is how many steps a line stands for: samples, phases and seconds are then sums, loss and metrics means, as
	// [summary.Mean] has it. Default 1; a line of a step has some 250 bytes, so a run of millions of steps wants more.
	Every int
}

// Sink appends the events of a run to a file. Its methods may be called by many goroutines at the same time.
//
// After an error of the file system every method returns that error, for a line may be torn.
type Sink struct {
	mu   sync.Mutex
	path string
	file *os.File
	mean *summary.Mean
	line line
	err  error
}

var _ summary.Sink = (*Sink)(nil)

// ErrClosed is what the methods of a Sink return after Close.
var ErrClosed = errors.New("the history is closed")

// Open opens the file path, or makes it. A file that has something else in it than a history is refused. Nothing is
// written before a run starts. Two processes must not have one file open.
func Open(path string, o Options) (*Sink, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if err := check(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("history: %s: %w", path, err)
	}
	return &Sink{path: path, file: file, mean: summary.NewMean(o.Every)}, nil
}

// check refuses a file that one must not cut.
func check(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is of mode %v, want a file", info.Mode())
	}
	start := make([]byte, len(opening))
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if string(start[:n]) != opening[:n] {
		return fmt.Errorf("it begins with %q, want %q: this is no history", start[:n], opening)
	}
	return nil
}

// opening is what every history begins with.
const opening = `{"event":"run",`

// Close closes the file. A second Close does nothing.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	if s.err == nil {
		s.err = fmt.Errorf("history: %s: %w", s.path, ErrClosed)
	}
	return err
}

// Start cuts off what does not belong to the run, and appends what is known of it: a run line.
func (s *Sink) Start(r summary.Run) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mean.Rest()
	if s.err != nil {
		return s.err
	}
	if err := s.cut(r); err != nil {
		s.err = fmt.Errorf("history: %s: making room for the run: %w", s.path, err)
		return s.err
	}
	l := s.line.begin("run", r.Time)
	l = l.text("model", r.Model).int("params", int64(r.Params)).int("train", int64(r.Train)).int("test", int64(r.Test))
	l = l.int("epochs", int64(r.Epochs)).int("steps", int64(r.Steps)).int("batch", int64(r.BatchSize))
	l = l.int("rank", int64(r.Rank)).int("ranks", int64(r.Ranks)).int("partitions", int64(r.Partitions))
	l = l.bool("resumed", r.Resumed).at(r.Epoch, r.Step, r.Global)
	l = l.seconds(r.Elapsed).text("host", r.Host).int("process", int64(r.Process)).fields("config", r.Config)
	return s.write(l)
}

// cut leaves the lines before the run's first: all that are whole, and of a run that goes on, those up to its step.
func (s *Sink) cut(r summary.Run) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	beyond := int64(-1) // where the first line beyond the run's step is
	end, err := scan(s.file, func(at int64, line *record) error {
		switch {
		case line.Event == "run" && !line.Resumed: // what was before is another run's
			beyond = -1
		case line.Global > r.Global && beyond < 0:
			beyond = at
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.Resumed && beyond >= 0 {
		end = beyond
	}
	if err := s.file.Truncate(end); err != nil {
		return err
	}
	_, err = s.file.Seek(end, io.SeekStart)
	return err
}

// Step counts t, and appends a line every so many steps.
func (s *Sink) Step(t summary.Step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step(s.mean.Add(t))
}

// step appends a line for so many steps, if there are any.
func (s *Sink) step(t summary.Step, steps int) error {
	if steps == 0 {
		return s.err
	}
	l := s.line.begin("step", t.Time).at(t.Epoch, t.Step, t.Global)
	if steps > 1 {
		l = l.int("steps", int64(steps))
	}
	l = l.int("samples", int64(t.Samples)).float("loss", t.Loss).float("lr", t.Rate).values("metrics", t.Values)
	return s.write(l.phases(t.Phases).seconds(t.Elapsed))
}

// Evaluation appends a line.
func (s *Sink) Evaluation(e summary.Evaluation) error {
	return s.other(func(l line) line {
		l = l.begin("evaluation", e.Time).at(e.Epoch, e.Step, e.Global)
		return l.values("test", e.Test).seconds(e.Elapsed)
	})
}

// Epoch appends a line.
func (s *Sink) Epoch(e summary.Epoch) error {
	return s.other(func(l line) line {
		l = l.begin("epoch", e.Time).at(e.Epoch, 0, e.Global)
		return l.int("samples", int64(e.Samples)).values("train", e.Train).values("test", e.Test).seconds(e.Elapsed)
	})
}

// Checkpoint appends a line.
func (s *Sink) Checkpoint(c summary.Checkpoint) error {
	return s.other(func(l line) line {
		l = l.begin("checkpoint", c.Time).at(c.Epoch, c.Step, c.Global)
		return l.text("path", c.Path).int("bytes", c.Bytes).bool("best", c.Best).error(c.Err).seconds(c.Elapsed)
	})
}

// Warn appends a line.
func (s *Sink) Warn(w summary.Warning) error {
	return s.other(func(l line) line {
		return l.begin("warning", w.Time).int("global", int64(w.Global)).text("text", w.Text).error(w.Err)
	})
}

// End appends a line. The file stays open.
func (s *Sink) End(e summary.End) error {
	return s.other(func(l line) line {
		l = l.begin("end", e.Time).int("global", int64(e.Global)).text("outcome", e.Outcome.String())
		return l.error(e.Err).seconds(e.Elapsed)
	})
}

// other appends the steps that have no line yet, and then a line that is no step's.
func (s *Sink) other(fill func(l line) line) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.step(s.mean.Rest()); err != nil {
		return err
	}
	return s.write(fill(s.line))
}

// write appends l, with its end, in one piece.
func (s *Sink) write(l line) error {
	if s.err != nil {
		return s.err
	}
	l = append(l, '}', '\n')
	s.line = l[:0]
	if _, err := s.file.Write(l); err != nil {
		s.err = fmt.Errorf("history: writing a line: %w", err)
	}
	return s.err
}
