package autograd

import (
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// attentionDefinition is Attention made of other ops, for Gradients. It holds all weights, [B, Heads, Tq, Tk].
func attentionDefinition(n *node) *Var {
	a, t := n.aux.(*attention), n.tape
	if a.batch*a.tq*a.tk*a.f == 0 {
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
		shape := [][]int{{a.tq, a.tk}, {a.batch, 1, a.tq, a.tk}, {a.batch, a.Heads, a.tq, a.tk}}[a.maskStride]
		products = Add(products, t.newVar(t.pool.Reshape(m, shape...)))
	}
	// What is hidden, by a mask or by a product of −∞, has weight 0 and no gradient. A query that sees nothing gets a
	// softmax of zeros, which counts for nothing, for there is none of nothing.
	hidden, blind := a.hidden(t), t.pool.New(tensor.Bool, products.Shape()...)
	if products.DType() == tensor.Float32 {
		hideInfinite(hidden, blind, tensor.Data[float32](products.value), a.tk)
	} else {
		hideInfinite(hidden, blind, tensor.Data[float64](products.value), a.tk)
	}
	seen := MaskedFill(MaskedFill(products, hidden, math.Inf(-1)), blind, 0)
	weights := MaskedFill(Softmax(seen), hidden, 0)
	if a.Dropout > 0 {
		weights = Mul(weights, a.kept(n))
	}
	return Reshape(Permute(MatMul(weights, heads(qkv[2])), 0, 2, 1, 3), n.out.Shape()...)
}

// hidden returns which keys [B, Heads, Tq, Tk] the order and masks of bools hide from a query.
func (a *attention) hidden(t *Tape) *tensor.Tensor {
	hidden := t.pool.New(tensor.Bool, a.batch, a.Heads, a.tq, a.tk)
	var mask, padding []bool
	if a.Mask != nil && a.Mask.DType() == tensor.Bool {
		mask = tensor.Data[bool](a.Mask)
	}
	if a.KeyPadding != nil {
		padding = tensor.Data[bool](a.KeyPadding)
	}
	for r := range a.batch * a.Heads * a.tq {
		head, i := r/a.tq, r%a.tq
		which := [...]int{0, head / a.Heads, head}[a.maskStride]
		for j, row := 0, row(tensor.Data[bool](hidden), r, a.tk); j < a.tk; j++ {
			row[j] = a.Causal && j > i+a.tk-a.tq || mask != nil && mask[(which*a.tq+i)*a.tk+j] ||
				padding != nil && padding[head/a.Heads*a.tk+j]
		}
	}
	return hidden
}

// hideInfinite hides products of −∞ too, and sets blind for the queries, in rows of so many keys, from which all are
// hidden.
func hideInfinite[T vec.Float](hidden, blind *tensor.Tensor, products []T, keys int) {
	hide := tensor.Data[bool](hidden)
	for i, v := range products {
		hide[i] = hide[i] || math.IsInf(float64(v), -1)
	}
	for r := range len(hide) / keys {
		all := row(tensor.Data[bool](blind), r, keys)
		none := !slices.Contains(row(hide, r, keys), false)
		for j := range all {
			all[j] = none
		}
	}
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
