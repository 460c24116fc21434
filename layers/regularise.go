package layers

import (
	"fmt"
	"path"
	"reflect"

	"github.com/tutti-ml/tutti/autograd"
)

// Matching returns the parameters of model that a pattern matches, in Params' order. It panics on a malformed pattern.
//
// A pattern is written as for path.Match, and matches a parameter if it matches the whole of its Go path
// ("Features.0.Weight") or of its key in a state dictionary ("features.0.weight"):
//
//	Features.*          all that the field Features holds, at any depth: a star is any run of characters, dots too
//	*.bias              all biases
//	Features.?.Weight   the weights of the layers 0 to 9; ? stands for one character
//	*.[0-3].*           all that stands at an index from 0 to 3; [^0-3] for all others
//	*                   everything
//
// Upper and lower case differ. Freeze, FreezeStatistics, Penalty and the groups of an optimizer take the same patterns.
func Matching(model any, patterns ...string) []NamedParam {
	var list []NamedParam
	for _, p := range Params(model) {
		if matches(patterns, p.Name, p.Key) {
			list = append(list, p)
		}
	}
	return list
}

// matches reports whether a pattern matches one of two names.
func matches(patterns []string, name, key string) bool {
	for _, pattern := range patterns {
		byName, err := path.Match(pattern, name)
		if err != nil {
			panic(fmt.Sprintf("layers: pattern %q: %v", pattern, err))
		}
		if byKey, _ := path.Match(pattern, key); byName || byKey {
			return true
		}
	}
	return false
}

// Freeze keeps the parameters that a pattern matches out of training from now on, and returns how many those are. Zero
// is usually a misspelt pattern. Not while a tape uses them, nor during train.Run; an autograd.Set made before must be
// made anew, which train.Loop does.
//
// A frozen layer still behaves as in training: dropout drops, and a batch norm normalises by its batches and moves its
// running statistics, as with requires_grad=False in PyTorch. To hold these too, see FreezeStatistics.
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

// FreezeStatistics makes the batch norms that a pattern matches normalise by their running statistics in training too,
// and leave them as they are, and returns how many those are: it sets [BatchNorm.Fixed]. A batch norm is matched by its
// own path ("Features.1") or by that of its running mean. Together with Freeze it makes a part of a model what it is in
// use, but for dropout.
func FreezeStatistics(model any, patterns ...string) int { return setFixed(model, true, patterns) }

// UnfreezeStatistics ends FreezeStatistics for the batch norms that a pattern matches, and returns how many those are.
func UnfreezeStatistics(model any, patterns ...string) int { return setFixed(model, false, patterns) }

func setFixed(model any, fixed bool, patterns []string) (n int) {
	for _, at := range walkOver(model).norms {
		mean := at.field(runningMean)
		if matches(patterns, at.path, at.key) || matches(patterns, mean.path, mean.key) {
			at.norm.Fixed = fixed
			n++
		}
	}
	return n
}

var runningMean, _ = reflect.TypeFor[BatchNorm]().FieldByName("RunningMean")

// normAt is a batch norm and where it stands.
type normAt struct {
	place
	norm *BatchNorm
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
