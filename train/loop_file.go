package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// A Loop's file is a safetensors file: the model's state dictionary; the optimizer's moments as
// "optimizer/NAME/PARAMETER"; and in its metadata, under loopKey, the progress.
const loopKey = "tutti.loop"

// loopProgress is what a Loop's file says besides its tensors.
type loopProgress struct {
	Format    int
	Optimizer string
	Seed      uint64
	At        loopPosition
	Steps     map[string]int64 // of each parameter that has been stepped, by key
}

// Save writes the model, the optimizer's state and the progress to a safetensors file, in which PyTorch finds the
// model. The file appears under path only when it is complete and on the disk. It is for between two steps: gradients
// are not in it.
func (l *Loop) Save(path string) error {
	list := layers.StateDict(l.c.Model)
	p := loopProgress{Format: 1, Optimizer: l.c.Optimizer.Name(), Seed: l.c.Seed, At: l.at, Steps: map[string]int64{}}
	for _, param := range l.params {
		s := l.steppers[param.Param]
		if s == nil {
			continue
		}
		p.Steps[param.Key] = *s.steps()
		for _, slot := range s.slots() {
			moment := slot.data.Reshape(param.Value().Shape()...)
			list = append(list, safetensors.Named{Name: momentName(slot.name, param.Key), Tensor: moment})
		}
	}
	meta, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("train: Loop.Save: %w", err)
	}
	if err := safetensors.WriteFile(path, list, map[string]string{loopKey: string(meta)}); err != nil {
		return fmt.Errorf("train: Loop.Save: %w", err)
	}
	return nil
}

func momentName(slot, key string) string { return layers.OptimizerPrefix + slot + "/" + key }

// Load goes on from a file that Save wrote: the steps that follow have the bits of a loop that was never stopped, if
// they are given the same data. The model, the optimizer's name and the seed must be those of the file; another
// learning rate, schedule, group or ClipNorm is taken from here on. On an error everything stays as it was.
func (l *Loop) Load(path string) error {
	tensors, metadata, err := safetensors.ReadFile(path)
	if err != nil {
		return fmt.Errorf("train: Loop.Load: %w", err)
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("train: Loop.Load: %s: "+format, append([]any{path}, args...)...)
	}
	text, ok := metadata[loopKey]
	if !ok {
		return fail("no Loop wrote this file: Run goes on from a checkpoint; for the model alone, layers.Load")
	}
	var p loopProgress
	switch err := json.Unmarshal([]byte(text), &p); {
	case err != nil:
		return fail("%w", err)
	case p.Format != 1:
		return fail("format %d, want 1", p.Format)
	case p.Optimizer != l.c.Optimizer.Name():
		return fail("the optimizer was %s, now %s", p.Optimizer, l.c.Optimizer.Name())
	case p.Seed != l.c.Seed:
		return fail("the seed was %d, now %d", p.Seed, l.c.Seed)
	}
	moments, model := map[string]*tensor.Tensor{}, []safetensors.Named(nil)
	for _, n := range tensors {
		if strings.HasPrefix(n.Name, layers.OptimizerPrefix) {
			moments[n.Name] = n.Tensor
		} else {
			model = append(model, n)
		}
	}
	var restore []func()
	for _, param := range l.params {
		steps, stepped := p.Steps[param.Key]
		if !stepped {
			continue
		}
		delete(p.Steps, param.Key)
		state := newParamStepper(l.recipes[param.Param].optimizer, param.Value())
		for _, slot := range state.slots() {
			name := momentName(slot.name, param.Key)
			x := moments[name]
			if x == nil || x.DType() != l.dtype || x.Len() != slot.length {
				return fail("%s is missing, or is not %d %v numbers", name, slot.length, l.dtype)
			}
			delete(moments, name)
			copy(tensor.Bytes(slot.data), tensor.Bytes(x))
		}
		*state.steps() = steps
		restore = append(restore, func() { l.steppers[param.Param] = state })
	}
	if unknown := slices.Sorted(maps.Keys(moments)); len(unknown) > 0 || len(p.Steps) > 0 {
		unknown = append(unknown, slices.Sorted(maps.Keys(p.Steps))...)
		return fail("state of parameters or moments that there are not: %q", unknown)
	}
	if report, err := layers.LoadStateDict(l.c.Model, model, true); err != nil {
		return fail("%w", report.Err())
	}
	clear(l.steppers)
	for _, fn := range restore {
		fn()
	}
	l.at = p.At
	if l.grad != nil {
		l.zero()
	}
	return nil
}
