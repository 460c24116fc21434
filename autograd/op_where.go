package autograd

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Where returns a where mask (Bool) is true and b where it is false. All three broadcast to the shape of the result.
func Where(mask *tensor.Tensor, a, b *Var) *Var {
	n := whereOp.on(a, b)
	var room, room2 [maxRank]int
	shape := tensor.MustBroadcast("autograd", "Where", room[:0], a.Shape(), b.Shape())
	shape = tensor.MustBroadcast("autograd", "Where", room2[:0], shape, mask.Shape())
	n.mask(mask)
	return n.run(shape...)
}

// MaskedFill returns x with value wherever mask (Bool), which broadcasts to x's shape, is true.
func MaskedFill(x *Var, mask *tensor.Tensor, value float64) *Var {
	n := maskedFillOp.on(x)
	var room [maxRank]int
	if full, ok := tensor.BroadcastShapes(room[:0], x.Shape(), mask.Shape()); !ok || !slices.Equal(full, x.Shape()) {
		n.op.panicf("mask %v does not broadcast to %v", slices.Clone(mask.Shape()), x.Shape())
	}
	n.mask(mask)
	n.factor = value
	return n.run(x.Shape()...)
}

// MaskedSelect returns the elements of x where mask (Bool), of x's shape, is true, in row-major order, as one axis.
func MaskedSelect(x *Var, mask *tensor.Tensor) *Var {
	if !x.Value().SameShape(mask) {
		panic(fmt.Sprintf("autograd: MaskedSelect: x %v and mask %v: shapes must agree",
			x.Shape(), slices.Clone(mask.Shape())))
	}
	if mask.DType() != tensor.Bool {
		panic(fmt.Sprintf("autograd: MaskedSelect: the mask is %v, want bool", mask.DType()))
	}
	set := tensor.Data[bool](x.Tape().contiguous(mask))
	index := x.tape.pool.New(tensor.Int64, count(set))
	at := 0
	for i, on := range set {
		if on {
			tensor.Data[int64](index)[at] = int64(i)
			at++
		}
	}
	return Take(x, index)
}

func count(set []bool) (n int) {
	for _, on := range set {
		if on {
			n++
		}
	}
	return n
}

var (
	whereOp = &op{"Where",
		kernels{whereForward[float32], whereBackward[float32]}, kernels{whereForward[float64], whereBackward[float64]}}
	maskedFillOp = &op{"MaskedFill",
		kernels{maskedFillForward[float32], maskedFillBackward[float32]},
		kernels{maskedFillForward[float64], maskedFillBackward[float64]}}
)

func (n *node) mask(mask *tensor.Tensor) {
	if mask.DType() != tensor.Bool {
		n.op.panicf("the mask is %v, want bool", mask.DType())
	}
	n.targets = n.tape.contiguous(mask)
}

func whereForward[T vec.Float](n *node) {
	y, b := out[T](n), in[T](n, 1)
	spread(y, n.out.Shape(), 1, in[T](n, 0), n.in[0].Shape())
	on := tensor.Data[bool](n.targets)
	for r := broadcastRows(n.out.Shape(), n.targets.Shape(), n.in[1].Shape()); r.next(); {
		row := y[r.at : r.at+r.n]
		for i := range row {
			if !on[r.a+i*r.aStep] {
				row[i] = b[r.b+i*r.bStep]
			}
		}
	}
}

// An element's gradient goes to the operand that it came from.
func whereBackward[T vec.Float](n *node) {
	for i := range 2 {
		if n.wants(i) {
			masked := n.tape.pool.New(n.out.DType(), n.out.Shape()...)
			g := tensor.Data[T](masked)
			copy(g, outGrad[T](n))
			clearWhere(g, n.out.Shape(), n.targets, i == 1)
			sumInto[T](n, i, n.in[i].Shape(), 1, masked)
			n.tape.pool.Put(masked)
		}
	}
}

// clearWhere sets the elements of g, of the given shape, to zero where the mask, broadcast to it, is as said.
func clearWhere[T vec.Float](g []T, shape []int, mask *tensor.Tensor, is bool) {
	fillWhere(g, shape, mask, is, 0)
}

func fillWhere[T vec.Float](g []T, shape []int, mask *tensor.Tensor, is bool, value T) {
	on := tensor.Data[bool](mask)
	for r := broadcastRows(shape, mask.Shape(), mask.Shape()); r.next(); {
		row := g[r.at : r.at+r.n]
		if r.aStep == 0 {
			if on[r.a] == is {
				vec.Fill(row, value)
			}
			continue
		}
		for i, v := range on[r.a : r.a+r.n] {
			if v == is {
				row[i] = value
			}
		}
	}
}

func maskedFillForward[T vec.Float](n *node) {
	y := out[T](n)
	copy(y, in[T](n, 0))
	fillWhere(y, n.out.Shape(), n.targets, true, T(n.factor))
}

// What was filled has no gradient; the rest keeps the result's.
func maskedFillBackward[T vec.Float](n *node) {
	g := begin[T](n, 0)
	copy(g, outGrad[T](n))
	clearWhere(g, n.out.Shape(), n.targets, true)
	end[T](n, 0)
}
