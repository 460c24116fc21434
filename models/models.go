// Package models holds well-known networks, each built from package layers alone, with the paper or source it follows.
//
// A model returns logits. All is the table that programs pick from by name.
package models

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/internal/fields"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Entry describes a model that is made by name.
type Entry struct {
	Name  string
	About string
	Wants string // in words, what samples it takes
	// Fits returns an error unless the model can be made for such samples.
	Fits func(d Data) error

	options any      // a struct, nil if there are none
	fixed   []string // its fields that the data decides
	build   func(rng *rand.Rand, d Data, options any) any
}

// Data describes the samples that a model is made for.
type Data struct {
	Columns []Column // the inputs; the first is what a layers.Layer gets
	Outputs int      // numbers that the model returns for a sample: logits of classes, or the numbers of a regression
}

// Column describes an input.
type Column struct {
	Name    string
	Shape   []int // of a sample; nil is one number
	Classes int   // values are numbers of classes or words, 0 … Classes-1; 0: they are measurements
}

// size returns the elements of a sample.
func (c Column) size() int {
	n, _ := tensor.Elements(c.Shape)
	return n
}

// Build makes the model, a layers.Layer or a layers.MultiLayer, for samples as d describes them. Options are named as the
// fields of the model's Config, "hidden" or "width"; a value is a number, a bool, a list, or the text of one. Errors name the
// model, and what does not fit.
func (e Entry) Build(rng *rand.Rand, d Data, options map[string]any) (model any, err error) {
	if err := e.Fits(d); err != nil {
		return nil, fmt.Errorf("models: %s: %w", e.Name, err)
	}
	set, err := fields.Set(e.options, options, e.fixed...)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", e.Name, err)
	}
	defer func() { // a size that makes no model
		if v := recover(); v != nil {
			model, err = nil, fmt.Errorf("models: %s with %v: %v", e.Name, options, v)
		}
	}()
	return e.build(rng, d, set), nil
}

// Options lists the names of the options that Build takes.
func (e Entry) Options() []string { return fields.Names(e.options, e.fixed...) }

// Find returns the entry of the given name.
func Find(name string) (e Entry, ok bool) {
	i := slices.IndexFunc(All, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return All[i], true
}

// fixedInput is Fits for a model of one size.
func fixedInput(outputs int, shape ...int) func(Data) error {
	return func(d Data) error {
		c, err := one(d, false)
		if err != nil {
			return err
		}
		if !slices.Equal(c.Shape, shape) {
			return fmt.Errorf("takes samples of %v, %s is %v", shape, c.Name, c.Shape)
		}
		if d.Outputs != outputs {
			return fmt.Errorf("has %d outputs, the data wants %d", outputs, d.Outputs)
		}
		return nil
	}
}

// imagesFrom is Fits for a model of images of at least so many pixels each way.
func imagesFrom(least int) func(Data) error {
	return func(d Data) error {
		c, err := one(d, false)
		if err != nil {
			return err
		}
		if len(c.Shape) != 3 || c.Shape[0] < 1 || min(c.Shape[1], c.Shape[2]) < least {
			return fmt.Errorf("takes %s, %s is %v", imageWords(least), c.Name, c.Shape)
		}
		return outputsOf(d)
	}
}

func imageWords(least int) string {
	return fmt.Sprintf("images [channels height width] of at least %d by %[1]d pixels", least)
}

// words is Fits for a model of sequences of words.
func words(d Data) error {
	c, err := one(d, true)
	if err != nil {
		return err
	}
	if len(c.Shape) != 1 || c.Shape[0] < 1 {
		return fmt.Errorf("takes sequences of words [T], %s is %v", c.Name, c.Shape)
	}
	return outputsOf(d)
}

// nextWords is Fits for a model that says a word after each.
func nextWords(d Data) error {
	if err := words(d); err != nil {
		return err
	}
	if c := d.Columns[0]; d.Outputs != c.Classes {
		return fmt.Errorf("says which of %d words, those of %s, comes next, the data has %d", c.Classes, c.Name, d.Outputs)
	}
	return nil
}

// one returns the only input, of numbers of words or of measurements.
func one(d Data, words bool) (Column, error) {
	if len(d.Columns) != 1 {
		return Column{}, fmt.Errorf("takes one input, there are %d: %s", len(d.Columns), nameList(d.Columns))
	}
	switch c := d.Columns[0]; {
	case words && c.Classes == 0:
		return c, fmt.Errorf("takes numbers of words, %s holds measurements", c.Name)
	case !words && c.Classes > 0:
		return c, fmt.Errorf("takes measurements, %s holds numbers of %d classes", c.Name, c.Classes)
	default:
		return c, nil
	}
}

func outputsOf(d Data) error {
	if d.Outputs < 1 {
		return fmt.Errorf("has at least one output, the data wants %d", d.Outputs)
	}
	return nil
}

func nameList(columns []Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// MLPOptions are the options of "mlp".
type MLPOptions struct {
	Hidden []int // units of the hidden layers
}

// AutoencoderOptions are the options of "autoencoder".
type AutoencoderOptions struct {
	Sizes []int // of the encoder's layers after the input; the last is the code's
}

var _ = []layers.MultiLayer{(*Tabular)(nil), (*tableWideDeep)(nil), (*pairs)(nil)}
