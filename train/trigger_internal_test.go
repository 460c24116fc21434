package train

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// at asks a trigger about a moment at which these clocks of rank 0's have rung.
func at(t Trigger, m moment, clocks uint) bool {
	m.clocks = clocks
	return t.fires(&m)
}

func TestTriggers(t *testing.T) {
	end := moment{epochs: 2, steps: 14, whole: true, loss: 0.5, score: 0.75}
	within := moment{epochs: 2, steps: 15, loss: 0.25, score: 0.75}
	for _, c := range []struct {
		trigger     Trigger
		end, within bool
	}{
		{EveryEpoch(), true, false},
		{EverySteps(7), true, false},
		{EverySteps(5), false, true},
		{EverySteps(1), true, true},
		{MaxEpoch(2), true, true},
		{MaxEpoch(3), false, false},
		{MaxSteps(15), false, true},
		{MaxSteps(14), true, true},
		{MinLoss(0.5), false, true},
		{MaxScore(0.7), true, true},
		{MaxScore(0.75), false, false},
		{Never(), false, false},
		{And(EveryEpoch(), MaxSteps(14)), true, false},
		{And(EveryEpoch(), MaxSteps(15)), false, false},
		{Or(EveryEpoch(), MaxSteps(15)), true, true},
		{And(Or(EverySteps(5), EveryEpoch()), MaxScore(0.7)), true, true},
	} {
		assert.Equal(t, c.end, at(c.trigger, end, 0), "%v at the end of an epoch", c.trigger)
		assert.Equal(t, c.within, at(c.trigger, within, 0), "%v within an epoch", c.trigger)
	}
}

// TestTriggersByTime: rank 0 finds out which clocks have rung, in the order of the tree, whatever else does not fire;
// other ranks give its answers.
func TestTriggersByTime(t *testing.T) {
	tree := Or(And(EveryEpoch(), EverySeconds(60)), And(EverySeconds(30), MaxTime(time.Hour)), MaxTime(time.Minute))
	require.Equal(t, 4, clocksIn(tree))
	for _, c := range []struct {
		wall, since time.Duration
		clocks      uint
		want        bool // within an epoch
	}{
		{59 * time.Second, 29 * time.Second, 0, false},
		{59 * time.Second, 30 * time.Second, 0b0010, false},
		{60 * time.Second, 60 * time.Second, 0b1011, true},
		{time.Hour, 0, 0b1100, true},
		{time.Hour, 31 * time.Second, 0b1110, true},
	} {
		asked := moment{ask: true, wall: c.wall, since: c.since}
		tree.fires(&asked)
		assert.Equal(t, c.clocks, asked.clocks, "%v, %v", c.wall, c.since)
		assert.Equal(t, c.want, at(tree, moment{}, asked.clocks), "%v, %v", c.wall, c.since)
	}
	assert.True(t, at(And(EveryEpoch(), EverySeconds(60)), moment{whole: true}, 1))
	assert.False(t, at(And(EveryEpoch(), EverySeconds(60)), moment{whole: true}, 0))
}

func TestTriggerBounds(t *testing.T) {
	for _, c := range []struct {
		trigger Trigger
		want    int // epochs of 7 steps
	}{
		{MaxEpoch(3), 3}, {MaxSteps(7), 1}, {MaxSteps(8), 2}, {EverySteps(15), 3}, {EveryEpoch(), 1},
		{MinLoss(1), 0}, {MaxTime(time.Hour), 0}, {EverySeconds(1), 0}, {Never(), 0},
		{Or(MinLoss(1), MaxEpoch(4), MaxSteps(100)), 4},
		{And(MaxEpoch(4), MaxSteps(100)), 15},
		{And(MaxEpoch(4), MinLoss(1)), 0},
		{And(MaxEpoch(4), EverySteps(3)), 0}, // the third step may be over by then
	} {
		assert.Equal(t, c.want, epochsOf(c.trigger, 7), "%v", c.trigger)
	}
}

func TestParseTrigger(t *testing.T) {
	for text, want := range map[string]Trigger{
		"every epoch":             EveryEpoch(),
		"every 100 steps":         EverySteps(100),
		"every 1 step":            EverySteps(1),
		"every 2.5 seconds":       EverySeconds(2.5),
		"every 10m":               EverySeconds(600),
		"after 20 epochs":         MaxEpoch(20),
		"After 5000 Steps":        MaxSteps(5000),
		"after 2h30m":             MaxTime(150 * time.Minute),
		"after 90 seconds":        MaxTime(90 * time.Second),
		"loss<0.05":               MinLoss(0.05),
		"score > .99":             MaxScore(0.99),
		"never":                   Never(),
		"every epoch and loss <1": And(EveryEpoch(), MinLoss(1)),
		"(every epoch or every 30s) and ((after 3 steps))": And(Or(EveryEpoch(), EverySeconds(30)), MaxSteps(3)),
	} {
		got, err := ParseTrigger(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		again, err := ParseTrigger(got.String())
		require.NoError(t, err, got)
		assert.Equal(t, got, again)
	}
	for text, want := range map[string]string{
		"":                         `trigger "": it ends where a trigger should be`,
		"epoch":                    `"epoch" is no begin of a trigger`,
		"every":                    `want every epoch, every N steps or every TIME`,
		"every x steps":            `"every x steps", want every epoch`,
		"every 0 steps":            "EverySteps(0), want at least 1",
		"after 0s":                 "MaxTime(0s), want more than 0",
		"after -1 epochs":          "MaxEpoch(-1), want at least 1",
		"every 2 epochs":           `"every 2 epochs", want every epoch`,
		"loss > 1":                 `loss ">", want loss < NUMBER`,
		"score > much":             `score > "much", want a number`,
		"loss < nan":               "MinLoss(NaN), want a number",
		"never never":              `"never" is one too many`,
		"(never":                   "a parenthesis is not closed",
		"never and never or never": `"or" beside "and" needs parentheses`,
	} {
		_, err := ParseTrigger(text)
		require.ErrorContains(t, err, want, text)
	}
}

// FuzzParseTrigger: what is parsed is written as a text that is parsed to the same.
func FuzzParseTrigger(f *testing.F) {
	for _, text := range []string{"(every epoch or every 30s) and after 3 steps", "loss < 0.5", "after 1h", "((never))"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		trigger, err := ParseTrigger(text)
		if err != nil {
			return
		}
		again, err := ParseTrigger(trigger.String())
		require.NoError(t, err, "%q is %q", text, trigger)
		require.Equal(t, trigger, again)
	})
}
