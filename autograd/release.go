package autograd

import (
	"unsafe"

	"github.com/tutti-ml/tutti/tensor"
)

// Mark is a place in the sequence of a tape's values.
type Mark int

// Mark returns the place after all values so far, for Release.
func (t *Tape) Mark() Mark { return Mark(t.vars.n) }

// Release gives the memory of the values made since the mark back to the tape, but for that of keep: what comes next
// uses it again, so that a chain of layers needs the memory of its largest layer, not of all. Those Vars, but for keep
// and for parameters', are stale from now on, as after Reset. A training tape, which needs its values for Backward,
// does nothing. [layers.Sequential] calls it after every layer.
//
// [layers.Sequential]: https://pkg.go.dev/github.com/tutti-ml/tutti/layers#Sequential
func (t *Tape) Release(since Mark, keep *Var) {
	if t.mode == Train {
		return
	}
	keep.mustLive()
	for i := int(since); i < t.vars.n; i++ {
		v := t.vars.at(i)
		if v == keep || v.param != nil {
			continue
		}
		v.tape = nil
		if v.value == nil || !t.pool.Owns(v.value) || within(v.value, keep.value) {
			continue
		}
		t.pool.Put(v.value)
		v.value = nil
	}
}

// within reports whether the memory of a view, if it has any, begins in that of a block.
func within(block, view *tensor.Tensor) bool {
	b, v := tensor.Bytes(block), tensor.Bytes(view)
	if len(b) == 0 || len(v) == 0 {
		return false
	}
	off := uintptr(unsafe.Pointer(&v[0])) - uintptr(unsafe.Pointer(&b[0])) // wraps round if v begins before b
	return off < uintptr(len(b))
}
