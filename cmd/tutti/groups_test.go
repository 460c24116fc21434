package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/train/optim"
)

func TestParseGroup(t *testing.T) {
	for text, want := range map[string]optim.Group{
		"*.bias:weight-decay=0":             {Pattern: "*.bias", WeightDecay: optim.Zero},
		"*.bias:lr=0":                       {Pattern: "*.bias", LR: optim.Zero},
		"*:lr-factor=0":                     {Pattern: "*", Factor: optim.Zero},
		"0.*:lr=1e-4":                       {Pattern: "0.*", LR: 1e-4},
		"0.*:lr=0":                          {Pattern: "0.*", LR: optim.Zero},
		"a:b:lr-factor=0.1,weight-decay=.5": {Pattern: "a:b", Factor: 0.1, WeightDecay: 0.5},
	} {
		got, err := parseGroup(text)
		assert.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for text, want := range map[string]string{
		"":                 `--group "": want PATTERN:KEY=VALUE,..., such as *.bias:weight-decay=0`,
		":lr=1":            `--group ":lr=1": want PATTERN:KEY=VALUE,..., such as *.bias:weight-decay=0`,
		"a:":               `--group "a:": "", want lr=, lr-factor= or weight-decay=`,
		"a:rate=1":         `--group "a:rate=1": "rate=1", want lr=, lr-factor= or weight-decay=`,
		"a:lr":             `--group "a:lr": lr is "", want a number`,
		"a:lr=1,lr=2":      `--group "a:lr=1,lr=2": lr is given twice`,
		"a:weight-decay=x": `--group "a:weight-decay=x": weight-decay is "x", want a number`,
	} {
		_, err := parseGroup(text)
		assert.EqualError(t, err, want)
	}
}
