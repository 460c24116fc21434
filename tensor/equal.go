package tensor

import "bytes"

// Equal reports whether t and u have the same dtype, shape and elements. Elements are compared by their bits: a NaN equals
// the same NaN, and 0 does not equal −0, which is what "the same result" means where results must be reproducible.
func (t *Tensor) Equal(u *Tensor) bool {
	if t.dtype != u.dtype || !t.SameShape(u) {
		return false
	}
	return bytes.Equal(Bytes(t.Contiguous()), Bytes(u.Contiguous()))
}
