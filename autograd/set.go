package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Set is the parameters of a model in one flat vector, in the order given, without gaps. An optimizer or a collective works
// on the vector or on a slice of it; nothing is gathered or scattered. Source: BigDL's getParameters, arXiv:1804.05839.
type Set struct {
	params []*Param
	start  []int // start[i] is where params[i] begins; one more for the end
	index  map[*Param]int
	value  *tensor.Tensor
}

// NewSet moves the values of params into one new tensor and makes every Value a view of it. The elements stay the same.
//
// A later NewSet over the same parameters moves them again: the older set's vector then no longer follows them. It panics if
// a parameter is listed twice or nil, or if dtypes differ. No parameters make an empty Float32 set.
func NewSet(params []*Param) *Set {
	s := &Set{params: append([]*Param(nil), params...), start: make([]int, 1, len(params)+1), index: make(map[*Param]int, len(params))}
	d := tensor.Float32
	for i, p := range params {
		switch {
		case p == nil:
			panic(fmt.Sprintf("autograd: NewSet: parameter %d is nil", i))
		case i == 0:
			d = p.value.DType()
		case p.value.DType() != d:
			panic(fmt.Sprintf("autograd: NewSet: parameter %d is %v, parameter 0 is %v: a set has one dtype", i, p.value.DType(), d))
		}
		if j, twice := s.index[p]; twice {
			panic(fmt.Sprintf("autograd: NewSet: parameters %d and %d are the same: list a shared parameter once", j, i))
		}
		s.index[p] = i
		s.start = append(s.start, s.start[i]+p.value.Len())
	}
	s.value = tensor.New(d, s.start[len(params)])
	for i, p := range params {
		v := s.value.Slice(0, s.start[i], s.start[i+1]).Reshape(p.value.Shape()...)
		v.CopyFrom(p.value)
		p.value = v
	}
	return s
}

// Value returns the flat vector [Len], which is the parameters' memory itself.
func (s *Set) Value() *tensor.Tensor { return s.value }

// Len returns the number of elements of all parameters together.
func (s *Set) Len() int { return s.value.Len() }

// DType returns the dtype that all the parameters share.
func (s *Set) DType() tensor.DType { return s.value.DType() }

// Params returns the parameters in the order of the vector. The slice belongs to the set.
func (s *Set) Params() []*Param { return s.params }

// Range returns where p lies in the vector: elements lo ≤ i < hi. It panics if p is not in the set.
func (s *Set) Range(p *Param) (lo, hi int) {
	i, ok := s.index[p]
	if !ok {
		panic("autograd: Set.Range: the parameter is not in the set")
	}
	return s.start[i], s.start[i+1]
}

// Has reports whether p is in the set.
func (s *Set) Has(p *Param) bool { _, ok := s.index[p]; return ok }
