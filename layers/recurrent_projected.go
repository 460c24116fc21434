package layers

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// projected runs an LSTM whose state h is a projection of its units, h' = Proj·(o·tanh(c')), over all steps of sequences in one
// direction. The products with the input are one; the rest goes op by op and step by step, which keeps more and takes longer than
// autograd.Recurrent, whose states are as wide as its gates.
//
//	in [T, N, D]   h [N, Proj] and c [N, Units], or nil for zeros   y [T, N, Proj]
//
// Source: Sak, Senior and Beaufays, arXiv:1402.1128.
func (p cellParams) projected(t *autograd.Tape, in *autograd.Var, from State, lengths *tensor.Tensor, reverse bool) (y *autograd.Var, last State) {
	steps, batch := in.Dim(0), in.Dim(1)
	project := t.Use(p.proj)
	size, units := project.Dim(0), project.Dim(1)
	last = from
	if last.H == nil {
		last.H = t.Const(tensor.New(in.DType(), batch, size))
	}
	if last.C == nil {
		last.C = t.Const(tensor.New(in.DType(), batch, units))
	}
	if h, c := last.H.Shape(), last.C.Shape(); !slices.Equal(h, []int{batch, size}) || !slices.Equal(c, []int{batch, units}) {
		panic(fmt.Sprintf("layers: LSTM: states h %v and c %v: want [%d, %d] and [%[3]d, %[5]d]", h, c, batch, size, units))
	}
	if lengths != nil {
		lengths = checkedLengths(t, lengths, batch, steps)
	}
	none := t.Const(tensor.New(in.DType(), 1, 1))
	gates, w, bias := autograd.Linear(in, t.Use(p.x), useOrNil(t, p.biasX)), t.Use(p.h), useOrNil(t, p.biasH)
	ys := make([]*autograd.Var, steps)
	for s := range steps {
		if reverse {
			s = steps - 1 - s
		}
		g := autograd.Chunk(autograd.Add(autograd.Select(gates, 0, s), autograd.Linear(last.H, w, bias)), 1, 4) // i f g o
		c := autograd.Add(autograd.Mul(autograd.Sigmoid(g[1]), last.C), autograd.Mul(autograd.Sigmoid(g[0]), autograd.Tanh(g[2])))
		h := autograd.Linear(autograd.Mul(autograd.Sigmoid(g[3]), autograd.Tanh(c)), project, nil)
		ys[s] = h
		if lengths != nil { // beyond its length a sequence gives zeros and keeps its state
			counts := tensor.New(tensor.Bool, batch, 1)
			for i, l := range tensor.Data[int64](lengths) {
				tensor.Data[bool](counts)[i] = s < int(l)
			}
			ys[s] = autograd.Where(counts, h, none)
			h, c = autograd.Where(counts, h, last.H), autograd.Where(counts, c, last.C)
		}
		last = State{h, c}
	}
	if steps == 0 {
		return t.Const(tensor.New(in.DType(), 0, batch, size)), last
	}
	return autograd.Stack(0, ys...), last
}

// checkedLengths returns the lengths of sequences as contiguous Int64.
func checkedLengths(t *autograd.Tape, lengths *tensor.Tensor, batch, steps int) *tensor.Tensor {
	if lengths.Len() != batch {
		panic(fmt.Sprintf("layers: LSTM: lengths %v: want [%d]", lengths.Shape(), batch))
	}
	lengths = t.Integers("layers: LSTM", "lengths", lengths)
	for i, l := range tensor.Data[int64](lengths) {
		if l < 0 || l > int64(steps) {
			panic(fmt.Sprintf("layers: LSTM: sequence %d has length %d of %d steps", i, l, steps))
		}
	}
	return lengths
}
