package layers

import (
	"fmt"
	"path"

	"github.com/tutti-ml/tutti/autograd"
)

// Parameters are chosen by name: a pattern, as of path.Match, matches a parameter if it matches its Go path or its key in a state
// dictionary. A star also matches dots: "Features.*" is all that Features holds, "*.bias" all biases.

// Matching returns the parameters of model that a pattern matches, in Params' order. It panics on a malformed pattern.
func Matching(model any, patterns ...string) []NamedParam {
	var list []NamedParam
	for _, p := range Params(model) {
		for _, pattern := range patterns {
			byName, err := path.Match(pattern, p.Name)
			if err != nil {
				panic(fmt.Sprintf("layers: pattern %q: %v", pattern, err))
			}
			byKey, _ := path.Match(pattern, p.Key)
			if byName || byKey {
				list = append(list, p)
				break
			}
		}
	}
	return list
}

// Freeze keeps the parameters that a pattern matches out of training from now on, and returns how many those are. Zero is
// usually a misspelt pattern. Not while a tape uses them, nor during train.Run.
func Freeze(model any, patterns ...string) int { return setFrozen(model, true, patterns) }

// Unfreeze takes the parameters that a pattern matches back into training, and returns how many those are.
func Unfreeze(model any, patterns ...string) int { return setFrozen(model, false, patterns) }

func setFrozen(model any, frozen bool, patterns []string) int {
	list := Matching(model, patterns...)
	for _, p := range list {
		p.Frozen = frozen
	}
	return len(list)
}

// Penalty makes large parameters cost something: L1·Σ|w| + ½·L2·Σw² over those that the patterns match.
type Penalty struct {
	Patterns []string // none: every parameter
	L1, L2   float64  // >= 0
}

// Of returns the penalty of model as a scalar to add to a loss. Frozen parameters cost nothing. For L2 over all parameters an
// optimizer's weight decay does the same at no cost. A model without matching parameters panics: it is a misspelt pattern.
func (p Penalty) Of(t *autograd.Tape, model any) *autograd.Var {
	list := Params(model)
	if len(p.Patterns) > 0 {
		list = Matching(model, p.Patterns...)
	}
	var sum *autograd.Var
	add := func(term *autograd.Var) {
		if sum == nil {
			sum = term
		} else {
			sum = autograd.Add(sum, term)
		}
	}
	for _, q := range list {
		if q.Frozen {
			continue
		}
		w := t.Use(q.Param)
		if p.L1 != 0 || p.L2 == 0 {
			add(autograd.Scale(autograd.Sum(autograd.Abs(w)), p.L1))
		}
		if p.L2 != 0 {
			add(autograd.Scale(autograd.Sum(autograd.Mul(w, w)), p.L2/2))
		}
	}
	if sum == nil {
		panic(fmt.Sprintf("layers: Penalty: no parameter that trains matches %q", p.Patterns))
	}
	return sum
}
