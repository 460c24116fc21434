package optim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/train/optim"
)

// The rates are PyTorch 1.13.1's, printed by
//
//	import torch
//	from torch.optim.lr_scheduler import *
//	def run(name, make, n=10, base=0.4):
//	    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base); s = make(o); r = []
//	    for _ in range(n): r.append(o.param_groups[0]['lr']); o.step(); s.step()
//	    print(name, r)
//	run("step", lambda o: StepLR(o, 4, 0.5))
//	run("cosine", lambda o: CosineAnnealingLR(o, 10, eta_min=0.04))
//	run("warmup cosine", lambda o: SequentialLR(o, [LinearLR(o, 1/3, 1, 2), CosineAnnealingLR(o, 7)], [3]))
//
// A warm-up of PyTorch's starts at a factor of its own and reaches the base rate at its end; ours climbs in equal steps
// and reaches it with its last, hence the factor 1/3 and the total of 2.
func TestScheduleTorch(t *testing.T) {
	for _, c := range []struct {
		s    optim.Schedule
		want []float64
	}{
		{optim.Step{Every: 4, Gamma: 0.5}, []float64{0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2, 0.1, 0.1}},
		{optim.Cosine{Floor: 0.1}, []float64{0.4, 0.3911901729331277, 0.36562305898749053, 0.32580134541264516, 0.27562305898749057, 0.22000000000000003, 0.1643769410125095, 0.11419865458735487, 0.07437694101250948, 0.04880982706687237}},
		{optim.Warmup{Steps: 3, Then: optim.Cosine{}}, []float64{0.13333333333333333, 0.26666666666666666, 0.4, 0.4, 0.38019377358048384, 0.32469796037174675, 0.2445041867912629, 0.15549581320873715, 0.07530203962825331, 0.019806226419516192}},
	} {
		assert.NoError(t, optim.ValidateSchedule(c.s))
		for step, want := range c.want {
			assert.InDelta(t, want, c.s.Rate(0.4, step, len(c.want)), 1e-15, "%T at %d", c.s, step)
		}
	}
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
