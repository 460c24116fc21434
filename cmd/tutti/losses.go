package main

// Losses by name.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/internal/fields"
	"github.com/tutti-ml/tutti/internal/nearest"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
)

// losses lists them, each with the tasks it is for. The first of a task is its default.
var losses = []struct {
	name  string
	loss  layers.Loss
	tasks []string
}{
	{"cross-entropy", layers.CrossEntropy{}, []string{taskClassification}},
	{"next-word", models.NextWord{}, []string{taskNextWord}},
	{"bce", layers.BCEWithLogits{}, []string{taskBinary, taskRegression}},
	{"focal", layers.SigmoidFocal{}, []string{taskBinary}},
	{"mse", layers.MSE{}, []string{taskRegression}},
	{"l1", layers.L1{}, []string{taskRegression}},
	{"smooth-l1", layers.SmoothL1{}, []string{taskRegression}},
	{"huber", layers.Huber{}, []string{taskRegression}},
	{"poisson", layers.PoissonNLL{}, []string{taskRegression}},
}

func lossNames() []string {
	var names []string
	for _, l := range losses {
		names = append(names, l.name)
	}
	return names
}

// lossFor returns the loss that a text names, NAME or NAME:FIELD=VALUE:..., or the task's default.
func lossFor(text, task string) (layers.Loss, error) {
	name, options, _ := strings.Cut(text, ":")
	if text == "" {
		name = map[string]string{taskClassification: "cross-entropy", taskNextWord: "next-word", taskBinary: "bce",
			taskRegression: "mse"}[task]
	}
	at := slices.Index(lossNames(), name)
	if at < 0 {
		return nil, usageError{fmt.Errorf("--loss %q, the nearest is %q of %s", name, nearest.Name(name, lossNames()),
			strings.Join(lossNames(), ", "))}
	}
	l := losses[at]
	if !slices.Contains(l.tasks, task) {
		return nil, usageError{fmt.Errorf("--loss %s is for %s, and the task is %s", name, strings.Join(l.tasks,
			" and "), task)}
	}
	set, err := fields.Set(l.loss, optionsAfter(options))
	if err != nil {
		return nil, usageError{fmt.Errorf("--loss %s: %w", name, err)}
	}
	return set.(layers.Loss), nil
}
