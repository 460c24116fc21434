package web

import (
	"math"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// What the page keeps at most of texts and lists that come from a run.
const (
	nameBytes   = 80
	textBytes   = 500
	fieldsKept  = 256
	notesKept   = 20
	ranksKept   = 256
	paceSeconds = 5 // the time constant of the samples a second
)

// state is what the page shows, in bounded memory: the latest run. Methods that take an event in wait for nothing but
// the lock, which readers hold only while they copy.
type state struct {
	mu          sync.Mutex
	version     int // counts all changes
	runs        int // counts runs, with what is told of one at its start
	run         summary.Run
	now         progress
	pace        pace
	steps       history
	epochs      records
	evaluations records
	ranks       ranksJSON
	rankReports int // counts changes of ranks
	notes       []noteJSON
	noted       int // counts changes of notes
}

// progress is where the run is.
type progress struct {
	state        string // waiting, running, or an outcome's name
	err          string
	epoch, step  int
	global       int
	loss, rate   float64
	elapsed      time.Duration
	time         time.Time
	checkpoints  int // written
	checkpointed int // the last step in the last one
}

// pace is the speed of the last seconds: sums that fade exponentially.
type pace struct{ samples, seconds float64 }

func (p *pace) add(samples int, d time.Duration) {
	if d <= 0 {
		return
	}
	fade := math.Exp(-d.Seconds() / paceSeconds)
	p.samples = p.samples*fade + float64(samples)
	p.seconds = p.seconds*fade + d.Seconds()
}

// value is in samples a second, NaN before the first.
func (p pace) value() float64 { return p.samples / p.seconds }

func newState() *state {
	s := &state{now: progress{state: "waiting", loss: math.NaN(), rate: math.NaN()},
		ranks: ranksJSON{List: []rankJSON{}}, notes: []noteJSON{}}
	s.steps.reset()
	s.epochs.reset()
	s.evaluations.reset()
	return s
}

// change runs fn under the lock and counts it.
func (s *state) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	fn()
}

// start begins a run. One that goes on from a step keeps what the page has of the steps before.
func (s *state) start(r summary.Run) {
	s.change(func() {
		if r.Resumed {
			s.steps.cut(r.Global + 1)
			s.epochs.cut(r.Global)
			s.evaluations.cut(r.Global)
		} else {
			s.steps.reset()
			s.epochs.reset()
			s.evaluations.reset()
		}
		fields := r.Config[:min(len(r.Config), fieldsKept)]
		r.Config = make([]summary.Field, len(fields))
		for i, f := range fields {
			r.Config[i] = summary.Field{Name: clip(f.Name, nameBytes), Value: clip(f.Value, textBytes)}
		}
		r.Model, r.Host = clip(r.Model, textBytes), clip(r.Host, nameBytes)
		s.runs++
		s.run = r
		s.now = progress{state: "running", epoch: r.Epoch, step: r.Step, global: r.Global, elapsed: r.Elapsed,
			time: r.Time, loss: math.NaN(), rate: math.NaN()}
		s.pace, s.ranks, s.notes = pace{}, ranksJSON{List: []rankJSON{}}, []noteJSON{}
		s.rankReports++
		s.noted++
	})
}

// step takes a step in. It allocates nothing once the run's values have been seen.
func (s *state) step(e *summary.Step) {
	s.mu.Lock()
	s.version++
	s.steps.add(e)
	d := elapsed(e)
	s.pace.add(e.Samples, d)
	n := &s.now
	n.epoch, n.step, n.global, n.loss, n.rate, n.time = e.Epoch, e.Step, e.Global, e.Loss, e.Rate, e.Time
	n.elapsed += d
	s.mu.Unlock()
}

func (s *state) evaluation(e summary.Evaluation) {
	s.change(func() {
		s.evaluations.add(record{epoch: e.Epoch, global: e.Global, elapsed: e.Elapsed}, nil, e.Test)
	})
}

func (s *state) epoch(e summary.Epoch) {
	s.change(func() {
		s.epochs.add(record{epoch: e.Epoch, global: e.Global, samples: e.Samples, elapsed: e.Elapsed}, e.Train, e.Test)
	})
}

func (s *state) checkpoint(c summary.Checkpoint) {
	s.change(func() {
		if c.Err != nil {
			s.note(c.Global, c.Time, "checkpoint "+c.Path+": "+c.Err.Error())
			return
		}
		s.now.checkpoints++
		s.now.checkpointed = c.Global
	})
}

func (s *state) warn(w summary.Warning) {
	s.change(func() {
		text := w.Text
		if w.Err != nil {
			text += ": " + w.Err.Error()
		}
		s.note(w.Global, w.Time, text)
	})
}

// note keeps a line for the reader, and forgets the oldest beyond notesKept.
func (s *state) note(global int, t time.Time, text string) {
	old := s.notes[max(0, len(s.notes)-notesKept+1):]
	s.notes = append(make([]noteJSON, 0, notesKept), old...) // a reader may hold the old one
	s.notes = append(s.notes, noteJSON{global, milliseconds(t), clip(text, textBytes)})
	s.noted++
}

func (s *state) setRanks(ranks []summary.Rank) {
	s.change(func() {
		kept := ranks[:min(len(ranks), ranksKept)]
		s.ranks = ranksJSON{Total: len(ranks), List: make([]rankJSON, len(kept))} // a reader may hold the old one
		for i, r := range kept {
			s.ranks.List[i] = encodeRank(r)
		}
		s.rankReports++
	})
}

func (s *state) end(e summary.End) {
	s.change(func() {
		s.now.state = e.Outcome.String()
		if e.Err != nil {
			s.now.err = clip(e.Err.Error(), textBytes)
		}
		if e.Global > 0 {
			s.now.global = e.Global
		}
		if e.Elapsed > 0 {
			s.now.elapsed = e.Elapsed
		}
		s.now.time = e.Time
	})
}

// close says that no event will follow: a run that has not ended was interrupted.
func (s *state) close() {
	s.change(func() {
		if s.now.state == "running" {
			s.now.state = summary.Interrupted.String()
		}
	})
}
