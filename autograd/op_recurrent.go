package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Cell says what a recurrent layer computes at a step from its input x, the state h before it, and for an LSTM the cell c:
//
//	RNNTanh, RNNReLU  h' = act(Wx·x + bx + Wh·h + bh)
//	GRU               r, z = σ(Wx·x + bx + Wh·h + bh),  n = tanh(Wx·x + bx + r·(Wh·h + bh)),  h' = (1−z)·n + z·h
//	LSTM              i, f, o = σ(…), g = tanh(…) as for an RNN,  c' = f·c + i·g,  h' = o·tanh(c')
//
// The gates are stacked in the rows of the weights in PyTorch's order: r z n; i f g o.
// Sources: Elman, Cognitive Science 14 (1990); Cho et al., arXiv:1406.1078; Hochreiter and Schmidhuber, Neural Computation 9
// (1997), with the forget gate of Gers et al. (2000).
type Cell int

const (
	RNNTanh Cell = iota
	RNNReLU
	GRU
	LSTM
)

// Gates returns how many blocks of H rows the weights have.
func (c Cell) Gates() int { return [...]int{RNNTanh: 1, RNNReLU: 1, GRU: 3, LSTM: 4}[c] }

// RecurrentOptions says what a recurrent layer computes and in which direction.
type RecurrentOptions struct {
	Cell    Cell
	Reverse bool // from the last step to the first
	// Lengths [B], Int64 or Int32, says how many steps of each sequence count, the first ones; nil means all. Beyond
	// them the result is zero, the state stays, and a reverse layer begins with the last step that counts.
	Lengths *tensor.Tensor
}

// RecurrentWeights are the parameters of a recurrent layer in one direction, with G gates of H units.
//
//	X [G·H, D]   H [G·H, H]   BiasX, BiasH [G·H], or both nil
type RecurrentWeights struct{ X, H, BiasX, BiasH *Var }

// Recurrent runs a recurrent layer over all steps of a batch of sequences: all inputs are multiplied by the weights in one
// product, and so are all gradients; only the products with the state go step by step.
//
//	x [T, B, D]   h [B, H] or nil for zeros   c as h, of an LSTM   y [T, B, H]   last, lastC [B, H] (lastC nil but of an LSTM)
//
// Cost: 2·T·B·G·H·(D+H) flops, twice that backward; (G+2)·T·B·H numbers kept, for an LSTM (G+3).
func Recurrent(x, h, c *Var, w RecurrentWeights, o RecurrentOptions) (y, last, lastC *Var) {
	op := recurrentOp
	if x.Rank() != 3 || w.X.Rank() != 2 || w.H.Rank() != 2 {
		op.panicf("x %v, weights %v and %v: want [T, B, D], [G·H, D] and [G·H, H]", x.Shape(), w.X.Shape(), w.H.Shape())
	}
	steps, batch, units := x.Dim(0), x.Dim(1), w.H.Dim(1)
	rows := o.Cell.Gates() * units
	if w.X.Dim(0) != rows || w.H.Dim(0) != rows || w.X.Dim(1) != x.Dim(2) {
		op.panicf("x %v, weights %v and %v: want [T, B, D], [%d, D] and [%[4]d, %d]", x.Shape(), w.X.Shape(), w.H.Shape(), rows, units)
	}
	if (w.BiasX == nil) != (w.BiasH == nil) {
		op.panicf("one bias without the other")
	}
	operands := make([]*Var, 3, 7)
	operands[0], operands[1], operands[2] = x, w.X, w.H
	a := &recurrentAux{cell: o.Cell, reverse: o.Reverse}
	add := func(v *Var, length int) int {
		if v == nil {
			return 0
		}
		if v.Len() != length {
			op.panicf("x %v, %d units, %d gates: an operand %v", x.Shape(), units, o.Cell.Gates(), v.Shape())
		}
		operands = append(operands, v)
		return len(operands) - 1
	}
	a.biasX, a.biasH = add(w.BiasX, rows), add(w.BiasH, rows)
	a.h = add(h, batch*units)
	if o.Cell == LSTM {
		a.c = add(c, batch*units)
	} else if c != nil {
		op.panicf("a cell state for a layer that has none")
	}
	if o.Lengths != nil {
		if o.Lengths.Len() != batch {
			op.panicf("lengths %v: want [%d]", slices.Clone(o.Lengths.Shape()), batch)
		}
		a.lengths = tensor.Data[int64](x.Tape().Integers("autograd: Recurrent", "lengths", o.Lengths))
		for i, l := range a.lengths {
			if l < 0 || l > int64(steps) {
				op.panicf("sequence %d has length %d of %d steps", i, l, steps)
			}
		}
	}
	n := op.on(operands...)
	n.aux = a
	d := x.DType()
	// States h₀ … h_T and the last cell in one tensor, of which y and the last states are parts.
	size := batch * units
	cells := 0
	if o.Cell == LSTM {
		n.save(1, d, (2*steps+1)*size) // cells c₀ … c_T, and tanh of c₁ … c_T
		cells = size
	} else if o.Cell == GRU {
		n.save(1, d, steps*size) // Wh·h + bh of the gate n
	}
	n.save(0, d, steps, batch, rows) // the gates' values
	all := n.run((steps+1)*size + cells)
	from, end := size, steps*size // y and the last state; a reverse layer's begin with the last step
	if o.Reverse {
		from, end = 0, 0
	}
	y = section(all, from, steps, batch, units)
	if a.lengths != nil {
		y = Mul(y, x.tape.Const(a.mask(x.tape, d, steps, batch)))
	}
	last = section(all, end, batch, units)
	if o.Cell == LSTM {
		lastC = section(all, (steps+1)*size, batch, units)
	}
	return y, last, lastC
}

