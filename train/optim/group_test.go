package optim_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/train/optim"
)

var groups = []optim.Group{
	{Pattern: "a", WeightDecay: optim.Zero},
	{Pattern: "b", Factor: 0.5, WeightDecay: 0.25},
	{Pattern: "c", LR: 0.02},
	{Pattern: "d"},
}

// runs has every group, twice over, empty runs, and one long enough to be spread over threads.
var runs = []optim.Run{{N: 3, Group: 1}, {N: 0, Group: 2}, {N: 1, Group: 0}, {N: 17, Group: -1}, {N: 20_011, Group: 1}, {N: 5, Group: 2},
	{N: 8, Group: 0}, {N: 2, Group: 3}, {N: 0, Group: -1}}

// alone is the recipe of the elements of a group, written out, and its learning rate where o's is 0.04.
func alone(o optim.Optimizer, group int) (optim.Optimizer, float64) {
	d := o.(optim.Decayer)
	switch group {
	case 0:
		return d.WithDecay(0), 0.04
	case 1:
		return d.WithDecay(0.25), 0.02
	case 2:
		return o, 0.04 * (0.02 / o.Rate()) // o's schedule has changed its rate to 0.04
	}
	return o, 0.04
}

// TestGrouped compares the grouped Stepper with one for each run, and moves its state in mid-run as a checkpoint does.
func TestGrouped(t *testing.T) {
	for _, o := range variants {
		if isLayerWise(o) { // TestLayerWiseGroups
			continue
		}
		for _, g := range groups {
			require.NoError(t, g.Validate(o))
		}
		all, n := optim.NewGrouped[float32](o, groups, runs), 0
		single := make([]optim.Stepper, len(runs))
		for i, r := range runs {
			rule, _ := alone(o, r.Group)
			single[i], n = rule.New(r.N), n+r.N
		}
		got := random(1, n)
		want := slices.Clone(got)
		for step := range 5 {
			g := random(uint64(step), n)
			before := slices.Clone(g)
			if step == 3 {
				fresh := optim.NewGrouped[float32](o, groups, runs)
				fresh.State().Steps = all.State().Steps
				for i, slot := range all.State().Slots {
					copy(fresh.State().Slots[i].Data, slot.Data)
				}
				all = fresh
			}
			all.Step(got, g, 0.04)
			at := 0
			for i, r := range runs {
				_, rate := alone(o, r.Group)
				single[i].Step(want[at:at+r.N], g[at:at+r.N], rate)
				at += r.N
			}
			require.True(t, slices.Equal(before, g), "%+v modified the gradient", o)
			require.True(t, slices.Equal(want, got), "%+v differ in step %d", o, step)
		}
		state := all.State()
		assert.EqualValues(t, 5, state.Steps)
		require.Len(t, state.Slots, len(o.New(0).State().Slots))
		for i, slot := range state.Slots {
			var whole []float32
			for _, s := range single {
				assert.Equal(t, s.State().Slots[i].Name, slot.Name)
				whole = append(whole, s.State().Slots[i].Data...)
			}
			assert.True(t, slices.Equal(whole, slot.Data), "%+v: %s differs", o, slot.Name)
		}
	}
}

func TestGroupedEdges(t *testing.T) {
	s := optim.NewGrouped[float32](optim.Adam{}, groups, nil) // what a rank has that owns no element
	s.Step(nil, nil, 0.1)
	assert.EqualValues(t, 1, s.State().Steps)
	assert.Len(t, s.State().Slots, 2)
	assert.PanicsWithValue(t, "optim: Grouped: Step: 3 weights and 3 gradients for a state of 4", func() {
		optim.NewGrouped[float32](optim.SGD{}, groups, []optim.Run{{4, 0}}).Step(make([]float32, 3), make([]float32, 3), 1)
	})
	assert.PanicsWithValue(t, "optim: NewGrouped: growing keeps 1 slots in a group, 0 without", func() {
		optim.NewGrouped[float32](growing{}, groups, []optim.Run{{4, 0}})
	})

	w, g := random(1, 20_047), random(2, 20_047)
	for _, o := range variants {
		s := optim.NewGrouped[float32](o, groups, runs)
		s.Step(w, g, 0.1)
		assert.Zero(t, alloctest.PerRun(20, func() { s.Step(w, g, 0.1) }), "%+v", o)
	}
}

// growing keeps a moment only with another weight decay.
type growing struct{ optim.SGD }

func (growing) Name() string                        { return "growing" }
func (g growing) WithDecay(float64) optim.Optimizer { g.Momentum = 0.9; return g }

// plain is an optimizer without weight decay.
type plain struct{ optim.Optimizer }

func TestGroupValidate(t *testing.T) {
	for _, c := range []struct {
		g    optim.Group
		o    optim.Optimizer
		want string
	}{
		{optim.Group{}, optim.SGD{}, "optim: Group.Pattern is empty, want a pattern of parameter names"},
		{optim.Group{Pattern: "a["}, optim.SGD{}, `optim: Group "a[": syntax error in pattern`},
		{optim.Group{Pattern: "a", LR: -1}, optim.SGD{}, `optim: Group "a".LR = -1, want 0 <= LR < Inf`},
		{optim.Group{Pattern: "a", Factor: -1}, optim.SGD{}, `optim: Group "a".Factor = -1, want 0 <= Factor < Inf`},
		{optim.Group{Pattern: "a", WeightDecay: -1}, optim.SGD{}, `optim: Group "a".WeightDecay = -1, want 0 <= WeightDecay < Inf`},
		{optim.Group{Pattern: "a", LR: 1, Factor: 2}, optim.SGD{}, `optim: Group "a": LR = 1 and Factor = 2, want one of them`},
		{optim.Group{Pattern: "a", LR: 1e300}, optim.SGD{LR: 1e-30}, `optim: Group "a": LR = 1e+300 is +Inf times the optimizer's 1e-30`},
		{optim.Group{Pattern: "a", WeightDecay: optim.Zero}, plain{optim.SGD{}}, `optim: Group "a": sgd has no weight decay to change`},
	} {
		assert.EqualError(t, c.g.Validate(c.o), c.want)
	}
	assert.NoError(t, optim.Group{Pattern: "a", LR: 1}.Validate(plain{optim.SGD{}}))
}
