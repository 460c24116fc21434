package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Set is the parameters of a model in one flat vector, in the order given, without gaps. An optimizer or a collective works
// on the vector or on a slice of it; nothing is gathered or scattered. Source: BigDL's getParameters, arXiv:1804.05839.
//
// A parameter is in one set at a time: that made last. The older one, that of a train.Run for instance, is stale then,
// and so is one that holds a parameter that was replaced, by Cast for instance, frozen or unfrozen since: Value, Range
// and a tape's GradsInto and Use panic, for a step on the old vector would move nothing, or what must not move.
type Set struct {
	params []*Param
	frozen []*Param // left out
	start  []int    // start[i] is where params[i] begins; one more for the end
	index  map[*Param]int
	value  *tensor.Tensor
}

// NewSet moves the values of those params that are not Frozen into one new tensor and makes every Value a view of it.
// The elements stay the same. Frozen ones are left where they are, for an optimizer's momentum and weight decay move
// all that is in the vector.
//
// It panics if a parameter is listed twice or nil, or if dtypes differ. No parameters make an empty Float32 set.
func NewSet(params []*Param) *Set {
	s := &Set{start: make([]int, 1, len(params)+1), index: make(map[*Param]int, len(params))}
	listed := make(map[*Param]int, len(params))
	for i, p := range params {
		if p == nil {
			panic(fmt.Sprintf("autograd: NewSet: parameter %d is nil", i))
		}
		if j, twice := listed[p]; twice {
			panic(fmt.Sprintf("autograd: NewSet: parameters %d and %d are the same: list a shared parameter once", j, i))
		}
		listed[p] = i
		if p.Frozen {
			s.frozen = append(s.frozen, p)
			continue
		}
		if len(s.params) > 0 && p.value.DType() != s.params[0].value.DType() {
			panic(fmt.Sprintf("autograd: NewSet: parameter %d is %v, parameter %d is %v: a set has one dtype",
				i, p.value.DType(), listed[s.params[0]], s.params[0].value.DType()))
		}
		s.index[p] = len(s.params)
		s.params = append(s.params, p)
		s.start = append(s.start, s.start[len(s.start)-1]+p.value.Len())
	}
	d := tensor.Float32
	if len(s.params) > 0 {
		d = s.params[0].value.DType()
	}
	s.value = tensor.New(d, s.start[len(s.params)])
	for i, p := range s.params {
		v := s.value.Slice(0, s.start[i], s.start[i+1]).Reshape(p.value.Shape()...)
		v.CopyFrom(p.value)
		p.value, p.set = v, s
	}
	return s
}

// Value returns the flat vector [Len], which is the parameters' memory itself. It panics if the set is stale.
func (s *Set) Value() *tensor.Tensor {
	s.mustHold("Set.Value")
	return s.value
}

// Len returns the number of elements of all parameters together.
func (s *Set) Len() int { return s.value.Len() }

// DType returns the dtype that all the parameters share.
func (s *Set) DType() tensor.DType { return s.value.DType() }

// Params returns the parameters in the order of the vector, without those that were frozen. The slice belongs to the
// set.
func (s *Set) Params() []*Param { return s.params }

// Range returns where p lies in the vector: elements lo ≤ i < hi. It panics if p is not in the set, or no longer.
func (s *Set) Range(p *Param) (lo, hi int) {
	if !s.holds("Set.Range", p) {
		panic("autograd: Set.Range: the parameter is not in the set")
	}
	i := s.index[p]
	return s.start[i], s.start[i+1]
}

// Has reports whether p is in the set: whether its value is a part of the set's vector, as it was made one and still
// is.
func (s *Set) Has(p *Param) bool { return p.set == s }

// holds is Has, and panics if p was taken away from the set.
func (s *Set) holds(op string, p *Param) bool {
	if p.set == s {
		return true
	}
	if i, ok := s.index[p]; ok {
		s.stale(op, i)
	}
	return false
}

// mustHold panics unless all parameters are what they were when the set was made.
func (s *Set) mustHold(op string) {
	for i, p := range s.params {
		if p.set != s {
			s.stale(op, i)
		}
		if p.Frozen {
			panic(fmt.Sprintf("autograd: %s: parameter %d of the set, %v, was frozen after NewSet, and a step on "+
				"the vector would move it: make a new Set", op, i, p.value.Shape()))
		}
	}
	for _, p := range s.frozen {
		if !p.Frozen {
			panic(fmt.Sprintf("autograd: %s: a parameter %v was frozen at NewSet, which left it out, and is not "+
				"now: make a new Set", op, p.value.Shape()))
		}
	}
}

func (s *Set) stale(op string, i int) {
	p := s.params[i]
	if p.set == nil {
		panic(fmt.Sprintf("autograd: %s: the set is stale: its parameter %d, %v, has been replaced since: make a "+
			"new Set", op, i, p.value.Shape()))
	}
	panic(fmt.Sprintf("autograd: %s: the set is stale: its parameter %d, %v, is in a Set made later, perhaps by "+
		"train.Run: use that, or make a new one", op, i, p.value.Shape()))
}
