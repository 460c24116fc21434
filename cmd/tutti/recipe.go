package main

// How to train: optimizer and schedule by their names in package optim's tables, with the flags as their fields.

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tutti-ml/tutti/train/optim"
)

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

// hyperparameters are the flags that set a field of the optimizer.
var hyperparameters = []struct{ flag, field string }{
	{"lr", "LR"},
	{"momentum", "Momentum"},
	{"weight-decay", "WeightDecay"},
}

// recipe makes the optimizer and the schedule that the flags describe. An optimizer without a field for a flag that was
// given is an error.
func (o *trainOptions) recipe(flags *pflag.FlagSet) (optim.Optimizer, optim.Schedule, error) {
	base, err := optim.ByName(o.optimizer)
	if err != nil {
		return nil, nil, fmt.Errorf("--optimizer %q, want one of %s", o.optimizer, strings.Join(optimizerNames(), ", "))
	}
	rule := reflect.New(reflect.TypeOf(base)).Elem()
	rule.Set(reflect.ValueOf(base))
	for _, h := range hyperparameters {
		value, err := flags.GetFloat64(h.flag)
		if err != nil {
			return nil, nil, err
		}
		given := flags.Changed(h.flag)
		field := rule.FieldByName(h.field)
		switch {
		case given && !field.IsValid():
			return nil, nil, fmt.Errorf("--%s %g: %s has none", h.flag, value, o.optimizer)
		case given:
			field.SetFloat(exact(value))
		case h.flag == "lr" && o.optimizer == "adam" && o.rate > 0:
			field.SetFloat(o.rate)
		case h.flag == "momentum" && o.optimizer == "sgd":
			field.SetFloat(value)
		}
	}
	built := rule.Interface().(optim.Optimizer)
	if err := built.Validate(); err != nil {
		return nil, nil, err
	}
	for _, s := range optim.Schedules {
		if s.Name == o.schedule {
			return built, s.Schedule, nil
		}
	}
	return nil, nil, fmt.Errorf("--schedule %q, want one of %s", o.schedule, strings.Join(scheduleNames(), ", "))
}

// exact says v to a field whose 0 means its default.
func exact(v float64) float64 {
	if v == 0 {
		return optim.Zero
	}
	return v
}
