package main

// How the columns of files become the inputs and the target of a model. It is found on the training data and saved in
// the model file, so that evaluation and prediction read other files in the same way.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

// layout lists the columns of a batch. The numbers of a file are one input, side by side; each category is another.
type layout struct {
	Task   string   `json:"task"`
	Inputs []column `json:"inputs"`
	Target column   `json:"target"`
}

// column is a column of a batch.
type column struct {
	Name       string    `json:"name"`
	From       []string  `json:"from"` // columns of the file
	Shape      []int     `json:"shape,omitempty"`
	Classes    int       `json:"classes,omitempty"` // 0: measurements
	ClassNames []string  `json:"class_names,omitempty"`
	Fill       *float64  `json:"fill,omitempty"` // in place of missing numbers
	Mean       []float64 `json:"mean,omitempty"` // of the training samples, by channel: (x − mean) / std goes in
	Std        []float64 `json:"std,omitempty"`
	Wide       bool      `json:"wide,omitempty"` // they are float64 until then: as float32 their differences were lost

	Image *imageForm `json:"image,omitempty"` // the column holds images, or their paths
}

// The tasks.
const (
	taskClassification = "classification"
	taskBinary         = "binary"
	taskRegression     = "regression"
	taskNextWord       = "next-word"
)

var tasks = []string{taskClassification, taskBinary, taskRegression, taskNextWord}

// layoutOptions are what flags say about columns.
type layoutOptions struct {
	inputs, categories []string
	target             string
	task               string // "": by the target's type
	shape              []int  // of the numbers; nil: [D]
	fill               *float64
	images             string // the column of images; "": none
	image              *imageForm
}

// inspect finds the layout of a table's columns.
func (o layoutOptions) layout(ctx context.Context, t table.Table) (*layout, error) {
	schema := t.Schema()
	fail := func(err error) error { return usageError{fmt.Errorf("%s: %w", t.Name(), err)} }
	at, err := schema.Find(o.target)
	if err != nil {
		names := strings.Join(schema.Names(), ",")
		if sep := strings.IndexAny(names, ";|\t"); sep > 0 && len(schema) == 1 {
			err = fmt.Errorf("%w; are its columns apart by --read 'comma=%c'?", err, names[sep])
		}
		return nil, fail(fmt.Errorf("--target: %w", err))
	}
	l := &layout{}
	if l.Task, err = taskFor(o.task, schema[at], slices.Contains(o.categories, o.target)); err != nil {
		return nil, fail(err)
	}
	inputs := o.inputs
	if inputs == nil {
		inputs = slices.DeleteFunc(schema.Names(), func(name string) bool { return name == o.target })
	}
	for _, name := range o.categories {
		if !slices.Contains(inputs, name) && name != o.target {
			return nil, fail(fmt.Errorf("--categories: %q is no input, these are: %s", name, strings.Join(inputs, ", ")))
		}
	}
	if o.images != "" && !slices.Contains(inputs, o.images) {
		return nil, fail(fmt.Errorf("--images: %q is no input, these are: %s", o.images, strings.Join(inputs, ", ")))
	}
	numbers := column{Name: "x", Shape: o.shape, Fill: o.fill}
	for _, name := range inputs {
		at, err := schema.Find(name)
		if err != nil {
			return nil, fail(fmt.Errorf("--inputs: %w", err))
		}
		switch kind := schema[at].Type; {
		case name == o.images:
			if kind.Kind != table.Text && kind.Kind != table.Binary {
				return nil, fail(fmt.Errorf("--images: column %q is %v, want text or binary", name, kind))
			}
			l.Inputs = append(l.Inputs, column{Name: name, From: []string{name}, Image: o.image})
		case slices.Contains(o.categories, name), kind.Kind == table.Text:
			c, err := category(ctx, t, at)
			if err != nil {
				return nil, err
			}
			l.Inputs = append(l.Inputs, c)
		case kind.Kind == table.Null:
			return nil, fail(fmt.Errorf("column %q has no values: leave it out by --inputs", name))
		default:
			numbers.From = append(numbers.From, name)
		}
	}
	for slices.ContainsFunc(l.Inputs, func(c column) bool { return c.Name == numbers.Name }) {
		numbers.Name += "_"
	}
	if numbers.From != nil {
		l.Inputs = slices.Insert(l.Inputs, 0, numbers)
	}
	if len(l.Inputs) == 0 {
		return nil, fail(errors.New("has no inputs beside the target"))
	}
	l.Target = column{Name: o.target, From: []string{o.target}}
	for slices.ContainsFunc(l.Inputs, func(c column) bool { return c.Name == l.Target.Name }) {
		l.Target.Name += "_" // the autoencoder's target is its input
	}
	if l.Task == taskNextWord {
		c, err := category(ctx, t, at)
		if err != nil {
			return nil, err
		}
		l.Target.Shape = c.Shape
	}
	return l, nil
}

