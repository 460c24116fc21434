package train

import (
	"context"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// This file measures where the time of a step goes, and names it in profiles: goroutines of a run have the pprof labels
// "rank" and, in a replica, "partition", and "phase", one of [summary.PhaseNames].

// The phases, in the order of summary.PhaseNames.
const (
	phaseData = iota
	phaseForward
	phaseBackward
	phaseSync
	phaseUpdate
	phasesLen
)

// A phaseClock is one goroutine's: it adds the time between calls of enter to the phase that was entered before.
// Setting labels costs some nanoseconds, for they are made once; the clock is read only where on says so.
type phaseClock struct {
	on      bool
	labels  [phasesLen]context.Context
	current int
	since   time.Time
	spent   [phasesLen]time.Duration
}

// newPhaseClock makes the clock of a partition's replica; −1 is the rank itself.
func newPhaseClock(rank, partition int) *phaseClock {
	pairs := []string{"rank", strconv.Itoa(rank)}
	if partition >= 0 {
		pairs = append(pairs, "partition", strconv.Itoa(partition))
	}
	p := &phaseClock{current: -1}
	for i, name := range summary.PhaseNames {
		p.labels[i] = pprof.WithLabels(context.Background(), pprof.Labels(append(pairs[:len(pairs):len(pairs)], "phase", name)...))
	}
	return p
}

// enter begins a phase, on the goroutine that is in it, and ends the one before.
func (p *phaseClock) enter(phase int) {
	pprof.SetGoroutineLabels(p.labels[phase])
	p.stop()
	p.current = phase
}

// stop ends a phase, so that what follows is in none.
func (p *phaseClock) stop() {
	if !p.on {
		return
	}
	now := time.Now()
	if p.current >= 0 {
		p.spent[p.current] += now.Sub(p.since)
	}
	p.current, p.since = -1, now
}

// take gives what was spent since the last take.
func (p *phaseClock) take() summary.Phases {
	s := p.spent
	p.spent = [phasesLen]time.Duration{}
	return summary.Phases{Data: s[phaseData], Forward: s[phaseForward], Backward: s[phaseBackward], Sync: s[phaseSync],
		Update: s[phaseUpdate]}
}

// measure says whether the phases of the steps to come are measured.
func (s *session[T]) measure(on bool) {
	s.clock.on = on
	for _, r := range s.computing() {
		r.clock.on = on
	}
}

// computing lists the replicas that go forward and backward, of each of Config.Phases.
func (s *session[T]) computing() []*replica[T] {
	if len(s.phases) == 0 {
		return s.replicas
	}
	var list []*replica[T]
	for _, p := range s.phases {
		list = append(list, p.replicas...)
	}
	return list
}

// spent gives the phases of the step that was taken. Replicas may run at the same time: the time until the last of
// them was done is shared out as their own times are.
func (s *session[T]) spent() summary.Phases {
	own := s.clock.take()
	var sum summary.Phases
	for _, r := range s.computing() {
		sum = sum.Add(r.clock.take())
	}
	if total := sum.Total(); total > 0 {
		computed := own.Total() - own.Sync - own.Update
		part := func(d time.Duration) time.Duration {
			return time.Duration(float64(computed) * (float64(d) / float64(total)))
		}
		own.Data, own.Forward, own.Backward = part(sum.Data), part(sum.Forward), part(sum.Backward)
	}
	return own
}
