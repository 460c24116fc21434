package main

// The data of a training: a set known by name, or files.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/internal/nearest"
	"github.com/tutti-ml/tutti/models"
)

// defaults is what to train on a data set, and how, unless told otherwise. Rates are Adam's.
type defaults struct {
	model         string
	epochs, batch int
	rate          float64
}

// recipes gives the defaults of the data sets known by name; files get tableRecipe.
var recipes = map[string]defaults{
	"digits":        {model: "digitsnet", epochs: 15, batch: 32, rate: 2e-3},
	"fashion-mnist": {model: "lenet5", epochs: 5, batch: 64, rate: 2e-3},
}

var tableRecipe = defaults{model: "mlp", epochs: 10, batch: 32, rate: 1e-3}

// dataSet is opened data.
type dataSet struct {
	name        string // for names of files
	defaults    defaults
	train, test dataset.Source
	layout      *layout
	tables      []table.Table // to be closed
}

func (d *dataSet) close() {
	for _, t := range d.tables {
		t.Close()
	}
}

func dataNames() []string {
	var names []string
	for _, s := range dataset.Sets {
		names = append(names, s.Name)
	}
	return names
}

// dataOptions are what flags say about data.
type dataOptions struct {
	data, dir, test string
	holdout         float64
	read            []string
	standardise     bool
	augment         string
	seed            uint64
	columns         layoutOptions
}

// openData opens the data that o names.
func openData(ctx context.Context, o dataOptions) (*dataSet, error) {
	if slices.Contains(dataNames(), o.data) {
		train, test, err := dataset.Open(o.data, o.dir)
		if err != nil {
			return nil, err
		}
		d := &dataSet{name: o.data, defaults: recipes[o.data], train: train, test: test}
		d.layout = layoutOf(train.Spec())
		return d, nil
	}
	read, err := parseRead(o.read)
	if err != nil {
		return nil, err
	}
	t, err := openTable(ctx, o.data, read)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(o.data, `./\*:`) {
			err = usageError{fmt.Errorf("--data %q, want one of %s, or files: %w", o.data, strings.Join(dataNames(), ", "), err)}
		}
		return nil, err
	}
	d := &dataSet{name: stem(o.data), defaults: tableRecipe, tables: []table.Table{t}}
	if err := d.open(ctx, o, t, read); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// stem is the name of what files are called after: of 2026/pets.csv it is pets.
func stem(data string) string {
	name, _ := cutFormat(data)
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if ending := path.Ext(name); formatByEnding(name) != nil {
		name = strings.TrimSuffix(name, ending)
	}
	if name = strings.Trim(name, "*?[]. /"); name == "" {
		return "data"
	}
	return name
}

// open finds the layout of a table and splits it, or opens the test files.
func (d *dataSet) open(ctx context.Context, o dataOptions, t table.Table, read readOptions) (err error) {
	if rowsOf(t) == 0 {
		return fmt.Errorf("%s has no rows to train on", t.Name())
	}
	if d.layout, err = o.columns.layout(ctx, t); err != nil {
		return err
	}
	defer func() { err = d.layout.hint(err) }()
	var test table.Table
	if o.test != "" {
		if test, err = openTable(ctx, o.test, read); err != nil {
			return err
		}
		d.tables = append(d.tables, test)
	}
	if err := d.samples(ctx, o, t, test); err != nil {
		return err
	}
	if o.standardise {
		if err := d.layout.fit(d.train); err != nil {
			return err
		}
		if first := &d.layout.Inputs[0]; first.farOff() {
			first.Wide = true
			if err := d.samples(ctx, o, t, test); err != nil {
				return err
			}
			if err := d.layout.fit(d.train); err != nil {
				return err
			}
		}
	}
	d.train = d.layout.standardised(d.train)
	if d.test != nil {
		d.test = d.layout.standardised(d.test)
	}
	return nil
}

// samples makes the samples of tables as the layout has them; test may be nil.
func (d *dataSet) samples(ctx context.Context, o dataOptions, t, test table.Table) error {
	all, err := d.layout.choose(ctx, t, true)
	if err != nil {
		return err
	}
	d.layout.learn(all.Spec())
	d.train = all
	switch {
	case test != nil:
		if d.test, err = d.layout.choose(ctx, test, true); err != nil {
			return err
		}
	case o.holdout > 0:
		if d.train, d.test, err = dataset.Split(all, o.holdout, 0); err != nil {
			return err
		}
		if d.train.Len() == 0 {
			return fmt.Errorf("%s: of %d rows all are held out by --holdout %v, and none is left to train on", t.Name(),
				all.Len(), o.holdout)
		}
	}
	if d.train, err = d.layout.decoded(d.train, o.augment, o.seed); err != nil || d.test == nil {
		return err
	}
	d.test, err = d.layout.decoded(d.test, "none", 0)
	return err
}

// notes says which inputs are categories only because of single values in a file of text.
func (d *dataSet) notes() []string {
	var notes []string
	if len(d.tables) == 0 {
		return nil
	}
	t := d.tables[0]
	for _, c := range d.layout.Inputs {
		if c.Classes == 0 || c.Image != nil {
			continue
		}
		at, err := t.Schema().Find(c.From[0])
		if why := table.Note(t, at); err == nil && why != "" {
			notes = append(notes, fmt.Sprintf("%q is text, and so a category of %d: %s; see --read", c.Name, c.Classes, why))
		}
	}
	return notes
}

// pickModel finds the model called name, or the data set's own, and makes sure that it takes the samples of the data.
func pickModel(name string, d *dataSet) (models.Entry, error) {
	name = cmp.Or(name, d.defaults.model)
	m, ok := models.Find(name)
	if !ok {
		return m, usageError{fmt.Errorf("--model %q, the nearest is %q of %s", name, nearest.Name(name, modelNames()),
			strings.Join(modelNames(), ", "))}
	}
	if err := m.Fits(d.layout.data()); err != nil {
		return m, usageError{fmt.Errorf("--model %s and %s: %w", m.Name, d.name, err)}
	}
	return m, nil
}
