package train

import "math"

// This file asks the triggers of a run.

// The bits of session.clocks: whether the ranks are to tell how they do, and then those of the triggers that go by
// time, in the order of Config.whens.
const (
	clockTable = 1
	clockShift = 1
)

// ring gives, on rank 0, the clocks that have rung by now.
func (r *run[T]) ring() uint {
	if r.group.Rank() != 0 {
		return 0
	}
	var bits uint
	at := &r.session.at
	if r.events.tableDue(r.mark) {
		bits = clockTable
	}
	m := moment{ask: true, wall: at.Wall}
	for role, w := range r.job.c.whens() {
		if w.trigger != nil {
			m.since = at.Wall - at.Fired[role]
			w.trigger.fires(&m)
		}
	}
	return bits | m.clocks<<clockShift
}

// moment gives what triggers go by after a step that came out so.
func (r *run[T]) moment(came outcome) moment {
	at := &r.session.at
	m := moment{epochs: at.Epoch, steps: at.number(r.job), loss: came.loss, score: r.score,
		clocks: came.clocks >> clockShift}
	if came.skipped != nil {
		m.loss = math.NaN()
	}
	if m.whole = at.Step == r.job.plan.Steps(); m.whole {
		m.epochs++
	}
	return m
}

// fires says whether the trigger in that place, or its default, fires. It is to be asked of all in their order.
func (r *run[T]) fires(m *moment, role int) bool {
	c, at := &r.job.c, &r.session.at
	t := c.whens()[role].trigger
	switch {
	case t != nil:
		if !t.fires(m) {
			return false
		}
		at.Fired[role] = at.Wall
	case role == whenEnd, role == whenHistogram:
		return false
	case role != whenSummary && !m.whole:
		return false
	}
	return role != whenValidate || c.Test != nil
}

// ends says whether EndWhen or Early ends the run.
func (r *run[T]) ends(m *moment) bool {
	if r.fires(m, whenEnd) {
		r.why = "Config.EndWhen: " + r.job.c.EndWhen.String()
	}
	if r.early != nil && r.why == "" {
		name, _ := r.job.c.followed()
		r.why = r.early.why(name)
	}
	return r.why != ""
}

// hasEnded says whether the run that wrote the checkpoint ended there. What goes by time goes by what the checkpoint
// says.
func (r *run[T]) hasEnded() bool {
	at := &r.session.at
	m := r.moment(outcome{loss: at.Last})
	if m.whole || at.Due {
		return false // there is an evaluation to come first
	}
	m.whole = at.Step == 0 && at.Epoch > 0
	if t := r.job.c.EndWhen; t != nil {
		clocks := moment{ask: true, wall: at.Wall, since: at.Wall - at.Fired[whenEnd]}
		t.fires(&clocks)
		m.clocks = clocks.clocks
	}
	return r.ends(&m)
}

// recall takes up what the session's position says.
func (r *run[T]) recall() {
	at := &r.session.at
	r.wall = at.Wall
	if r.resumed && at.Step == 0 {
		r.kept = at.number(r.job)
	}
	if r.plateau != nil {
		r.session.heard = r.plateau.state
	}
	r.score = math.NaN()
	last := func(global int, test Metrics, since *int) {
		if test.Samples > 0 && global > *since {
			r.score, *since = r.job.c.score(test), global
		}
	}
	since := 0
	for _, e := range at.History {
		last(e.Epoch*r.job.plan.Steps(), e.Test, &since)
	}
	for _, e := range at.Evaluations {
		last(e.Global, e.Test, &since)
	}
}
