package optim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/optim"
)

// TestScheduleTorch compares every schedule with PyTorch's rates, which testdata/schedules.py wrote, step by step.
//
// A warm-up of PyTorch's starts at a factor of its own and reaches the base rate at its end; ours climbs in equal steps
// and reaches it with its last, hence the factors and totals there.
func TestScheduleTorch(t *testing.T) {
	var list []struct {
		Name   string
		Fields map[string]any
		Flip   float64
		Rates  []float64
	}
	read(t, "testdata/schedules.json", &list)
	seen := map[string]bool{"constant": true}
	for _, c := range list {
		seen[c.Name] = true
		t.Run(fmt.Sprint(c.Name, c.Fields), func(t *testing.T) {
			s, err := optim.BuildSchedule(c.Name, c.Fields)
			require.NoError(t, err)
			f, hears := s.(optim.Feedback)
			var state optim.FeedbackState
			if hears {
				state = f.Fresh()
			}
			for step, want := range c.Rates {
				if hears {
					state = f.Next(state, c.Flip*metric(step))
					state = throughJSON(t, state)
				}
				got := optim.RateIn(s, state, 0.4, step, len(c.Rates))
				assert.InDelta(t, want, got, 1e-13*want, "step %d", step) // PyTorch multiplies on and on: up to 60 steps' roundings
			}
		})
	}
	for _, s := range optim.Schedules {
		assert.True(t, seen[s.Name], "no rates of %s", s.Name)
	}
}

// metric is that of testdata/schedules.py.
func metric(step int) float64 {
	if step == 17 {
		return math.NaN()
	}
	m := 2 / float64(1+min(step, 6))
	if step > 8 {
		m += float64(step%5) * 0.01
	}
	if step > 30 {
		m -= 0.05
	}
	return m
}

func throughJSON(t *testing.T, state optim.FeedbackState) (read optim.FeedbackState) {
	text, err := json.Marshal(state)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, state, read)
	return read
}

func TestScheduleEdges(t *testing.T) {
	assert.Equal(t, 0.4, optim.RateAt(nil, 0.4, 3, 10))
	assert.NoError(t, optim.ValidateSchedule(nil))
	assert.Equal(t, 0.4, optim.Constant{}.Rate(0.4, 3, 10))
	for _, c := range []struct {
		name        string
		s           optim.Schedule
		step, total int
		want        float64
	}{
		{"step by default: thirds", optim.Step{}, 3, 10, 0.4},
		{"step by default: second third", optim.Step{}, 4, 10, 0.04},
		{"step by default: last third", optim.Step{}, 9, 10, 0.004},
		{"step past the end", optim.Step{Every: 5, Gamma: 0.5}, 99, 10, 0.2},
		{"step of one", optim.Step{}, 0, 1, 0.4},
		{"step of none", optim.Step{}, 0, 0, 0.4},
		{"cosine past the end keeps the last", optim.Cosine{}, 99, 2, 0.2},
		{"cosine of none", optim.Cosine{}, 0, 0, 0.4},
		{"warmup by default: a twentieth", optim.Warmup{}, 0, 40, 0.2},
		{"warmup by default: its end", optim.Warmup{}, 1, 40, 0.4},
		{"warmup by default: after it", optim.Warmup{}, 2, 40, 0.4},
		{"warmup longer than the run", optim.Warmup{Steps: 8, Then: optim.Cosine{}}, 1, 4, 0.1},
		{"warmup of a short run", optim.Warmup{}, 0, 10, 0.4},
		{"warmup of a run it fills", optim.Warmup{Steps: 4, Then: optim.Cosine{}}, 4, 4, 0.4},
	} {
		assert.InDelta(t, c.want, c.s.Rate(0.4, c.step, c.total), 1e-15, c.name)
	}
	seen := map[string]bool{}
	for _, s := range optim.Schedules {
		assert.NoError(t, optim.ValidateSchedule(s.Schedule))
		assert.False(t, seen[s.Name], "name %s twice", s.Name)
		seen[s.Name] = true
		for step := range 30 {
			r := s.Schedule.Rate(1, step, 30)
			assert.True(t, r > 0 && r <= 1, "%s: rate %v at %d", s.Name, r, step)
		}
	}
}
