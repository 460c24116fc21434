package transform

import (
	"fmt"

	"github.com/tutti-ml/tutti/dataset"
)

// Source returns src with its batches passed through p, for training: a [dataset.Stage], so that of a source of blocks
// the window holds what src has. Random ops draw from (Seed, epoch, sample number). A Filter reads all of src, here. It
// returns the error of an op that does not fit src's layout, and of src.
func Source(src dataset.Source, p *Pipeline) (dataset.Source, error) {
	return source(src, p, true, true)
}

// Eval returns src with its batches passed through p, without its random ops: for evaluation. Filters work.
func Eval(src dataset.Source, p *Pipeline) (dataset.Source, error) {
	return source(src, p, false, true)
}

// source is Source or Eval; without last, what comes out is for further ops.
func source(src dataset.Source, p *Pipeline, training, last bool) (dataset.Source, error) {
	from, random := 0, false
	for i, op := range p.Ops {
		if _, ok := op.(Noise); ok {
			random = true
		}
		f, ok := op.(Filter)
		if !ok {
			continue
		}
		switch {
		case random:
			return nil, fmt.Errorf("op %d: transform: Filter %q stands behind a random op", i, f.Name)
		case f.Keep == nil:
			return nil, fmt.Errorf("op %d: transform: Filter %q has no function", i, f.Name)
		}
		stage, err := stage(src, p.Ops[from:i], training, false, p.Seed)
		if err != nil {
			return nil, err
		}
		if src, err = dataset.Filter(stage, f.Keep); err != nil {
			return nil, err
		}
		from = i + 1
	}
	return stage(src, p.Ops[from:], training, last, p.Seed)
}

func stage(src dataset.Source, ops []Op, training, last bool, seed uint64) (dataset.Source, error) {
	if len(ops) == 0 {
		return src, nil
	}
	t, err := bind(ops, src.Spec())
	if err != nil {
		return nil, err
	}
	return dataset.Stage(src, t.out, func(b, raw *dataset.Batch, index []int) error {
		return t.apply(b, raw, index, training, last, seed)
	}), nil
}

// Filter keeps the samples that Keep says yes to, in training and evaluation; a prediction drops nothing. Keep looks at
// sample i of b, as the ops before have made it, and is called once for each sample, when Source is. It is not saved;
// its name is.
type Filter struct {
	Name string                             `json:"name"`
	Keep func(b *dataset.Batch, i int) bool `json:"-"`
}

// Bind implements Op: a filter changes no batch.
func (f Filter) Bind(in dataset.Spec) (*Step, error) { return &Step{Spec: in}, nil }

// Map changes the elements of b's columns, not their layout, by a function of the caller's. It must depend on b alone,
// each sample on itself. A model file has the name; Load is given the function.
type Map struct {
	Name string                       `json:"name"`
	Func func(b *dataset.Batch) error `json:"-"`
}

// Bind implements Op.
func (m Map) Bind(in dataset.Spec) (*Step, error) {
	if m.Func == nil {
		return nil, fmt.Errorf("transform: Map %q has no function", m.Name)
	}
	return &Step{Spec: in, Then: func(_ *Call, b *dataset.Batch) error {
		if err := m.Func(b); err != nil {
			return fmt.Errorf("transform: Map %q: %w", m.Name, err)
		}
		return nil
	}}, nil
}