// taskFor returns the task that is asked for, or else goes with the target's type.
func taskFor(asked string, target table.Field, words bool) (string, error) {
	elem := target.Type
	for elem.Kind == table.List {
		elem = *elem.Elem
	}
	isList := target.Type.Kind == table.List
	discrete := elem.Kind == table.Int || elem.Kind == table.Bool || elem.Kind == table.Text && !isList
	number := elem.Kind != table.Text && elem.Kind != table.Binary && elem.Kind != table.Null
	task := asked
	if task == "" {
		switch {
		case isList && words:
			task = taskNextWord
		case discrete && !isList:
			task = taskClassification
		default:
			task = taskRegression
		}
	}
	bad := false
	switch task {
	case taskClassification:
		bad = !discrete || isList
	case taskNextWord:
		bad = !isList || elem.Kind != table.Int
	case taskBinary:
		bad = !number || isList
	case taskRegression:
		bad = !number
	default:
		return "", fmt.Errorf("--task %q, want one of %s", task, strings.Join(tasks, ", "))
	}
	if bad {
		return "", fmt.Errorf("--task %s: the target %q is %v, want %s", task, target.Name, target.Type,
			map[string]string{taskClassification: "integers, booleans or text", taskNextWord: "lists of integers",
				taskBinary: "booleans, or numbers 0 and 1", taskRegression: "numbers"}[task])
	}
	return task, nil
}

// category returns a column of numbers of classes. A list has as many as in the first row.
func category(ctx context.Context, t table.Table, at int) (column, error) {
	f := t.Schema()[at]
	c := column{Name: f.Name, From: []string{f.Name}, Classes: -1}
	if f.Type.Kind != table.List {
		return c, nil
	}
	n := f.Type.Size
	for block := 0; n == 0 && block < len(t.Blocks()); block++ {
		if t.Blocks()[block] == 0 {
			continue
		}
		var rows table.Rows
		if err := t.Read(ctx, block, 0, 1, []int{at}, &rows); err != nil {
			return c, err
		}
		n = int(rows.Columns[0].Offsets[1])
		break
	}
	c.Shape = []int{n}
	return c, nil
}

// joined stands in a Pick for the elements of all its columns.
const joined = -1

// config returns how a table is read as l says; without its target if there is none to be read.
func (l *layout) config(target bool) table.Config {
	var c table.Config
	for i, in := range l.Inputs {
		in.Wide = in.Wide && i == 0 // as Mean and Std
		c.Columns = append(c.Columns, in.pick())
	}
	if !target {
		return c
	}
	y := l.Target.pick()
	switch l.Task {
	case taskClassification, taskNextWord:
		y.Class, y.DType = true, 0
		if l.Task == taskClassification {
			y.Shape = nil
		}
	default:
		y.Class, y.DType = false, tensor.Float32
		if y.Shape == nil {
			y.Shape = []int{joined}
		}
	}
	c.Columns, c.Target = append(c.Columns, y), y.Name
	return c
}

func (c column) pick() table.Pick {
	if c.Image != nil {
		return table.Pick{Name: c.Name, From: c.From}
	}
	p := table.Pick{Name: c.Name, From: c.From, Shape: c.Shape, ClassNames: c.ClassNames}
	if c.Classes != 0 {
		p.Class, p.Classes = true, max(c.Classes, 0)
		return p
	}
	p.DType = tensor.Float32
	if c.Wide {
		p.DType = tensor.Float64
	}
	if p.Shape == nil {
		p.Shape = []int{joined}
	}
	if c.Fill != nil {
		p.Null, p.Fill = table.NullFill, *c.Fill
	}
	return p
}

// choose returns the samples of a table as l has them. The answers of a yes-or-no question must be 0 and 1: any other
// number has a loss, but no bound.
func (l *layout) choose(ctx context.Context, t table.Table, target bool) (dataset.Source, error) {
	src, err := table.Choose(ctx, t, l.config(target))
	if err != nil && rowsOf(t) == 0 {
		return nil, fmt.Errorf("%s has no rows: %w", t.Name(), err) // and so its columns have no types
	}
	if err != nil || !target || l.Task != taskBinary {
		return src, err
	}
	return dataset.Map(src, func(b *dataset.Batch, index []int) error {
		y := tensor.Data[float32](b.Y)
		for i, v := range y {
			if v != 0 && v != 1 {
				return table.MalformedAt(t.Name(), l.Target.From[0], int64(index[i*len(index)/len(y)]),
					"is %v, want 0 or 1 for --task binary", v)
			}
		}
		return nil
	}), nil
}

// hint adds to the error of a missing value what can be done about it.
func (l *layout) hint(err error) error {
	at := (*table.Error)(nil)
	if !errors.Is(err, table.ErrNull) || !errors.As(err, &at) {
		return err
	}
	if slices.Contains(l.Target.From, at.Column) {
		return fmt.Errorf("%w: leave the rows without a target out", err)
	}
	for _, in := range l.Inputs {
		if in.Classes == 0 && in.Image == nil && slices.Contains(in.From, at.Column) {
			return fmt.Errorf("%w: --fill of tutti train puts a number in its place", err)
		}
	}
	return fmt.Errorf("%w: give it a value, or train without the column (--inputs)", err)
}

