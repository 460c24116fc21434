package main

import (
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/train/optim"
)

// recipeOf gives what a command line says about optimizer and schedule, where the data set's rate for adam is 0.002.
func recipeOf(args ...string) (optim.Optimizer, optim.Schedule, error) {
	var o trainOptions
	flags := pflag.NewFlagSet("train", pflag.ContinueOnError)
	recipeFlags(flags, &o)
	if err := flags.Parse(args); err != nil {
		return nil, nil, err
	}
	o.rate = 0.002
	return o.recipe(flags)
}

func TestRecipe(t *testing.T) {
	for _, c := range []struct {
		args     []string
		rule     optim.Optimizer
		schedule optim.Schedule
	}{
		{nil, optim.Adam{LR: 0.002}, optim.Cosine{}},
		{[]string{"--lr", "0", "--weight-decay", "0.1"}, optim.Adam{LR: optim.Zero, WeightDecay: 0.1}, optim.Cosine{}},
		{[]string{"--optimizer-set", "lr=0.1", "--optimizer-set", "amsgrad=true"}, optim.Adam{LR: 0.1, AMSGrad: true}, optim.Cosine{}},
		{[]string{"--optimizer", "sgd"}, optim.SGD{Momentum: 0.9}, optim.Cosine{}},
		{[]string{"--optimizer", "sgd", "--momentum", "0"}, optim.SGD{Momentum: optim.Zero}, optim.Cosine{}},
		{[]string{"--optimizer", "sgd", "--optimizer-set", "momentum=0.5", "--optimizer-set", "nesterov=true"},
			optim.SGD{Momentum: 0.5, Nesterov: true}, optim.Cosine{}},
		{[]string{"--optimizer", "rmsprop"}, optim.RMSprop{}, optim.Cosine{}},
		{[]string{"--optimizer", "ftrl", "--optimizer-set", "l1=0.5"}, optim.FTRL{L1: 0.5}, optim.Constant{}},
		{[]string{"--optimizer", "ftrl", "--schedule", "step"}, optim.FTRL{}, optim.Step{}},
		{[]string{"--schedule", "warmup", "--schedule-set", "steps=500", "--schedule-set", "then=cosine", "--schedule-set", "then.floor=0.1"},
			optim.Adam{LR: 0.002}, optim.Warmup{Steps: 500, Then: optim.Cosine{Floor: 0.1}}},
		{[]string{"--schedule", "multi-step", "--schedule-set", "milestones=10,20"}, optim.Adam{LR: 0.002},
			optim.MultiStep{Milestones: []int{10, 20}}},
		{[]string{"--schedule", "chain", "--schedule-set", "schedules=warmup,step", "--schedule-set", "schedules.1.every=7", "--schedule-set", "at=9"},
			optim.Adam{LR: 0.002}, optim.Chain{Schedules: []optim.Schedule{optim.Warmup{}, optim.Step{Every: 7}}, At: []int{9}}},
	} {
		rule, schedule, err := recipeOf(c.args...)
		assert.NoError(t, err, "%q", c.args)
		assert.Equal(t, c.rule, rule, "%q", c.args)
		assert.Equal(t, c.schedule, schedule, "%q", c.args)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--momentum", "0.5"}, `--optimizer adam: --momentum 0.5: adam has none`},
		{[]string{"--lr", "1", "--optimizer-set", "lr=2"}, `--optimizer adam: --lr and --optimizer-set lr= are both given`},
		{[]string{"--optimizer-set", "lr"}, `--optimizer adam: --optimizer-set "lr", want FIELD=VALUE`},
		{[]string{"--optimizer-set", "eps=1", "--optimizer-set", "eps=2"},
			`--optimizer adam: --optimizer-set "eps=2": eps is given twice`},
		{[]string{"--optimizer-set", "beta3=1"},
			`--optimizer adam: optim: adam has no field "beta3", the nearest is "beta1" of lr, beta1, beta2, eps, weight-decay, ams-grad`},
		{[]string{"--schedule-set", "flor=1"}, `--schedule cosine: optim: cosine has no field "flor", the nearest is "floor" of floor`},
		{[]string{"--schedule", "chain", "--schedule-set", "schedules=warmup", "--schedule-set", "schedules.1.every=7"},
			`--schedule-set schedules: no item 1 of "warmup", which are counted from 0`},
		{[]string{"--schedule", "warmup", "--schedule-set", "then.floor=0.1"},
			`--schedule warmup: optim: warmup: then: map[floor:0.1], want the name of a schedule under "name"`},
	} {
		_, _, err := recipeOf(c.args...)
		assert.EqualError(t, err, c.want, "%q", c.args)
	}
}

// FuzzSettings wants of any texts an error, or settings that Build can read.
func FuzzSettings(f *testing.F) {
	f.Add("then=cosine", "then.floor=1")
	f.Add("schedules=a,b", "schedules.1.x=2")
	f.Add("a..b=", "=")
	f.Fuzz(func(t *testing.T, a, b string) {
		if fields, err := parseSettings("set", []string{a, b}); err == nil {
			_, _ = optim.BuildSchedule("chain", fields)
			_, _ = optim.BuildSchedule("warmup", fields)
		}
	})
}
