package autograd

import (
	"fmt"
	"hash/maphash"
	"math"

	"github.com/tutti-ml/tutti/tensor"
)

// Guard makes the tape notice, at Backward, that a value on it was changed in place after an op had read or made it,
// through the tensor itself or any view of it, and panic naming the op: its gradient would be wrong without a trace. It
// takes a checksum of every operand and result at every op and again at Backward, which is slow: for tests and for
// hunting a bug. Reset fills the values and gradients of a guarded tape with NaN and does not use their memory again,
// so that a tensor kept too long is NaN for good, where it would hold whatever the next step put there. It stays on
// across Resets, for what is recorded from now on.
func (t *Tape) Guard(on bool) { t.guard = on }

// seal remembers the checksums of the node's operands and result.
func (n *node) seal() {
	n.sums = n.sums[:0]
	for _, v := range n.in {
		n.sums = append(n.sums, checksum(v.value))
	}
	n.sums = append(n.sums, checksum(n.out.value))
}

// checkSums panics if an operand or the result is not what it was.
func (n *node) checkSums() {
	if len(n.sums) != len(n.in)+1 { // recorded before the guard was on
		return
	}
	for i, v := range n.in {
		if checksum(v.value) != n.sums[i] {
			panic(fmt.Sprintf("autograd: Backward: operand %d of %s, shape %v, was changed in place after the op had read it", i, n.name(), v.Shape()))
		}
	}
	if checksum(n.out.value) != n.sums[len(n.in)] {
		panic(fmt.Sprintf("autograd: Backward: the result of %s, shape %v, was changed in place", n.name(), n.out.Shape()))
	}
}

// name returns the op's name, the user's for a custom one.
func (n *node) name() string {
	if n.custom != nil {
		return n.custom.Name
	}
	return n.op.name
}

var sumSeed = maphash.MakeSeed()

func checksum(x *tensor.Tensor) uint64 { return maphash.Bytes(sumSeed, tensor.Bytes(x)) }

// poison fills all that a program can have got hold of, values and gradients, with NaN, and leaves the memory to the
// garbage collector.
func (t *Tape) poison() {
	for i := range t.vars.n {
		v := t.vars.at(i)
		for _, x := range [...]*tensor.Tensor{v.value, v.grad, v.rowValues} {
			if x != nil && t.pool.Owns(x) {
				x.Fill(math.NaN())
			}
		}
	}
	t.pool = tensor.Pool{}
}
