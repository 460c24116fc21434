package optim

import (
	"errors"
	"fmt"
	"math"
	"path"

	"github.com/tutti-ml/tutti/internal/option"
)

// Group gives some of a model's parameters a learning rate or a weight decay of their own; what it leaves at zero is
// the optimizer's, and Zero is 0. It is what PyTorch calls a parameter group (param_groups), chosen by name:
//
//	{Pattern: "*.bias", WeightDecay: Zero}    weight decay for weights alone
//	{Pattern: "backbone.*", Factor: 0.1}      fine-tuning: what is learnt already moves slowly
type Group struct {
	Pattern string // of names, as layers.Matching reads it: "*.bias", "Features.*"; required
	// LR is the base learning rate; 0 means the optimizer's. A schedule scales it as it scales the optimizer's.
	LR float64
	// Factor multiplies the optimizer's learning rate; 0 means 1. Not together with LR. To keep parameters still, freeze them.
	Factor      float64
	WeightDecay float64 // 0 means the optimizer's; Zero is none at all
}

// Decayer is an Optimizer whose weight decay a Group may change, as all of All are.
type Decayer interface {
	Optimizer
	// WithDecay returns the recipe with another weight decay: none if it is 0. The state keeps its slots.
	WithDecay(decay float64) Optimizer
}

// Validate reports the first field out of range, or that o, the optimizer of the other parameters, cannot do what g asks.
func (g Group) Validate(o Optimizer) error {
	if g.Pattern == "" {
		return errors.New("optim: Group.Pattern is empty, want a pattern of parameter names")
	}
	name := fmt.Sprintf("Group %q", g.Pattern)
	if err := check(atLeast0(name, "LR", g.LR), atLeast0(name, "Factor", g.Factor), atLeast0(name, "WeightDecay", g.WeightDecay)); err != nil {
		return err
	}
	_, bad := path.Match(g.Pattern, "")
	_, canDecay := o.(Decayer)
	factor := g.factor(o)
	switch {
	case bad != nil:
		return fmt.Errorf("optim: %s: %w", name, bad)
	case g.LR != 0 && g.Factor != 0:
		return fmt.Errorf("optim: %s: LR = %v and Factor = %v, want one of them", name, g.LR, g.Factor)
	case g.WeightDecay != 0 && !canDecay:
		return fmt.Errorf("optim: %s: %s has no weight decay to change", name, o.Name())
	case !(factor >= 0) || math.IsInf(factor, 1):
		return fmt.Errorf("optim: %s: LR = %v is %v times the optimizer's %v", name, g.LR, factor, o.Rate())
	}
	return nil
}

// factor is what g's learning rate is to o's.
func (g Group) factor(o Optimizer) float64 {
	if lr := option.Float(g.LR, 0); lr != 0 {
		return lr / o.Rate()
	} else if g.LR != 0 {
		return 0
	}
	return option.Float(g.Factor, 1)
}

// Recipe returns o as g changes it, and what g multiplies the learning rate by. g must be valid for o.
func (g Group) Recipe(o Optimizer) (Optimizer, float64) { return g.recipe(o), g.factor(o) }

// recipe is o as g changes it, but for the learning rate.
func (g Group) recipe(o Optimizer) Optimizer {
	if g.WeightDecay != 0 {
		return o.(Decayer).WithDecay(option.Float(g.WeightDecay, 0))
	}
	return o
}
