package models

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// This file makes models of the columns of a table: numbers, and categories as numbers from 0.

// Tabular is a multilayer perceptron over the columns of a table. Numbers go in as they are, and each category as a
// vector that is learned.
//
//	numbers [N, Shape...] Float32, of any number of columns   categories [N] Int64   y [N, outputs]
//
// The vectors have min(600, 1.6·n^0.56) elements for n categories, rounded. Source: Guo and Berkhahn,
// "Entity embeddings of categorical variables", arXiv:1604.06737; their length is fastai's rule.
type Tabular struct {
	Tables []*layers.Embedding // of the categories, in order
	MLP    layers.Sequential

	columns []Column
}

// NewTabular returns a Tabular of some columns, with hidden layers of these sizes.
func NewTabular(rng *rand.Rand, columns []Column, hidden []int, outputs int) *Tabular {
	m := &Tabular{columns: columns}
	width := 0
	for _, c := range columns {
		if c.Classes == 0 {
			width += c.size()
			continue
		}
		features := min(600, int(math.Round(1.6*math.Pow(float64(c.Classes), 0.56))))
		table := layers.NewEmbedding(rng, c.Classes, features)
		layers.Normal(0, 0.1)(rng, table.Weight.Value())
		m.Tables = append(m.Tables, table)
		width += features
	}
	m.MLP = MLP(rng, append(append([]int{width}, hidden...), outputs)...)
	return m
}

// ForwardColumns returns the outputs for a batch.
func (m *Tabular) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	parts := make([]*autograd.Var, 0, len(m.columns))
	tables := m.Tables
	for _, c := range m.columns {
		x := in.Col(c.Name)
		if c.Classes > 0 {
			parts = append(parts, tables[0].Lookup(t, x))
			tables = tables[1:]
			continue
		}
		v := layers.Input(t, x, tensor.Float32)
		parts = append(parts, autograd.Reshape(v, x.Dim(0), c.size()))
	}
	return m.MLP.Forward(t, autograd.Concat(1, parts...))
}

// newTable makes an MLP where there is one column of numbers, else a Tabular.
func newTable(rng *rand.Rand, d Data, hidden []int) any {
	if len(d.Columns) == 1 && d.Columns[0].Classes == 0 {
		return MLP(rng, append(append([]int{d.Columns[0].size()}, hidden...), d.Outputs)...)
	}
	return NewTabular(rng, d.Columns, hidden, d.Outputs)
}

// columns is Fits for a model of any columns.
func columns(d Data) error {
	if len(d.Columns) == 0 {
		return errors.New("takes at least one input, there is none")
	}
	for _, c := range d.Columns {
		if c.Classes > 0 && len(c.Shape) > 0 {
			return fmt.Errorf("takes one category a sample, %s has %v", c.Name, c.Shape)
		}
	}
	return outputsOf(d)
}

func categories(d Data) (list []Column) {
	for _, c := range d.Columns {
		if c.Classes > 0 {
			list = append(list, c)
		}
	}
	return list
}

// withCategories is columns for a model that needs some categories.
func withCategories(least int) func(Data) error {
	return func(d Data) error {
		if n := len(categories(d)); n < least {
			return fmt.Errorf("takes at least %d categories, there are %d among %s", least, n, nameList(d.Columns))
		}
		return columns(d)
	}
}

// pair is Fits for a model of two categories.
func pair(d Data) error {
	if err := columns(d); err != nil {
		return err
	}
	if len(d.Columns) != 2 || len(categories(d)) != 2 {
		return fmt.Errorf("takes two categories, user and item, there are %d among %s", len(categories(d)),
			nameList(d.Columns))
	}
	if d.Outputs != 1 {
		return fmt.Errorf("has one output, the data wants %d", d.Outputs)
	}
	return nil
}

// itself is Fits for a model that returns its input.
func itself(d Data) error {
	c, err := one(d, false)
	if err == nil && c.size() != d.Outputs {
		err = fmt.Errorf("returns the %d numbers of %s, the target has %d", c.size(), c.Name, d.Outputs)
	}
	return err
}

// pairs is a NeuMF of two columns of any names.
type pairs struct {
	*NeuMF
	user, item string
}

func newPairs(rng *rand.Rand, d Data, c NeuMFConfig) *pairs {
	user, item := d.Columns[0], d.Columns[1]
	c.Users, c.Items = user.Classes, item.Classes
	return &pairs{NewNeuMF(rng, c), user.Name, item.Name}
}

func (m *pairs) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	return m.Score(t, in.Col(m.user), in.Col(m.item))
}

// tableWideDeep is a WideDeep of the columns of a table: each category is a field of the deep part, and its values are features of
// the wide one.
type tableWideDeep struct {
	*WideDeep
	numbers, categories []Column
}

func newTableWideDeep(rng *rand.Rand, d Data, c WideDeepConfig) *tableWideDeep {
	m := &tableWideDeep{categories: categories(d)}
	c.Features, c.Fields, c.Dense, c.Classes = 1, nil, 0, d.Outputs
	for _, f := range m.categories {
		c.Fields = append(c.Fields, f.Classes)
		c.Features += f.Classes
	}
	for _, n := range d.Columns {
		if n.Classes == 0 {
			m.numbers = append(m.numbers, n)
			c.Dense += n.size()
		}
	}
	m.WideDeep = NewWideDeep(rng, c)
	return m
}

func (m *tableWideDeep) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	rows, fields := in.Col(m.categories[0].Name).Dim(0), len(m.categories)
	wide, deep := tensor.New(tensor.Int64, rows, fields), tensor.New(tensor.Int64, rows, fields)
	w, p := tensor.Data[int64](wide), tensor.Data[int64](deep)
	first := int64(0)
	for i, c := range m.categories {
		for row, v := range tensor.Data[int64](in.Col(c.Name).Contiguous()) {
			w[row*fields+i], p[row*fields+i] = first+v, v
		}
		first += int64(c.Classes)
	}
	var dense *autograd.Var
	if len(m.numbers) > 0 {
		var parts []*autograd.Var
		for _, c := range m.numbers {
			x := in.Col(c.Name)
			parts = append(parts, autograd.Reshape(layers.Input(t, x, tensor.Float32), x.Dim(0), c.size()))
		}
		dense = autograd.Concat(1, parts...)
	}
	return m.Forward(t, wide, deep, dense)
}
