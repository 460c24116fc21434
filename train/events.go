package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// events tells the sinks of rank 0 what happens. Where there are none it costs nothing.
type events struct {
	sinks *summary.Multi // nil: nobody listens here
	timed bool           // on all ranks alike: rank 0 wants phases
	table bool           // on all ranks alike: one of rank 0's sinks wants to hear of all ranks

	own  summary.Rank // this rank's since it was last gathered
	told time.Time    // when that was, on rank 0
}

// rankPeriod is how often a summary.RankSink hears of the ranks.
const rankPeriod = time.Second

// listen finds out who listens. All ranks call it.
func (r *run[T]) listen() error {
	var wants [2]byte // phases, a table
	if c := r.job.c; r.group.Rank() == 0 && len(c.Sinks) > 0 {
		r.events.sinks = summary.NewMulti(c.Sinks...)
		wants[0] = 1
		for _, s := range c.Sinks {
			if _, ok := s.(summary.RankSink); ok {
				wants[1] = 1
			}
		}
	}
	said, err := gatherBytes(r.world, r.group, wants[:])
	if err != nil {
		return fmt.Errorf("train: asking rank 0 for its sinks: %w", err)
	}
	r.events.timed, r.events.table = said[0][0] == 1, said[0][1] == 1
	r.session.measure(r.events.timed)
	r.events.told = time.Now()
	if host, err := os.Hostname(); err == nil {
		r.events.own.Host = host
	}
	return nil
}

// begins tells of the run before its first step.
func (r *run[T]) begins() {
	e := &r.events
	if e.sinks == nil {
		return
	}
	j, at := r.job, &r.session.at
	s := summary.Run{Model: fmt.Sprintf("%T", j.c.Model), Train: j.c.Train.Len(), Epochs: max(j.c.Epochs, 0),
		Steps: j.plan.Steps(), BatchSize: j.c.BatchSize, Rank: r.group.Rank(), Ranks: r.group.Size(),
		Partitions: j.c.Partitions, Resumed: r.resumed, Epoch: at.Epoch, Step: at.Step, Global: at.number(j),
		Elapsed: at.Elapsed, Time: time.Now(), Host: e.own.Host, Process: os.Getpid()}
	for _, p := range j.params {
		s.Params += p.Value().Len()
	}
	if j.c.Test != nil {
		s.Test = j.c.Test.Len()
	}
	for _, f := range j.fields() {
		if !strings.HasPrefix(f.Name, "Model") {
			s.Config = append(s.Config, summary.Field(f))
		}
	}
	_ = e.sinks.Start(s)
}

// stepped tells of a step, if m is a moment to.
func (r *run[T]) stepped(m *moment, came outcome, samples int, elapsed time.Duration, now time.Time) {
	e, at := &r.events, &r.session.at
	yes, tensors := r.fires(m, whenSummary), r.fires(m, whenHistogram)
	if !e.timed {
		return
	}
	phases := r.session.spent()
	if e.table {
		e.own.Samples += r.job.share(at.Step-1, r.group.Rank(), r.group.Size())
		e.own.Phases = e.own.Phases.Add(phases)
		e.own.Elapsed += elapsed
	}
	if e.sinks == nil {
		return
	}
	if came.skipped != nil {
		_ = e.sinks.Warn(summary.Warning{Text: "skipped a step: " + came.skipped.Error(), Err: came.skipped, Global: m.steps,
			Time: now})
		return
	}
	if yes {
		var values []summary.Value
		if came.norm > 0 {
			values = []summary.Value{{Name: "gradient/norm", Value: came.norm}}
		}
		_ = e.sinks.Step(summary.Step{Epoch: at.Epoch + 1, Step: at.Step, Global: m.steps, Samples: samples, Loss: came.loss,
			Rate: came.rate, Values: values, Phases: phases, Elapsed: elapsed, Time: now})
	}
	if tensors {
		for _, p := range r.job.params {
			if !p.Frozen {
				_ = e.sinks.Histogram(m.steps, p.Name, p.Value())
			}
		}
		r.mark = time.Now()
	}
}

// tableDue says, on rank 0, whether it is time to hear of the ranks again.
func (e *events) tableDue(now time.Time) bool {
	return e.table && e.sinks != nil && now.Sub(e.told) >= rankPeriod
}

// gatherTable brings what the ranks have to say of themselves to rank 0's sinks. All ranks call it.
func (r *run[T]) gatherTable() error {
	e := &r.events
	text, err := json.Marshal(e.own)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	e.own = summary.Rank{Host: e.own.Host}
	texts, err := gatherBytes(r.world, r.group, text)
	if err != nil {
		return fmt.Errorf("train: hearing of the ranks: %w", err)
	}
	e.told = time.Now()
	if e.sinks == nil {
		return nil
	}
	list := make([]summary.Rank, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal(text, &list[i]); err != nil {
			return fmt.Errorf("train: what rank %d says of itself: %w", i, err)
		}
		list[i].Rank, list[i].Seen = i, e.told
	}
	_ = e.sinks.Ranks(list)
	return nil
}

// evaluated tells of an evaluation within an epoch.
func (r *run[T]) evaluated(e Evaluation) {
	if s := r.events.sinks; s != nil {
		_ = s.Evaluation(summary.Evaluation{Epoch: e.Epoch, Step: e.Step, Global: e.Global, Test: e.Test.list(),
			Elapsed: e.Elapsed, Time: time.Now()})
	}
}

// completed tells of an epoch. Its position is the next one's begin.
func (r *run[T]) completed(e Epoch) {
	s := r.events.sinks
	if s == nil {
		return
	}
	out := summary.Epoch{Epoch: e.Epoch, Global: r.session.at.number(r.job), Samples: e.Train.Samples,
		Train: e.Train.list(), Elapsed: e.Elapsed, Time: time.Now()}
	if e.Test.Samples > 0 {
		out.Test = e.Test.list()
	}
	_ = s.Epoch(out)
}

// checkpointEvent is what the sinks are told of a checkpoint of a moment, once it is there.
func (r *run[T]) checkpointEvent(at position, best bool) summary.Checkpoint {
	e := summary.Checkpoint{Path: r.job.c.Checkpoint, Epoch: at.Epoch + 1, Step: at.Step, Global: at.number(r.job), Best: best}
	if at.Step == 0 {
		e.Epoch, e.Step = at.Epoch, r.job.plan.Steps()
	}
	return e
}

// written tells of the saver's checkpoint, which is there or could not be written.
func (r *run[T]) written(failed error) {
	s := r.events.sinks
	if s == nil {
		return
	}
	e := r.saver.event
	e.Time, e.Err = time.Now(), failed
	e.Elapsed = e.Time.Sub(r.saver.began)
	if info, err := os.Stat(e.Path); err == nil && failed == nil {
		e.Bytes = info.Size()
	}
	_ = s.Checkpoint(e)
}

// over tells how the run ended.
func (r *run[T]) over(err error) {
	s := r.events.sinks
	if s == nil {
		return
	}
	e := summary.End{Global: r.session.at.number(r.job), Elapsed: r.session.at.Elapsed, Time: time.Now()}
	switch {
	case errors.Is(err, Stop):
		e.Outcome = summary.Stopped
	case r.interruption:
		e.Outcome = summary.Interrupted
	case err != nil:
		e.Outcome, e.Err = summary.Failed, err
	}
	_ = s.End(e)
}
