package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// maxLine is the most bytes of a line.
const maxLine = 1 << 20

// scan reads the lines of r and gives each to fn, with the offset it begins at. It returns where the last whole line
// ends. A last line without an end that is no object was torn: it is left out.
func scan(r io.Reader, fn func(at int64, line *record) error) (end int64, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		torn := errors.Is(err, io.EOF)
		switch {
		case torn && len(text) == 0:
			return end, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return end, fmt.Errorf("line %d has more than %d bytes", n, maxLine)
		case err != nil && !torn:
			return end, err
		}
		var line record
		if err := json.Unmarshal(bytes.TrimSpace(text), &line); err != nil {
			if torn {
				return end, nil
			}
			return end, fmt.Errorf("line %d: %w", n, err)
		}
		if torn { // whole, but for its end: who appends, must not append to it
			return end, fn(end, &line)
		}
		if err := fn(end, &line); err != nil {
			return end, err
		}
		end += int64(len(text))
	}
}

// record is a line of any event.
type record struct {
	Event                             string
	Time                              time.Time
	Model, Host                       string
	Params                            int
	Epochs, Steps, Batch, Rank, Ranks int
	Partitions, Process               int
	Resumed, Best                     bool
	Epoch, Step, Global, Samples      int
	Bytes                             int64
	Config                            fields
	Loss, LR, Seconds                 float
	Metrics                           values
	Train, Test                       countOrValues
	Phases                            struct{ Data, Forward, Backward, Sync, Update float }
	Path, Text, Error, Outcome        string
}

// Replay gives the events that r holds to sink, as they once were, and ends at the first error of the sink. Lines of
// events that it does not know are passed over. Errors of a line have its number.
func Replay(r io.Reader, sink summary.Sink) error {
	n := 0
	_, err := scan(r, func(_ int64, l *record) error {
		n++
		if err := l.send(sink); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// send gives the event of the line to sink.
func (l *record) send(sink summary.Sink) error {
	elapsed := l.Seconds.duration()
	switch l.Event {
	case "run":
		return sink.Start(summary.Run{Model: l.Model, Params: l.Params, Train: l.Train.count, Test: l.Test.count,
			Epochs: l.Epochs, Steps: l.Steps, BatchSize: l.Batch, Rank: l.Rank, Ranks: l.Ranks, Partitions: l.Partitions,
			Config: l.Config, Resumed: l.Resumed, Epoch: l.Epoch, Step: l.Step, Global: l.Global, Elapsed: elapsed,
			Time: l.Time, Host: l.Host, Process: l.Process})
	case "step":
		p := l.Phases
		return sink.Step(summary.Step{Epoch: l.Epoch, Step: l.Step, Global: l.Global, Samples: l.Samples,
			Loss: float64(l.Loss), Rate: float64(l.LR), Values: l.Metrics, Elapsed: elapsed, Time: l.Time,
			Phases: summary.Phases{Data: p.Data.duration(), Forward: p.Forward.duration(), Backward: p.Backward.duration(),
				Sync: p.Sync.duration(), Update: p.Update.duration()}})
	case "evaluation":
		return sink.Evaluation(summary.Evaluation{Epoch: l.Epoch, Step: l.Step, Global: l.Global, Test: l.Test.values,
			Elapsed: elapsed, Time: l.Time})
	case "epoch":
		return sink.Epoch(summary.Epoch{Epoch: l.Epoch, Global: l.Global, Samples: l.Samples, Train: l.Train.values,
			Test: l.Test.values, Elapsed: elapsed, Time: l.Time})
	case "checkpoint":
		return sink.Checkpoint(summary.Checkpoint{Path: l.Path, Epoch: l.Epoch, Step: l.Step, Global: l.Global,
			Bytes: l.Bytes, Best: l.Best, Err: said(l.Error), Elapsed: elapsed, Time: l.Time})
	case "warning":
		return sink.Warn(summary.Warning{Text: l.Text, Err: said(l.Error), Global: l.Global, Time: l.Time})
	case "end":
		outcome := summary.Finished
		for outcome.String() != l.Outcome && outcome < summary.Failed {
			outcome++
		}
		return sink.End(summary.End{Outcome: outcome, Err: said(l.Error), Global: l.Global, Elapsed: elapsed, Time: l.Time})
	}
	return nil
}

// said makes an error of what it once said.
func said(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}