// recurrentAux is what Recurrent keeps besides tensors: the operands' numbers are 0 for those that are not there.
type recurrentAux struct {
	cell               Cell
	reverse            bool
	lengths            []int64
	biasX, biasH, h, c int
}

// mask returns ones [T, B, 1] where a step counts, else zeros.
func (a *recurrentAux) mask(t *Tape, d tensor.DType, steps, batch int) *tensor.Tensor {
	m := t.pool.New(d, steps, batch, 1)
	m.Zero()
	for s := range steps {
		for b, l := range a.lengths {
			if s >= int(l) {
				continue
			}
			if d == tensor.Float32 {
				tensor.Data[float32](m)[s*batch+b] = 1
			} else {
				tensor.Data[float64](m)[s*batch+b] = 1
			}
		}
	}
	return m
}

var recurrentOp = &op{"Recurrent",
	kernels{recurrentForward[float32], recurrentBackward[float32]}, kernels{recurrentForward[float64], recurrentBackward[float64]}}

// section returns elements of x from lo on as a value of its own shape; nothing is copied.
func section(x *Var, lo int, shape ...int) *Var {
	n := sectionOp.on(x)
	size := 1
	for _, d := range shape {
		size *= d
	}
	n.ints[0] = lo
	flat := n.tape.pool.Reshape(x.value, x.Len())
	return n.finish(n.tape.pool.Reshape(n.tape.pool.Slice(flat, 0, lo, lo+size), shape...))
}

var sectionOp = &op{"section", kernels{nil, sectionBackward[float32]}, kernels{nil, sectionBackward[float64]}}

// A section's gradient goes to where it was taken from.
func sectionBackward[T vec.Float](n *node) {
	g := acc[T](n, 0)[n.ints[0]:]
	dy := outGrad[T](n)
	vec.Add(g[:len(dy)], g[:len(dy)], dy)
}

// sectionRule is the derivative as ops: zeros, and the gradient where the section was taken from.
func sectionRule(n *node, _ int, dy *Var) *Var {
	l := layout{offset: n.ints[0]}
	l.axis(dy.Len(), 1)
	return placeOp.through(Reshape(dy, dy.Len()), &l, n.in[0].Shape())
}
