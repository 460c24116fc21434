package autograd

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// AttentionOptions says who attends to what.
type AttentionOptions struct {
	Heads int
	// Scale multiplies the products of queries and keys; 0 means 1/√(features of a head), Zero 0.
	Scale float64
	// Causal lets query i see the keys up to i + Tk − Tq only: with as many keys as queries, up to itself.
	Causal bool
	// Mask, added to the products or, if it is Bool, true for what a query may not see: [Tq, Tk], [B, Tq, Tk] or [B·Heads, Tq, Tk].
	// It is constant.
	Mask *tensor.Tensor
	// KeyPadding [B, Tk] Bool is true for keys that nobody may see.
	KeyPadding *tensor.Tensor
	// Dropout sets each weight to zero with this probability, on training tapes, and scales the others up.
	Dropout float64
}

// Attention returns, for every query, the mean of the values, weighted by the softmax of the products of the query and the keys;
// for each head by itself, whose features lie side by side:
//
//	q [B, Tq, E]   k [B, Tk, E]   v [B, Tk, F]   result [B, Tq, F];   Heads divides E and F
//
// It works in blocks of queries and keys and never holds a matrix of all their products: memory beyond the result is one number
// for every query and head, and backward computes the weights again. A query that may see no key gets zeros.
// Cost: 2·B·Tq·Tk·(E+F) flops, half of that if causal; 2½ times that backward.
// Sources: Vaswani et al., arXiv:1706.03762; Dao et al., arXiv:2205.14135 (the blocks).
func Attention(q, k, v *Var, o AttentionOptions) *Var {
	n := attentionOp.on(q, k, v)
	if q.Rank() != 3 || k.Rank() != 3 || v.Rank() != 3 || q.Dim(0) != k.Dim(0) || q.Dim(0) != v.Dim(0) || q.Dim(2) != k.Dim(2) || k.Dim(1) != v.Dim(1) {
		n.op.panicf("q %v, k %v and v %v: want [B, Tq, E], [B, Tk, E] and [B, Tk, F]", q.Shape(), k.Shape(), v.Shape())
	}
	a := &attention{AttentionOptions: o, batch: q.Dim(0), tq: q.Dim(1), tk: k.Dim(1), e: q.Dim(2), f: v.Dim(2)}
	a.ldq, a.ldk, a.ldv = a.e, a.e, a.f
	return a.run(n)
}

// SelfAttention is Attention of queries, keys and values that one product made side by side, which saves taking them apart.
//
//	qkv [B, T, 3·E]   result [B, T, E]
func SelfAttention(qkv *Var, o AttentionOptions) *Var {
	n := attentionOp.on(qkv)
	if qkv.Rank() != 3 || qkv.Dim(2)%3 != 0 {
		n.op.panicf("qkv %v: want [B, T, 3·E]", qkv.Shape())
	}
	e := qkv.Dim(2) / 3
	a := &attention{AttentionOptions: o, batch: qkv.Dim(0), tq: qkv.Dim(1), tk: qkv.Dim(1), e: e, f: e, together: true}
	a.ldq, a.ldk, a.ldv = 3*e, 3*e, 3*e
	return a.run(n)
}

var attentionOp = &op{name: "Attention",
	f32: kernels{attentionForward[float32], attentionBackward[float32]}, f64: kernels{attentionForward[float64], attentionBackward[float64]}}

// attention is what one call knows besides tensors.
type attention struct {
	AttentionOptions
	batch, tq, tk, e, f int
	ldq, ldk, ldv       int  // elements from a row to the next
	together            bool // q, k and v are parts of one operand's rows
	maskStride          int  // 0: one mask for all; 1: one for each sample; 2: one for each sample and head
	seed                [2]uint64
}

func (a *attention) run(n *node) *Var {
	if a.Heads < 1 || a.e%a.Heads != 0 || a.f%a.Heads != 0 {
		n.op.panicf("%d heads for %d features and values of %d", a.Heads, a.e, a.f)
	}
	a.Scale = option.Float(a.Scale, 1/math.Sqrt(float64(max(a.e/a.Heads, 1))))
	if !(a.Dropout >= 0 && a.Dropout < 1) {
		n.op.panicf("dropout %v is not from 0 to below 1", a.Dropout)
	}
	if m := a.Mask; m != nil {
		a.maskStride = a.kindOfMask(n, m)
		if m.DType() != tensor.Bool && m.DType() != n.in[0].DType() {
			n.op.panicf("a mask of %v for operands of %v: want the same, or bool", m.DType(), n.in[0].DType())
		}
		a.Mask = n.tape.contiguous(m)
	}
	if p := a.KeyPadding; p != nil {
		if p.DType() != tensor.Bool || p.Rank() != 2 || p.Dim(0) != a.batch || p.Dim(1) != a.tk {
			n.op.panicf("key padding %v %v: want bool [%d, %d]", p.DType(), p.Shape(), a.batch, a.tk)
		}
		a.KeyPadding = n.tape.contiguous(p)
	}
	if !n.tape.Training() {
		a.Dropout = 0
	}
	if a.Dropout > 0 {
		a.seed = [2]uint64{n.tape.Rand().Uint64(), n.tape.Rand().Uint64()}
	}
	n.aux = a
	n.save(0, n.in[0].DType(), a.batch, a.Heads, a.tq) // log Σ exp of each query's products
	return n.run(a.batch, a.tq, a.f)
}

func (a *attention) kindOfMask(n *node, m *tensor.Tensor) int {
	s := m.Shape()
	if len(s) >= 2 && s[len(s)-2] == a.tq && s[len(s)-1] == a.tk {
		switch {
		case len(s) == 2:
			return 0
		case len(s) == 3 && s[0] == a.batch*a.Heads:
			return 2
		case len(s) == 3 && s[0] == a.batch:
			return 1
		}
	}
	n.op.panicf("mask %v: want [%d, %d], or [%d, …] or [%d, …]", s, a.tq, a.tk, a.batch, a.batch*a.Heads)
	panic(fmt.Sprint(s))
}

// random returns the generator of the dropout of one block of weights: the same forward and backward, whoever computes it.
func (a *attention) random(head, i, j int) *rand.PCG {
	return rand.NewPCG(a.seed[0]+uint64(head), a.seed[1]+uint64(i)<<32+uint64(j))
}
