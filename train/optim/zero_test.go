package optim_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/optim"
)

// defaults are the fields whose zero value means something else, of all optimizers, schedules and groups. LARS.Eps is not
// among them: beside norms that are not themselves some 1e-8, what it means does not show.
var defaults = map[string]bool{
	"SGD.LR": true, "Adagrad.LR": true, "Adagrad.Eps": true, "Adam.LR": true, "Adam.Beta1": true, "Adam.Beta2": true,
	"Adam.Eps": true,
	"AdamW.LR": true, "AdamW.Beta1": true, "AdamW.Beta2": true, "AdamW.Eps": true, "AdamW.WeightDecay": true,
	"Adamax.LR": true, "Adamax.Beta1": true, "Adamax.Beta2": true, "Adamax.Eps": true,
	"NAdam.LR": true, "NAdam.Beta1": true, "NAdam.Beta2": true, "NAdam.Eps": true, "NAdam.MomentumDecay": true,
	"RAdam.LR": true, "RAdam.Beta1": true, "RAdam.Beta2": true, "RAdam.Eps": true,
	"RMSprop.LR": true, "RMSprop.Alpha": true, "RMSprop.Eps": true,
	"Adadelta.LR": true, "Adadelta.Rho": true, "Adadelta.Eps": true,
	"Lion.LR": true, "Lion.Beta1": true, "Lion.Beta2": true,
	"FTRL.LR": true, "FTRL.Power": true, "FTRL.Initial": true,
	"LARS.LR": true, "LARS.Momentum": true, "LARS.Trust": true, "LARS.WeightDecay": true,
	"LAMB.LR": true, "LAMB.Beta1": true, "LAMB.Beta2": true, "LAMB.Eps": true, "LAMB.WeightDecay": true,
	"Exponential.Gamma": true, "MultiStep.Gamma": true, "Polynomial.Power": true, "OneCycle.Rise": true, "OneCycle.Start": true,
	"OneCycle.End": true, "Cyclic.Floor": true, "Cyclic.Gamma": true, "Plateau.Factor": true, "Plateau.Threshold": true,
	"Step.Gamma": true, "Group.LR": true, "Group.Factor": true, "Group.WeightDecay": true,
}

// jumps are the fields at whose 0 something begins that no small number tells of: layer-wise rates are for parameters that
// decay, FTRL has no value at rate 0, and its root no slope at 0.
var jumps = map[string]bool{"LARS.WeightDecay": true, "LAMB.WeightDecay": true, "FTRL.LR": true, "FTRL.Initial": true}

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
		for step := range 8 { // RAdam adapts from the sixth on
			g := random(uint64(step+5), 8)
			g[0] *= 1e-10 // so small that an Eps shows beside it
			s.Step(w, g, o.Rate())
		}
		return w
	}
	rates := func(s optim.Schedule) (w []float32) {
		require.NoError(t, optim.ValidateSchedule(s))
		var state optim.FeedbackState
		for step := range 12 {
			w = append(w, float32(optim.RateIn(s, state, 1, step, 12)))
			if f, ok := s.(optim.Feedback); ok { // metrics that are better by too little
				for i := range 4 {
					state = f.Next(state, 1-1e-9*float64(4*step+i))
				}
			}
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
			zero, tiny := with(optim.Zero), 1e-30
			if name == "FTRL.Power" { // below 0
				tiny = -tiny
			}
			if !jumps[name] {
				assert.InDeltaSlice(t, with(tiny), zero, 1e-6, name)
			}
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