// learn keeps what was found when the training data was opened: shapes, classes and their names.
func (l *layout) learn(s dataset.Spec) {
	for i := range l.Inputs {
		l.Inputs[i].learn(s)
	}
	l.Target.learn(s)
}

func (c *column) learn(s dataset.Spec) {
	if c.Image != nil {
		c.Shape = []int{c.Image.channels(), c.Image.Size, c.Image.Size}
		return
	}
	at := s.Find(c.Name)
	c.Shape, c.Classes, c.ClassNames = s.Columns[at].Shape, s.Columns[at].Classes, s.Columns[at].ClassNames
}

// open returns the samples of a table as l has them, standardised as the training samples were.
func (l *layout) open(ctx context.Context, t table.Table, target bool) (dataset.Source, error) {
	src, err := l.choose(ctx, t, target)
	if err != nil {
		return nil, err
	}
	decoded, err := l.decoded(src, "none", 0)
	if err != nil {
		return nil, err
	}
	return l.standardised(decoded), nil
}

// standardised returns src with what fit found applied.
func (l *layout) standardised(src dataset.Source) dataset.Source {
	switch first := l.Inputs[0]; {
	case first.Wide:
		return first.narrowed(src)
	case first.Mean != nil:
		return dataset.Normalize(src, first.Mean, first.Std)
	}
	return src
}

// narrowed returns src with the numbers of c, which are float64, standardised and then float32.
func (c column) narrowed(src dataset.Source) dataset.Source {
	spec := src.Spec()
	spec.Columns = slices.Clone(spec.Columns)
	spec.Columns[spec.Find(c.Name)].DType = tensor.Float32
	elements, _ := tensor.Elements(c.Shape)
	channels := len(c.Mean)
	size := max(elements/channels, 1)
	return dataset.Stage(src, spec, func(b, raw *dataset.Batch, _ []int) error {
		b.Resize(raw.N, spec)
		for _, other := range spec.Columns {
			if other.Name != c.Name {
				b.Swap(other.Name, raw, other.Name)
			}
		}
		to := tensor.Data[float32](b.Col(c.Name))
		for i, v := range tensor.Data[float64](raw.Col(c.Name)) {
			at := i / size % channels
			to[i] = float32((v - c.Mean[at]) / c.Std[at])
		}
		return nil
	})
}

// tooFar is how many deviations numbers may lie from 0 as float32, which has 24 bits: of a deviation 11 are left. Times
// of one week in seconds since 1970 lie further.
const tooFar = 1 << 13

// farOff says whether float32 leaves too little of the differences between the numbers that fit measured.
func (c column) farOff() bool {
	for i, m := range c.Mean {
		if math.Abs(m) > tooFar*c.Std[i] {
			return true
		}
	}
	return false
}

// fit finds the mean and the deviation of the numbers of the training samples, if there are any.
func (l *layout) fit(src dataset.Source) (err error) {
	first := &l.Inputs[0]
	if first.Classes > 0 || first.Image != nil {
		return nil
	}
	if first.Mean, first.Std, err = dataset.MeanStd(src); err != nil {
		return err
	}
	for i, m := range first.Mean {
		if math.IsNaN(m) || math.IsInf(m, 0) || math.IsNaN(first.Std[i]) || math.IsInf(first.Std[i], 0) {
			return fmt.Errorf("%s: the mean of %s, number %d, is %v: there is a NaN, or no bound",
				src.Spec().Name, first.Name, i, m)
		}
	}
	return nil
}

// data describes the samples to a model.
func (l *layout) data() models.Data {
	d := models.Data{Outputs: 1}
	for _, c := range l.Inputs {
		d.Columns = append(d.Columns, models.Column{Name: c.Name, Shape: c.Shape, Classes: c.Classes})
	}
	switch l.Task {
	case taskClassification, taskNextWord:
		d.Outputs = l.Target.Classes
	case taskRegression:
		d.Outputs, _ = tensor.Elements(l.Target.Shape)
	}
	return d
}

// layoutOf returns the layout of a data set that is no table: one input, and labels.
func layoutOf(s dataset.Spec) *layout {
	l := &layout{Task: taskClassification}
	for _, c := range s.Columns {
		if c.Name == s.Target {
			l.Target = column{Name: c.Name, From: []string{c.Name}}
			l.Target.learn(s)
			continue
		}
		in := column{Name: c.Name, From: []string{c.Name}}
		in.learn(s)
		l.Inputs = append(l.Inputs, in)
	}
	return l
}

// summary says what a sample is: [1 8 8], or each input where there are several.
func (l *layout) summary() string {
	if len(l.Inputs) == 1 && l.Inputs[0].Classes == 0 {
		return fmt.Sprint(l.Inputs[0].Shape)
	}
	var parts []string
	for _, c := range l.Inputs {
		switch {
		case c.Classes == 0:
			parts = append(parts, fmt.Sprintf("%s %v", c.Name, c.Shape))
		case len(c.Shape) > 0:
			parts = append(parts, fmt.Sprintf("%s %v of %d", c.Name, c.Shape, c.Classes))
		default:
			parts = append(parts, fmt.Sprintf("%s of %d", c.Name, c.Classes))
		}
	}
	return strings.Join(parts, ", ")
}
