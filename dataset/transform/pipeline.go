package transform

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tutti-ml/tutti/dataset"
)

// Pipeline is ops, one after the other. The zero value changes nothing. It must not be copied or changed once in use.
type Pipeline struct {
	Ops  []Op
	Seed uint64 // of random ops

	// Target is the source's target, as Fit found it. A batch of a prediction may lack it: ops on it alone are then
	// left out.
	Target string

	last atomic.Pointer[bound]
}

// Spec returns the layout that the pipeline makes of in, or the error of the first op that does not fit it.
func (p *Pipeline) Spec(in dataset.Spec) (dataset.Spec, error) {
	b, err := p.bind(in)
	if err != nil {
		return dataset.Spec{}, err
	}
	return b.out, nil
}

// Transform makes of b, a batch of any layout that the ops take, what the pipeline makes of it in training, but for
// random ops and filters, which do nothing. It is for predictions: see Source for training and evaluation. It is safe
// for use by many goroutines, each with its own batch. After an error b's contents are unspecified.
func (p *Pipeline) Transform(b *dataset.Batch) error {
	t, err := p.bind(b.Spec())
	if err != nil {
		return err
	}
	var out dataset.Batch
	out.Epoch = b.Epoch
	if err := t.apply(&out, b, nil, false, true, 0); err != nil {
		return err
	}
	*b = out
	return nil
}

// bind binds all ops for batches of a layout, and keeps the last.
func (p *Pipeline) bind(in dataset.Spec) (*bound, error) {
	if b := p.last.Load(); b != nil && sameSpec(b.in, in) {
		return b, nil
	}
	b, err := bind(p.present(in), in)
	if err != nil {
		return nil, err
	}
	p.last.Store(b)
	return b, nil
}

// present returns the ops without those that work on the target alone, if that is missing.
func (p *Pipeline) present(in dataset.Spec) []Op {
	if p.Target == "" || in.Find(p.Target) >= 0 {
		return p.Ops
	}
	var ops []Op
	target := p.Target
	for _, op := range p.Ops {
		if r, ok := op.(Rename); ok && r.From == target {
			target = r.To
			continue
		}
		if on, ok := op.(interface{ columns() []string }); ok && slices.Equal(on.columns(), []string{target}) {
			continue
		}
		ops = append(ops, op)
	}
	return ops
}

// bound is ops for one layout.
type bound struct {
	in, out dataset.Spec
	steps   []*Step
	room    sync.Pool // of *work
}

// work is the memory of one goroutine: what is between two ops.
type work struct {
	call    Call
	between []dataset.Batch
}

func bind(ops []Op, in dataset.Spec) (*bound, error) {
	b := &bound{in: in, out: in}
	for i, op := range ops {
		s, err := op.Bind(b.out)
		if err != nil {
			return nil, fmt.Errorf("op %d: %w", i, err)
		}
		if err := s.check(b.out); err != nil {
			return nil, fmt.Errorf("op %d: transform: %T: %w", i, op, err)
		}
		b.out, b.steps = s.Spec, append(b.steps, s)
	}
	if len(b.steps) == 0 {
		b.steps = []*Step{{Spec: in}}
	}
	return b, nil
}

// check reports a column that nobody would set.
func (s *Step) check(in dataset.Spec) error {
	if err := s.Spec.Validate(); err != nil {
		return err
	}
	for _, c := range s.Spec.Columns {
		if slices.Contains(s.Writes, c.Name) {
			continue
		}
		if i := in.Find(c.Name); i < 0 || kindOf(in.Columns[i]) != kindOf(c) {
			return fmt.Errorf("column %q, %s, is neither written nor a column of the input", c.Name, kindOf(c))
		}
	}
	return nil
}

// apply makes dst of src, which it may change. last says that no ops follow.
func (b *bound) apply(dst, src *dataset.Batch, index []int, training, last bool, seed uint64) error {
	w, _ := b.room.Get().(*work)
	if w == nil {
		w = &work{between: make([]dataset.Batch, len(b.steps)-1)}
	}
	defer b.room.Put(w)
	c := &w.call
	c.Index, c.Training, c.seed, c.epoch = index, training, seed, src.Epoch
	in := src
	for k, s := range b.steps {
		out := dst
		if k < len(w.between) {
			out = &w.between[k]
		}
		out.Epoch = src.Epoch
		out.Resize(in.N, s.Spec)
		if s.Apply != nil {
			if err := s.Apply(c, out, in); err != nil {
				return err
			}
		}
		for i := range s.Spec.Columns {
			if name := s.Spec.Columns[i].Name; !slices.Contains(s.Writes, name) {
				out.Swap(name, in, name)
			}
		}
		if s.Then != nil {
			if err := s.Then(c, out); err != nil {
				return err
			}
		}
		in = out
	}
	for _, s := range b.steps {
		if last && s.end != nil {
			s.end(c, dst)
		}
	}
	return nil
}

// sameSpec reports whether a pipeline bound to a serves b.
func sameSpec(a, b dataset.Spec) bool {
	if a.Target != b.Target || len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		if x.Name != y.Name || dtypeOf(*x) != dtypeOf(*y) || x.Ragged != y.Ragged || x.Text != y.Text ||
			x.Classes != y.Classes || !slices.Equal(x.Shape, y.Shape) {
			return false
		}
	}
	return true
}
