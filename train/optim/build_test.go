package optim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/train/optim"
)

func TestBuild(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields map[string]any
		want   optim.Optimizer
	}{
		{"adam", nil, optim.Adam{}},
		{"adam", map[string]any{"lr": 0.5, "beta1": float32(0.5), "weight_decay": "1e-2", "amsgrad": true},
			optim.Adam{LR: 0.5, Beta1: 0.5, WeightDecay: 0.01, AMSGrad: true}},
		{"adamw", map[string]any{"weight-decay": 0, "eps": "0", "AMSGrad": "true"},
			optim.AdamW{WeightDecay: optim.Zero, Eps: optim.Zero, AMSGrad: true}},
		{"adagrad", map[string]any{"LRDecay": uint8(1), "lr": 1}, optim.Adagrad{LR: 1, LRDecay: 1}},
		{"ftrl", map[string]any{"l1": 2, "power": -0.25}, optim.FTRL{L1: 2, Power: -0.25}},
	} {
		got, err := optim.Build(c.name, c.fields)
		assert.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	for _, c := range []struct {
		name   string
		fields map[string]any
		want   string
	}{
		{"adma", nil, `optim: no optimizer "adma", the nearest is "adam" of sgd, adagrad, rmsprop, adadelta, ftrl, adam, adamax, ` +
			`nadam, lars, adamw, lamb, radam, lion`},
		{"sgd", map[string]any{"momentun": 0.9}, `optim: sgd has no field "momentun", the nearest is "momentum" of lr, momentum, ` +
			`dampening, nesterov, weight-decay`},
		{"sgd", map[string]any{"momentum": "much"}, `optim: sgd: momentum: much, want a number`},
		{"sgd", map[string]any{"momentum": true}, `optim: sgd: momentum: true, want a number`},
		{"sgd", map[string]any{"nesterov": 2}, `optim: sgd: nesterov: 2, want true or false`},
		{"sgd", map[string]any{"lr": nil}, `optim: sgd: lr: <nil>, want a number`},
		{"sgd", map[string]any{"weight-decay": 1, "weight_decay": 2}, `optim: sgd: "weight-decay" and "weight_decay" are the same field`},
		{"sgd", map[string]any{"lr": -1}, `optim: SGD.LR = -1, want 0 <= LR < Inf`},
		{"sgd", map[string]any{"lr": "NaN"}, `optim: SGD.LR = NaN, want 0 <= LR < Inf`},
	} {
		_, err := optim.Build(c.name, c.fields)
		assert.EqualError(t, err, c.want)
	}
	assert.Equal(t, []string{"lr", "lr-decay", "eps", "weight-decay", "initial"}, optim.Fields(optim.Adagrad{}))
}

func TestBuildSchedule(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields map[string]any
		want   optim.Schedule
	}{
		{"constant", nil, optim.Constant{}},
		{"step", map[string]any{"every": 3.0, "gamma": 0}, optim.Step{Every: 3, Gamma: optim.Zero}},
		{"warmup", map[string]any{"steps": 0}, optim.Warmup{Steps: -1}},
		{"warmup", map[string]any{"steps": "12", "then": map[string]any{"name": "cosine", "floor": 0.1}},
			optim.Warmup{Steps: 12, Then: optim.Cosine{Floor: 0.1}}},
		{"multi-step", map[string]any{"milestones": " 3, 5"}, optim.MultiStep{Milestones: []int{3, 5}}},
		{"multi-step", map[string]any{"milestones": []any{3, 5.0, "7"}}, optim.MultiStep{Milestones: []int{3, 5, 7}}},
		{"chain", map[string]any{"schedules": "warmup,cosine", "at": []int{9}},
			optim.Chain{Schedules: []optim.Schedule{optim.Warmup{}, optim.Cosine{}}, At: []int{9}}},
		{"plateau", map[string]any{"patience": 0, "mode": "max", "of": optim.Warmup{Steps: 3}},
			optim.Plateau{Patience: -1, Mode: "max", Of: optim.Warmup{Steps: 3}}},
	} {
		got, err := optim.BuildSchedule(c.name, c.fields)
		assert.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	for _, c := range []struct {
		name   string
		fields map[string]any
		want   string
	}{
		{"cosin", nil, `optim: no schedule "cosin", the nearest is "cosine" of constant, step, multi-step, exponential, polynomial, ` +
			`cosine, cosine-restarts, one-cycle, cyclic, plateau, warmup, chain`},
		{"constant", map[string]any{"rate": 1}, `optim: constant has no field "rate": there is none to set`},
		{"step", map[string]any{"every": 2.5}, `optim: step: every: 2.5, want a whole number`},
		{"step", map[string]any{"every": 0}, `optim: Step.Every = -1, want Every >= 0 (every = 0 says none, as -1 does; left out it is the default)`},
		{"multi-step", map[string]any{"milestones": "3,x"}, `optim: multi-step: milestones: x, want a whole number`},
		{"plateau", map[string]any{"mode": 3}, `optim: plateau: mode: 3, want a text`},
		{"warmup", map[string]any{"then": 3}, `optim: warmup: then: 3, want the name of a schedule, or a map of its fields and its name`},
		{"warmup", map[string]any{"then": map[string]any{"floor": 1}},
			`optim: warmup: then: map[floor:1], want the name of a schedule under "name"`},
		{"warmup", map[string]any{"then": map[string]any{"name": "cosine", "flor": 1}},
			`optim: warmup: then: optim: cosine has no field "flor", the nearest is "floor" of floor`},
		{"chain", map[string]any{"schedules": []any{"warmup", "plateau"}},
			`optim: Chain.Schedules[1]: optim: optim.Plateau inside another schedule: want it outermost, with the other one in its Of`},
	} {
		_, err := optim.BuildSchedule(c.name, c.fields)
		assert.EqualError(t, err, c.want)
	}
}

// FuzzBuild: whatever the names and texts, an error or a valid recipe.
func FuzzBuild(f *testing.F) {
	f.Add("adam", "beta1", "0.9")
	f.Add("chain", "schedules", "warmup,cosine")
	f.Add("multi-step", "milestones", "1,2,,3")
	f.Add("plateau", "of", "step")
	f.Fuzz(func(t *testing.T, name, field, value string) {
		if o, err := optim.Build(name, map[string]any{field: value}); err == nil {
			assert.NoError(t, o.Validate())
		}
		if s, err := optim.BuildSchedule(name, map[string]any{field: value}); err == nil {
			assert.NoError(t, optim.ValidateSchedule(s))
			s.Rate(1, 3, 10)
		}
	})
}
