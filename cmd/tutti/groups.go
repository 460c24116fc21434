package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/train/optim"
)

// parseGroup reads a parameter group, "PATTERN:KEY=VALUE,…" with keys lr, lr-factor and weight-decay: "*.bias:weight-decay=0".
func parseGroup(text string) (optim.Group, error) {
	fail := func(format string, args ...any) (optim.Group, error) {
		return optim.Group{}, fmt.Errorf("--group %q: "+format, append([]any{text}, args...)...)
	}
	colon := strings.LastIndexByte(text, ':')
	if colon <= 0 {
		return fail("want PATTERN:KEY=VALUE,..., such as *.bias:weight-decay=0")
	}
	g := optim.Group{Pattern: text[:colon]}
	seen := map[string]bool{}
	for setting := range strings.SplitSeq(text[colon+1:], ",") {
		key, number, _ := strings.Cut(setting, "=")
		value, err := strconv.ParseFloat(number, 64)
		if seen[key] {
			return fail("%s is given twice", key)
		}
		seen[key] = true
		switch key {
		case "lr":
			g.LR = exact(value)
		case "lr-factor":
			g.Factor = exact(value)
		case "weight-decay":
			g.WeightDecay = exact(value)
		default:
			return fail("%q, want lr=, lr-factor= or weight-decay=", setting)
		}
		if err != nil {
			return fail("%s is %q, want a number", key, number)
		}
	}
	return g, nil
}

// groups gives the parameter groups that the flags describe, for the optimizer that they describe.
func (o *trainOptions) groups(rule optim.Optimizer) ([]optim.Group, error) {
	var list []optim.Group
	for _, text := range o.group {
		g, err := parseGroup(text)
		if err == nil {
			err = g.Validate(rule)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}
