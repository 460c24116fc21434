package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Operands that are not differentiated: labels, indices, lengths, offsets, masks, class weights. A caller's tensor
// may have any strides, as a column of a table has; ops read contiguous memory. Where a tensor is not what an op
// reads, the tape makes a copy.

// Integers returns x, labels, indices or lengths, as contiguous Int64. It returns x itself where x is that already.
// From Int32, and from a view with gaps, it makes a copy that belongs to the tape and is valid until Reset. It panics
// for any other dtype; op and what name the caller and the operand in the message, as in "layers: CrossEntropy" and
// "labels".
func (t *Tape) Integers(op, what string, x *tensor.Tensor) *tensor.Tensor {
	switch x.DType() {
	case tensor.Int64:
		return t.contiguous(x)
	case tensor.Int32:
		wide := t.pool.New(tensor.Int64, x.Shape()...)
		tensor.CastTo(wide, x)
		return wide
	}
	panic(fmt.Sprintf("%s: %s are %v, want int64 or int32", op, what, x.DType()))
}

// contiguous returns x itself, or a copy of a view with gaps that belongs to the tape and is valid until Reset.
func (t *Tape) contiguous(x *tensor.Tensor) *tensor.Tensor {
	if x.IsContiguous() {
		return x
	}
	c := t.pool.New(x.DType(), x.Shape()...)
	c.CopyFrom(x)
	return c
}

// integers is Integers for an operand of the node's op.
func (n *node) integers(what string, x *tensor.Tensor) *tensor.Tensor {
	switch x.DType() {
	case tensor.Int64, tensor.Int32:
		return n.tape.Integers("", what, x)
	}
	return n.tape.Integers("autograd: "+n.op.name, what, x) // panics
}
