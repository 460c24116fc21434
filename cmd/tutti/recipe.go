package main

// How to train: optimizer and schedule by their names in package optim's tables, with the flags as their fields.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/train/optim"
)

// recipeFlags defines the flags of optimizer and schedule.
func recipeFlags(f *pflag.FlagSet, o *trainOptions) {
	f.StringVar(&o.optimizer, "optimizer", "adam", "optimizer: "+strings.Join(optimizerNames(), ", "))
	f.Float64("lr", 0, "learning rate (default: the data set's for adam, else the optimizer's)")
	f.Float64("momentum", 0.9, "momentum, for optimizers that have it; the default is sgd's, others have their own")
	f.Float64("weight-decay", 0, "weight decay (default: the optimizer's)")
	f.StringArrayVar(&o.optimizerSet, "optimizer-set", nil,
		"any field of the optimizer, as beta1=0.8; repeatable; a wrong name lists the right ones")
	f.StringVar(&o.schedule, "schedule", "cosine", "learning-rate schedule: "+strings.Join(scheduleNames(), ", ")+
		"; cosine goes to zero at the end; for ftrl the default is constant")
	f.StringArrayVar(&o.scheduleSet, "schedule-set", nil,
		"any field of the schedule, as steps=500, and for warmup then=cosine, then.floor=0.1; repeatable")
}

func optimizerNames() []string {
	var names []string
	for _, o := range optim.All {
		names = append(names, o.Name())
	}
	return names
}

func scheduleNames() []string {
	var names []string
	for _, s := range optim.Schedules {
		names = append(names, s.Name)
	}
	return names
}

// recipe makes the optimizer and the schedule that the flags describe. An optimizer without a field for a flag that was
// given is an error.
func (o *trainOptions) recipe(flags *pflag.FlagSet) (optim.Optimizer, optim.Schedule, error) {
	rule, err := o.rule(flags)
	if err != nil {
		return nil, nil, fmt.Errorf("--optimizer %s: %w", o.optimizer, err)
	}
	name := o.schedule
	if o.optimizer == "ftrl" && !flags.Changed("schedule") {
		name = "constant" // a rate that falls takes its weights to 0
	}
	fields, err := parseSettings("schedule-set", o.scheduleSet)
	if err != nil {
		return nil, nil, err
	}
	schedule, err := optim.BuildSchedule(name, fields)
	if err != nil {
		return nil, nil, fmt.Errorf("--schedule %s: %w", name, err)
	}
	return rule, schedule, nil
}

// rule makes the optimizer.
func (o *trainOptions) rule(flags *pflag.FlagSet) (optim.Optimizer, error) {
	base, err := optim.ByName(o.optimizer)
	if err != nil {
		return nil, err
	}
	fields, err := parseSettings("optimizer-set", o.optimizerSet)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"lr", "momentum", "weight-decay"} {
		value, err := flags.GetFloat64(name)
		if err != nil {
			return nil, err
		}
		_, set := fields[name]
		switch {
		case flags.Changed(name) && !slices.Contains(optim.Fields(base), name):
			return nil, fmt.Errorf("--%s %g: %s has none", name, value, o.optimizer)
		case flags.Changed(name) && set:
			return nil, fmt.Errorf("--%s and --optimizer-set %s= are both given", name, name)
		case flags.Changed(name), name == "momentum" && o.optimizer == "sgd" && !set:
			fields[name] = value
		case name == "lr" && o.optimizer == "adam" && o.rate > 0 && !set:
			fields[name] = o.rate
		}
	}
	return optim.Build(o.optimizer, fields)
}

// exact says v to a field whose 0 means its default.
func exact(v float64) float64 {
	if v == 0 {
		return optim.Zero
	}
	return v
}
