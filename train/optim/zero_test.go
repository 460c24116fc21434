package optim_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/optim"
)

// defaults are the fields whose zero value means something else, of all optimizers, schedules and groups.
var defaults = map[string]bool{
	"SGD.LR": true, "Adagrad.LR": true, "Adagrad.Eps": true, "Adam.LR": true, "Adam.Beta1": true, "Adam.Beta2": true,
	"Adam.Eps": true,
	"AdamW.LR": true, "AdamW.Beta1": true, "AdamW.Beta2": true, "AdamW.Eps": true, "AdamW.WeightDecay": true,
	"Step.Gamma": true, "Group.LR": true, "Group.Factor": true, "Group.WeightDecay": true,
}

// Every number of every recipe can say 0: Zero does what a number does that is too small to matter, and where 0 is a
// default, not what the default does.
func TestZero(t *testing.T) {
	steps := func(o optim.Optimizer, groups []optim.Group) []float32 {
		require.NoError(t, o.Validate())
		w, n := random(1, 8), []optim.Run{{N: 8, Group: len(groups) - 1}}
		for _, g := range groups {
			require.NoError(t, g.Validate(o))
		}
		s := optim.NewGrouped[float32](o, groups, n)
		for step := range 3 {
			g := random(uint64(step+5), 8)
			g[0] *= 1e-10 // so small that an Eps shows beside it
			s.Step(w, g, o.Rate())
		}
		return w
	}
	rates := func(s optim.Schedule) (w []float32) {
		require.NoError(t, optim.ValidateSchedule(s))
		for step := range 12 {
			w = append(w, float32(s.Rate(1, step, 12)))
		}
		return w
	}
	check := func(recipe any, run func(recipe any) []float32) {
		typ := reflect.TypeOf(recipe)
		for i := range typ.NumField() {
			if typ.Field(i).Type.Kind() != reflect.Float64 {
				continue
			}
			name, with := typ.Name()+"."+typ.Field(i).Name, func(v float64) []float32 {
				r := reflect.New(typ).Elem()
				r.Set(reflect.ValueOf(recipe))
				r.Field(i).SetFloat(v)
				return run(r.Interface())
			}
			zero := with(optim.Zero)
			assert.InDeltaSlice(t, with(1e-30), zero, 1e-6, name)
			assert.Equal(t, defaults[name], !slices.Equal(with(0), zero), "%s: is 0 a default that is not 0?", name)
		}
	}
	for _, o := range optim.All {
		check(o, func(recipe any) []float32 { return steps(recipe.(optim.Optimizer), nil) })
	}
	for _, s := range optim.Schedules {
		check(s.Schedule, func(recipe any) []float32 { return rates(recipe.(optim.Schedule)) })
	}
	check(optim.Group{Pattern: "*"}, func(recipe any) []float32 {
		return steps(optim.SGD{WeightDecay: 0.1}, []optim.Group{recipe.(optim.Group)})
	})
	assert.Zero(t, optim.SGD{LR: optim.Zero}.Rate())
	assert.Equal(t, optim.AdamW{WeightDecay: optim.Zero}, optim.AdamW{WeightDecay: 1}.WithDecay(0))
	assert.Equal(t, steps(optim.Adam{}, nil), steps(optim.AdamW{WeightDecay: optim.Zero}, nil), "without decay "+
		"AdamW is Adam")
	assert.Equal(t, rates(optim.Cosine{}), rates(optim.Warmup{Steps: -1, Then: optim.Cosine{}}), "a negative count "+
		"is none")
}
