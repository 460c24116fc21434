package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/arrow"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/models"
)

// defaults is what to train on a data set, and how, unless told otherwise. Rates are Adam's.
type defaults struct {
	model         string
	epochs, batch int
	rate          float64
}

// recipes gives the defaults of the data sets known by name; any other gets arrowRecipe.
var recipes = map[string]defaults{
	"digits":        {model: "digitsnet", epochs: 15, batch: 32, rate: 2e-3},
	"fashion-mnist": {model: "lenet5", epochs: 5, batch: 64, rate: 2e-3},
}

var arrowRecipe = defaults{model: "mlp", epochs: 10, batch: 32, rate: 1e-3}

// dataSet is an opened data set.
type dataSet struct {
	name        string
	defaults    defaults
	train, test dataset.Source
}

func dataNames() []string {
	var names []string
	for _, s := range dataset.Sets {
		names = append(names, s.Name)
	}
	return names
}

// openData opens the data set called name, or the Arrow file of that name with a fifth of it held out.
func openData(name, dir, label string) (*dataSet, error) {
	if stem, ok := strings.CutSuffix(filepath.Base(name), ".arrow"); ok {
		rows, err := arrow.Open(context.Background(), table.OS(), name, arrow.Config{})
		if err != nil {
			return nil, err
		}
		src, err := table.Choose(context.Background(), rows, table.Config{Label: label})
		if err != nil {
			return nil, err
		}
		if src.Spec().Classes() == 0 {
			return nil, fmt.Errorf("%s: column %s holds numbers, and not the labels of classes", name, label)
		}
		train, test, err := dataset.Split(src, 0.2, 0)
		return &dataSet{name: stem, defaults: arrowRecipe, train: train, test: test}, err
	}
	if !slices.Contains(dataNames(), name) {
		return nil, usageError{fmt.Errorf("--data %q, want one of %s, or a file ending in .arrow", name, strings.Join(dataNames(), ", "))}
	}
	train, test, err := dataset.Open(name, dir)
	return &dataSet{name: name, defaults: recipes[name], train: train, test: test}, err
}

// pickModel finds the model called name, or the data set's own, and makes sure that it takes the samples of the data.
func pickModel(name string, d *dataSet) (models.Entry, error) {
	m, ok := models.Find(cmp.Or(name, d.defaults.model))
	if !ok {
		return m, usageError{fmt.Errorf("--model %q, want one of %s", name, strings.Join(modelNames(), ", "))}
	}
	spec := d.train.Spec()
	if !m.Takes(spec.Input().Shape, spec.Classes()) {
		return m, usageError{fmt.Errorf("--model %s takes %s, %s has %v in %d", m.Name, m.Wants(), d.name, spec.Input().Shape,
			spec.Classes())}
	}
	return m, nil
}
