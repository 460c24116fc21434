package autograd

import "github.com/tutti-ml/tutti/tensor"

// recurrentDefinition is Recurrent made of other ops, for Gradients: the same numbers but for roundings. Steps are
// cut out and put together by halves, so that their gradients take time and memory in proportion to T·log T.
func recurrentDefinition(n *node) *Var {
	a, t, x := n.aux.(*recurrentAux), n.tape, n.in[0]
	steps, batch, units := x.Dim(0), x.Dim(1), n.in[2].Dim(1)
	if batch*units == 0 {
		return t.zeros(x.DType(), n.out.Shape()...)
	}
	bias := func(i int) *Var {
		if i == 0 {
			return nil
		}
		return Reshape(n.in[i], n.in[1].Dim(0))
	}
	state := func(i int) *Var {
		if i == 0 {
			return t.zeros(x.DType(), batch, units)
		}
		return Reshape(n.in[i], batch, units)
	}
	h, c, biasH := state(a.h), state(a.c), bias(a.biasH)
	inputs := unstack(Linear(x, n.in[1], bias(a.biasX)))
	states := make([]*Var, steps+1, steps+2) // as they lie in the result
	states[0] = h
	if a.reverse {
		states[0], states[steps] = nil, h
	}
	for i := range steps {
		s, to := i, i+1
		if a.reverse {
			s, to = steps-1-i, steps-1-i
		}
		nextH, nextC := a.cell.step(inputs[s], Linear(h, n.in[2], biasH), h, c)
		if a.lengths != nil { // a sequence that is over, or in reverse has not begun, keeps its state
			counts := t.pool.New(tensor.Bool, batch, 1)
			for b, l := range a.lengths {
				tensor.Data[bool](counts)[b] = int64(s) < l
			}
			nextH, nextC = Where(counts, nextH, h), Where(counts, nextC, c)
		}
		h, c = nextH, nextC
		states[to] = h
	}
	if a.cell == LSTM {
		states = append(states, c)
	}
	return stack(states)
}

// step returns the state and the cell, of an LSTM, after a step whose gates get x from the input and s from the state
// before.
func (cell Cell) step(x, s, h, c *Var) (nextH, nextC *Var) {
	switch cell {
	case RNNTanh:
		return Tanh(Add(x, s)), c
	case RNNReLU:
		return ReLU(Add(x, s)), c
	case GRU:
		x, s := Chunk(x, 1, 3), Chunk(s, 1, 3)
		r, z := Sigmoid(Add(x[0], s[0])), Sigmoid(Add(x[1], s[1]))
		candidate := Tanh(Add(x[2], Mul(r, s[2])))
		return Add(candidate, Mul(z, Sub(h, candidate))), c
	}
	g := Chunk(Add(x, s), 1, 4)
	c = Add(Mul(Sigmoid(g[1]), c), Mul(Sigmoid(g[0]), Tanh(g[2])))
	return Mul(Sigmoid(g[3]), Tanh(c)), c
}

// unstack returns the indices of x's first axis.
func unstack(x *Var) []*Var {
	switch d := x.Dim(0); d {
	case 0:
		return nil
	case 1:
		return []*Var{Reshape(x, x.Shape()[1:]...)}
	default:
		return append(unstack(Slice(x, 0, 0, d/2)), unstack(Slice(x, 0, d/2, d))...)
	}
}

// stack returns the elements of all operands, one behind the other, as one axis.
func stack(x []*Var) *Var {
	if len(x) == 1 {
		return Reshape(x[0], x[0].Len())
	}
	return Concat(0, stack(x[:len(x)/2]), stack(x[len(x)/2:]))
}
