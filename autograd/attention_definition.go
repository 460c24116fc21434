package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// attentionDefinition is Attention made of other ops, for Gradients. It holds all weights, [B, Heads, Tq, Tk].
func attentionDefinition(n *node) *Var {
	a, t := n.aux.(*attention), n.tape
	if a.batch*a.tq*a.tk*a.e*a.f == 0 {
		return t.zeros(n.out.DType(), n.out.Shape()...)
	}
	qkv := n.in
	if a.together {
		qkv = Split(n.in[0], 2, a.e, a.e, a.f)
	}
	heads := func(x *Var) *Var { // [B, Heads, T, D]
		return Permute(Reshape(x, a.batch, x.Dim(1), a.Heads, x.Dim(2)/a.Heads), 0, 2, 1, 3)
	}
	products := Scale(MatMulNT(heads(qkv[0]), heads(qkv[1])), a.Scale)
	if m := a.Mask; m != nil && m.DType() != tensor.Bool {
		products = Add(products, t.finite(m, [][]int{{a.tq, a.tk}, {a.batch, 1, a.tq, a.tk}, {a.batch, a.Heads, a.tq, a.tk}}[a.maskStride]))
	}
	// What is hidden has weight 0. A query that sees nothing keeps its products, for there is no softmax of nothing.
	hidden, never := a.hidden(t)
	weights := MaskedFill(Softmax(MaskedFill(products, never, math.Inf(-1))), hidden, 0)
	if a.Dropout > 0 {
		weights = Mul(weights, a.kept(n))
	}
	return Reshape(Permute(MatMul(weights, heads(qkv[2])), 0, 2, 1, 3), n.out.Shape()...)
}

// finite returns a mask to add in the given shape, with zeros where it is −∞: there it hides.
func (t *Tape) finite(m *tensor.Tensor, shape []int) *Var {
	c := t.pool.New(m.DType(), shape...)
	copy(tensor.Bytes(c), tensor.Bytes(m))
	for i := range c.Len() {
		if math.IsInf(floatAt(m, i), -1) {
			if m.DType() == tensor.Float32 {
				tensor.Data[float32](c)[i] = 0
			} else {
				tensor.Data[float64](c)[i] = 0
			}
		}
	}
	return t.newVar(c)
}

// hidden returns which keys [B, Heads, Tq, Tk] a query may not see, and the same without those of queries that may see none.
func (a *attention) hidden(t *Tape) (hidden, never *tensor.Tensor) {
	hidden = t.pool.New(tensor.Bool, a.batch, a.Heads, a.tq, a.tk)
	never = t.pool.New(tensor.Bool, a.batch, a.Heads, a.tq, a.tk)
	all, but := tensor.Data[bool](hidden), tensor.Data[bool](never)
	for r := range a.batch * a.Heads * a.tq {
		head, i := r/a.tq, r%a.tq
		which := [...]int{0, head / a.Heads, head}[a.maskStride]
		row, seen := all[r*a.tk:(r+1)*a.tk], false
		for j := range row {
			no := a.Causal && j > i+a.tk-a.tq
			if m := a.Mask; m != nil && m.DType() == tensor.Bool {
				no = no || tensor.Data[bool](m)[(which*a.tq+i)*a.tk+j]
			} else if m != nil {
				no = no || math.IsInf(floatAt(m, (which*a.tq+i)*a.tk+j), -1)
			}
			if p := a.KeyPadding; p != nil {
				no = no || tensor.Data[bool](p)[head/a.Heads*a.tk+j]
			}
			row[j], seen = no, seen || !no
		}
		copy(but[r*a.tk:], row)
		if !seen {
			clear(but[r*a.tk : (r+1)*a.tk])
		}
	}
	return hidden, never
}

// kept returns what dropout multiplies each weight by, [B, Heads, Tq, Tk]: the same as in the blocks.
func (a *attention) kept(n *node) *Var {
	c := n.tape.pool.New(n.out.DType(), a.batch, a.Heads, a.tq, a.tk)
	c.Fill(1)
	if c.DType() == tensor.Float32 {
		dropBlocks(newBlocks[float32](n), tensor.Data[float32](c))
	} else {
		dropBlocks(newBlocks[float64](n), tensor.Data[float64](c))
	}
	return n.tape.newVar(c)
}

func dropBlocks[T vec.Float](b *blocks[T], w []T) {
	room := make([]T, queryBlock*keyBlock)
	for p := range b.batch * b.Heads {
		for i0 := 0; i0 < b.tq; i0 += queryBlock {
			rows := min(queryBlock, b.tq-i0)
			for j0 := 0; j0 < b.keysSeen(i0+rows); j0 += keyBlock {
				cols := min(keyBlock, b.tk-j0)
				block := room[:rows*cols]
				vec.Fill(block, 1)
				b.drop(block, p/b.Heads, p%b.Heads, i0, j0)
				for r := range rows {
					copy(w[(p*b.tq+i0+r)*b.tk+j0:], row(block, r, cols))
				}
			}
		}
	}
}
