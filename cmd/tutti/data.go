package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/models"
)

// dataSet is an opened data set, with what to train on it unless told otherwise.
type dataSet struct {
	name        string
	model       string
	epochs      int
	train, test dataset.Source
}

// dataSets is the table of --data: by what name, which default model and number of epochs, and how to open it from
// a folder ("" is the data set's own).
var dataSets = []struct {
	name, model string
	epochs      int
	open        func(dir string) (train, test dataset.Source, err error)
}{
	{"digits", "digitsnet", 15, func(dir string) (train, test dataset.Source, err error) {
		if dir != "" {
			return nil, nil, usageError{fmt.Errorf("--data-dir %s: the digits are part of the program", dir)}
		}
		return dataset.Digits()
	}},
	{"fashion-mnist", "lenet5", 5, func(dir string) (train, test dataset.Source, err error) {
		if dir == "" {
			dir = dataset.FashionMNISTDir
		}
		return dataset.FashionMNIST(dir)
	}},
}

func dataNames() []string {
	var names []string
	for _, d := range dataSets {
		names = append(names, d.name)
	}
	return names
}

func openData(name, dir string) (*dataSet, error) {
	for _, d := range dataSets {
		if d.name != name {
			continue
		}
		train, test, err := d.open(dir)
		if err != nil {
			return nil, err
		}
		return &dataSet{name: d.name, model: d.model, epochs: d.epochs, train: train, test: test}, nil
	}
	return nil, usageError{fmt.Errorf("--data %q, want one of %s", name, strings.Join(dataNames(), ", "))}
}

// pickModel finds the model called name and makes sure that it takes the samples of the data.
func pickModel(name string, d *dataSet) (*models.Model, error) {
	spec := d.train.Spec()
	for i := range models.All {
		m := &models.All[i]
		if m.Name != name {
			continue
		}
		if !slices.Equal(m.Input, spec.Shape) || m.Classes != spec.Classes {
			return nil, usageError{fmt.Errorf("--model %s takes samples of %v in %d classes, %s has %v in %d",
				m.Name, m.Input, m.Classes, d.name, spec.Shape, spec.Classes)}
		}
		return m, nil
	}
	return nil, usageError{fmt.Errorf("--model %q, want one of %s", name, strings.Join(modelNames(), ", "))}
}
