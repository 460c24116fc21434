package train

import (
	"fmt"
	"strings"
	"time"
)

// A Trigger says after which steps of a run something happens: a validation, a checkpoint, a summary, the end. It is
// made by the functions of this file or by [ParseTrigger], and asked after every step, on all ranks with the same
// answer. String gives the text that ParseTrigger takes.
//
// Steps and epochs are counted from the very start, those before a resumed checkpoint too. Triggers that go by time,
// [EverySeconds] and [MaxTime], are decided by rank 0 before a step, and their answers travel with the step's sums: a
// run whose validation, end or plateau depends on time does not repeat to the bit.
type Trigger interface {
	fmt.Stringer
	// fires says whether the moment is one. It asks every trigger that it is made of, so that each finds its clock.
	fires(m *moment) bool
	check() error
}

// moment is what triggers go by: the state after a step.
type moment struct {
	epochs, steps int     // complete, since the very start
	whole         bool    // the step was the last of its epoch
	loss          float64 // of the step
	score         float64 // of the last evaluation; NaN before the first

	wall, since time.Duration // on rank 0, of the run and since the trigger last fired; for rings
	clocks      uint          // of the triggers that go by time, in their order, those whose time has come: a bit each
	ask         bool          // clocks are found out, not read
	clock       int           // the next of them
}

// maxClocks is how many triggers of a run may go by time. Their bits are a number that bfloat16 has exactly.
const maxClocks = 6

// clocked is the answer of the next trigger that goes by time, of which now is what rank 0's clock says.
func (m *moment) clocked(now bool) bool {
	bit := uint(1) << m.clock
	m.clock++
	if m.ask && now {
		m.clocks |= bit
	}
	return m.clocks&bit != 0
}

// EveryEpoch fires after the last step of every epoch.
func EveryEpoch() Trigger { return everyEpoch{} }

// EverySteps fires after every n-th step since the very start. n is at least 1.
func EverySteps(n int) Trigger { return everySteps(n) }

// EverySeconds fires after the first step at whose begin that many seconds have passed since it last fired, or since
// the run began. As a part of [And] it waits: And(EverySeconds(600), EveryEpoch()) fires at the first end of an epoch
// after ten minutes. It is above 0.
func EverySeconds(seconds float64) Trigger { return everySeconds(seconds) }

// MaxEpoch fires once n epochs are complete, and after every step from then on. n is at least 1.
func MaxEpoch(n int) Trigger { return maxEpoch(n) }

// MaxSteps fires once n steps are taken, and after every step from then on. n is at least 1.
func MaxSteps(n int) Trigger { return maxSteps(n) }

// MaxTime fires once a run has lasted that long, and after every step from then on. Everything counts, evaluations and
// checkpoints too, in all processes that the run was resumed in. It is above 0.
func MaxTime(d time.Duration) Trigger { return maxTime(d) }

// MinLoss fires after a step whose loss, over its batch, is below x.
func MinLoss(x float64) Trigger { return minLoss(x) }

// MaxScore fires after every step while the last evaluation's score is above x. See [Config.Score].
func MaxScore(x float64) Trigger { return maxScore(x) }

// And fires when all of its triggers do, of which there is at least one.
func And(all ...Trigger) Trigger { return and(all) }

// Or fires when one of its triggers does, of which there is at least one.
func Or(any ...Trigger) Trigger { return or(any) }

// Never does not fire.
func Never() Trigger { return never{} }

type (
	everyEpoch   struct{}
	everySteps   int
	everySeconds float64
	maxEpoch     int
	maxSteps     int
	maxTime      time.Duration
	minLoss      float64
	maxScore     float64
	and          []Trigger
	or           []Trigger
	never        struct{}
)

func (everyEpoch) fires(m *moment) bool     { return m.whole }
func (n everySteps) fires(m *moment) bool   { return m.steps > 0 && m.steps%int(n) == 0 }
func (s everySeconds) fires(m *moment) bool { return m.clocked(m.since.Seconds() >= float64(s)) }
func (n maxEpoch) fires(m *moment) bool     { return m.epochs >= int(n) }
func (n maxSteps) fires(m *moment) bool     { return m.steps >= int(n) }
func (d maxTime) fires(m *moment) bool      { return m.clocked(m.wall >= time.Duration(d)) }
func (x minLoss) fires(m *moment) bool      { return m.loss < float64(x) }
func (x maxScore) fires(m *moment) bool     { return m.score > float64(x) }
func (never) fires(*moment) bool            { return false }

func (a and) fires(m *moment) bool {
	yes := true
	for _, t := range a {
		if !t.fires(m) {
			yes = false
		}
	}
	return yes
}

func (o or) fires(m *moment) bool {
	yes := false
	for _, t := range o {
		if t.fires(m) {
			yes = true
		}
	}
	return yes
}

func (everyEpoch) String() string     { return "every epoch" }
func (n everySteps) String() string   { return fmt.Sprintf("every %d steps", int(n)) }
func (s everySeconds) String() string { return fmt.Sprintf("every %v seconds", float64(s)) }
func (n maxEpoch) String() string     { return fmt.Sprintf("after %d epochs", int(n)) }
func (n maxSteps) String() string     { return fmt.Sprintf("after %d steps", int(n)) }
func (d maxTime) String() string      { return "after " + time.Duration(d).String() }
func (x minLoss) String() string      { return fmt.Sprintf("loss < %v", float64(x)) }
func (x maxScore) String() string     { return fmt.Sprintf("score > %v", float64(x)) }
func (a and) String() string          { return joined(a, " and ") }
func (o or) String() string           { return joined(o, " or ") }
func (never) String() string          { return "never" }

// joined writes triggers with a word between them, and those that are made of others in parentheses.
func joined(list []Trigger, word string) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = fmt.Sprint(t)
		switch t.(type) {
		case and, or:
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, word)
}

func (everyEpoch) check() error   { return nil }
func (n everySteps) check() error { return atLeast1("EverySteps", int(n)) }
func (n maxEpoch) check() error   { return atLeast1("MaxEpoch", int(n)) }
func (n maxSteps) check() error   { return atLeast1("MaxSteps", int(n)) }
func (never) check() error        { return nil }
func (a and) check() error        { return checkAll("And", a) }
func (o or) check() error         { return checkAll("Or", o) }

func (s everySeconds) check() error {
	if !(s > 0) || !finite(float64(s)) {
		return fmt.Errorf("EverySeconds(%v), want more than 0", float64(s))
	}
	return nil
}

func (d maxTime) check() error {
	if d <= 0 {
		return fmt.Errorf("MaxTime(%v), want more than 0", time.Duration(d))
	}
	return nil
}

func (x minLoss) check() error  { return aNumber("MinLoss", float64(x)) }
func (x maxScore) check() error { return aNumber("MaxScore", float64(x)) }

func atLeast1(name string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s(%d), want at least 1", name, n)
	}
	return nil
}

func aNumber(name string, x float64) error {
	if x != x {
		return fmt.Errorf("%s(NaN), want a number", name)
	}
	return nil
}

func checkAll(name string, list []Trigger) error {
	if len(list) == 0 {
		return fmt.Errorf("%s of no triggers, want at least one", name)
	}
	for i, t := range list {
		if t == nil {
			return fmt.Errorf("%s: trigger %d is nil", name, i)
		}
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

// clocksIn counts the triggers in t that go by time.
func clocksIn(t Trigger) int {
	if t == nil {
		return 0
	}
	var m moment
	t.fires(&m)
	return m.clock
}
