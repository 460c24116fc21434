package web

import (
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// message is what a reader is sent: all of the state, or what changed. The package's comment describes its JSON.
type message struct {
	Run         *runJSON    `json:"run,omitempty"`
	Now         *nowJSON    `json:"now,omitempty"`
	Steps       *tableJSON  `json:"steps,omitempty"`
	Epochs      *tableJSON  `json:"epochs,omitempty"`
	Evaluations *tableJSON  `json:"evaluations,omitempty"`
	Ranks       *ranksJSON  `json:"ranks,omitempty"`
	Notes       *[]noteJSON `json:"notes,omitempty"`
}

type runJSON struct {
	Model      string      `json:"model"`
	Params     int         `json:"params"`
	Train      int         `json:"train"`
	Test       int         `json:"test"`
	Epochs     int         `json:"epochs"`
	Steps      int         `json:"steps"`
	BatchSize  int         `json:"batch_size"`
	Ranks      int         `json:"ranks"`
	Partitions int         `json:"partitions"`
	Resumed    bool        `json:"resumed"`
	Global     int         `json:"global"`
	Started    int64       `json:"started"`
	Host       string      `json:"host"`
	Process    int         `json:"process"`
	Config     [][2]string `json:"config"`
}

type nowJSON struct {
	State        string `json:"state"`
	Error        string `json:"error,omitempty"`
	Epoch        int    `json:"epoch"`
	Step         int    `json:"step"`
	Global       int    `json:"global"`
	Loss         number `json:"loss"`
	Rate         number `json:"rate"`
	Pace         number `json:"samples_per_second"`
	Elapsed      number `json:"elapsed"` // seconds
	Time         int64  `json:"time"`    // of the last event; milliseconds since 1970
	Clock        int64  `json:"clock"`   // of the server; milliseconds since 1970
	Checkpoints  int    `json:"checkpoints"`
	Checkpointed int    `json:"checkpointed"`
}

// tableJSON is a piece of a table by columns: the rows from row From on. What a reader has from there on, it drops.
type tableJSON struct {
	From    int               `json:"from"`
	Every   int               `json:"every"` // steps a row covers; or, every how manieth record is a row
	Columns map[string]column `json:"columns"`
}

// ranksJSON is the first ranksKept ranks that reported, and how many did.
type ranksJSON struct {
	Total int        `json:"total"`
	List  []rankJSON `json:"list"`
}

type rankJSON struct {
	Rank   int       `json:"rank"`
	Host   string    `json:"host"`
	Pace   number    `json:"samples_per_second"`
	Phases [5]number `json:"phases"` // parts of its time
	Seen   int64     `json:"seen"`
	Error  string    `json:"error,omitempty"`
}

// noteJSON is a line for the reader: a warning, or a checkpoint that could not be written.
type noteJSON struct {
	Global int    `json:"global"`
	Time   int64  `json:"time"`
	Text   string `json:"text"`
}

// cursor is what a reader has, by the state's counters.
type cursor struct {
	version, runs, ranks, notes int
	steps, epochs, evaluations  place
}

// nothing is the cursor of a new reader.
func nothing() cursor { return cursor{version: -1, runs: -1, ranks: -1, notes: -1} }

// place is what a reader has of a list: its first rows, as they were after so many changes.
type place struct{ rows, changes int }

// from gives the first of n rows that a reader is to be sent: the last one that it has, which may have changed; all, if
// rows have moved.
func (p *place) from(n, changes int) int {
	from := max(p.rows-1, 0)
	if p.changes != changes || from > n {
		from = 0
	}
	*p = place{n, changes}
	return from
}

// since gives what changed since the cursor, which it moves on; nil if nothing did.
func (s *state) since(c *cursor) *message {
	s.mu.Lock()
	if c.version == s.version {
		s.mu.Unlock()
		return nil
	}
	// What is copied here is encoded without the lock. Names, ranks and notes are replaced or appended to, never changed.
	m := &message{}
	if c.runs != s.runs {
		m.Run = encodeRun(s.run)
	}
	if c.ranks != s.rankReports {
		ranks := s.ranks
		m.Ranks = &ranks
	}
	if c.notes != s.noted {
		notes := s.notes
		m.Notes = &notes
	}
	now, pace := s.now, s.pace
	width, names := s.steps.width, s.steps.names
	from := c.steps.from(len(s.steps.buckets), s.steps.changes)
	steps := append([]bucket(nil), s.steps.buckets[from:]...)
	epochs := s.epochs.since(&c.epochs)
	evaluations := s.evaluations.since(&c.evaluations)
	c.version, c.runs, c.ranks, c.notes = s.version, s.runs, s.rankReports, s.noted
	s.mu.Unlock()

	m.Now = encodeNow(now, pace)
	m.Steps = encodeSteps(steps, from, width, names)
	m.Epochs, m.Evaluations = epochs.encode(), evaluations.encode()
	return m
}

// whole gives all of the state; brief leaves the tables out.
func (s *state) whole(brief bool) *message {
	c := nothing()
	m := s.since(&c)
	if brief {
		m.Steps, m.Epochs, m.Evaluations = nil, nil, nil
	}
	return m
}

func encodeRun(r summary.Run) *runJSON {
	out := &runJSON{Model: r.Model, Params: r.Params, Train: r.Train, Test: r.Test, Epochs: r.Epochs, Steps: r.Steps,
		BatchSize: r.BatchSize, Ranks: r.Ranks, Partitions: r.Partitions, Resumed: r.Resumed, Global: r.Global,
		Started: milliseconds(r.Time), Host: r.Host, Process: r.Process,
		Config: [][2]string{}}
	for _, f := range r.Config {
		out.Config = append(out.Config, [2]string{f.Name, f.Value})
	}
	return out
}

func encodeNow(n progress, p pace) *nowJSON {
	return &nowJSON{State: n.state, Error: n.err, Epoch: n.epoch, Step: n.step, Global: n.global, Loss: number(n.loss),
		Rate: number(n.rate), Pace: number(p.value()), Elapsed: number(n.elapsed.Seconds()), Time: milliseconds(n.time),
		Clock: time.Now().UnixMilli(), Checkpoints: n.checkpoints, Checkpointed: n.checkpointed}
}

func encodeRank(r summary.Rank) rankJSON {
	seconds := r.Elapsed.Seconds()
	out := rankJSON{Rank: r.Rank, Host: clip(r.Host, nameBytes), Pace: number(float64(r.Samples) / seconds),
		Seen: milliseconds(r.Seen)}
	for i, d := range r.Phases.List() {
		out.Phases[i] = number(d.Seconds() / seconds)
	}
	if r.Err != nil {
		out.Error = clip(r.Err.Error(), textBytes)
	}
	return out
}

func encodeSteps(steps []bucket, from, width int, names []string) *tableJSON {
	t := &tableJSON{From: from, Every: width, Columns: map[string]column{}}
	put := func(name string, value func(b *bucket) float64) {
		c := make(column, len(steps))
		for i := range steps {
			c[i] = value(&steps[i])
		}
		t.Columns[name] = c
	}
	put("global", func(b *bucket) float64 { return float64(b.last) })
	put("loss", func(b *bucket) float64 { return b.loss.value() })
	put("loss_min", func(b *bucket) float64 { return b.low })
	put("loss_max", func(b *bucket) float64 { return b.high })
	put("not_finite", func(b *bucket) float64 { return float64(b.n - b.loss.n) })
	put("rate", func(b *bucket) float64 { return b.rate })
	put("samples_per_second", func(b *bucket) float64 { return float64(b.samples) / b.elapsed.Seconds() })
	for i, name := range summary.PhaseNames {
		put("phase/"+name, func(b *bucket) float64 { return 1e3 * b.phases.List()[i].Seconds() / float64(b.n) })
	}
	for i, name := range names {
		put("value/"+name, func(b *bucket) float64 { return b.values[i].value() })
	}
	return t
}

// recordsView is a copy of the records that a reader lacks.
type recordsView struct {
	from, stride int
	list         []record
	names        []string
}

func (r *records) since(p *place) recordsView {
	from := p.from(len(r.list), r.changes)
	return recordsView{from, r.stride, append([]record(nil), r.list[from:]...), r.names}
}

func (v recordsView) encode() *tableJSON {
	t := &tableJSON{From: v.from, Every: v.stride, Columns: map[string]column{}}
	put := func(name string, value func(m *record) float64) {
		c := make(column, len(v.list))
		for i := range v.list {
			c[i] = value(&v.list[i])
		}
		t.Columns[name] = c
	}
	put("epoch", func(m *record) float64 { return float64(m.epoch) })
	put("global", func(m *record) float64 { return float64(m.global) })
	put("samples", func(m *record) float64 { return float64(m.samples) })
	put("elapsed", func(m *record) float64 { return m.elapsed.Seconds() })
	for i, name := range v.names {
		put(name, func(m *record) float64 { return m.value(i) })
	}
	return t
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
