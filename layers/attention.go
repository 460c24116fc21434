package layers

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// MultiheadAttention lets every step of one sequence look at all steps of another, or of its own, in several ways at once:
//
//	queries, keys and values = projections of q, k and v   y = OutProj(Attention(queries, keys, values))
//
//	q [N, Tq, E]   k [N, Tk, E]   v [N, Tk, E]   InProjWeight [3·E, E]   InProjBias [3·E] or nil   y [N, Tq, E]
//
// PyTorch's MultiheadAttention with batch_first. Memory is linear in the number of steps (see autograd.Attention).
// Source: Vaswani et al., arXiv:1706.03762.
type MultiheadAttention struct {
	InProjWeight, InProjBias *autograd.Param
	OutProj                  *Linear

	Heads   int
	Dropout float64 // of the weights, while training
	// Rotary, if not nil, turns queries and keys by their places before they are compared.
	Rotary *Rotary
}

// NewMultiheadAttention returns a layer for features that heads divides. As in PyTorch the projections are drawn by
// XavierUniform, the one behind evenly from ±1/√features, and biases are 0.
func NewMultiheadAttention(rng *rand.Rand, features, heads int) *MultiheadAttention {
	positive("NewMultiheadAttention", "features", features)
	positive("NewMultiheadAttention", "heads", heads)
	if features%heads != 0 {
		panic(fmt.Sprintf("layers: NewMultiheadAttention: %d features in %d heads", features, heads))
	}
	out := NewLinear(rng, features, features)
	out.Bias.Value().Zero()
	return &MultiheadAttention{
		InProjWeight: newParam(rng, XavierUniform, 3*features, features), InProjBias: newParam(nil, Zeros, 3*features),
		OutProj: out, Heads: heads,
	}
}

// Forward lets every step of x look at all of x.
func (l *MultiheadAttention) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return l.Attend(t, x, x, x, Masks{})
}

// Masks says what attention may not see. The zero value hides nothing.
type Masks struct {
	Causal     bool           // a step sees itself and those before it
	Mask       *tensor.Tensor // see autograd.AttentionOptions
	KeyPadding *tensor.Tensor // [N, Tk] Bool, true for steps that are padding
}

// Attend lets every step of q look at the steps of k, and returns what it finds in v. For self-attention all three are one Var,
// which is also the fastest.
func (l *MultiheadAttention) Attend(t *autograd.Tape, q, k, v *autograd.Var, m Masks) *autograd.Var {
	e := l.InProjWeight.Value().Dim(1)
	for _, x := range []*autograd.Var{q, k, v} {
		if x.Rank() != 3 || x.Dim(2) != e {
			panic(fmt.Sprintf("layers: MultiheadAttention: q %v, k %v, v %v: want [N, T, %d]", q.Shape(), k.Shape(), v.Shape(), e))
		}
	}
	o := autograd.AttentionOptions{Heads: l.Heads, Causal: m.Causal, Mask: m.Mask, KeyPadding: m.KeyPadding, Dropout: l.Dropout}
	w, b := t.Use(l.InProjWeight), useOrNil(t, l.InProjBias)
	var y *autograd.Var
	if q == k && k == v {
		qkv := autograd.Linear(q, w, b)
		if l.Rotary != nil {
			qkv = l.Rotary.turn(qkv, 2*l.Heads, e/l.Heads, 0)
		}
		y = autograd.SelfAttention(qkv, o)
	} else {
		project := func(x *autograd.Var, part int) *autograd.Var {
			bias := b
			if b != nil {
				bias = autograd.Slice(b, 0, part*e, (part+1)*e)
			}
			return autograd.Linear(x, autograd.Slice(w, 0, part*e, (part+1)*e), bias)
		}
		pq, pk, pv := project(q, 0), project(k, 1), project(v, 2)
		if l.Rotary != nil {
			pq, pk = l.Rotary.turn(pq, l.Heads, e/l.Heads, 0), l.Rotary.turn(pk, l.Heads, e/l.Heads, 0)
		}
		y = autograd.Attention(pq, pk, pv, o)
	}
	return l.OutProj.Forward(t, y)
}

// Rotary is the positional encoding that turns pairs of features of queries and keys (see autograd.Rotary). It has no
// parameters, and any number of layers and tapes may share one.
type Rotary struct {
	Base float64 // 0 means 10000

	mu     sync.Mutex
	tables map[rotaryKey][2]*tensor.Tensor
}

type rotaryKey struct {
	dtype    tensor.DType
	steps, d int
}

// turn turns the first heads heads of d features of x [N, T, E].
func (l *Rotary) turn(x *autograd.Var, heads, d, offset int) *autograd.Var {
	steps := 64
	for steps < offset+x.Dim(1) {
		steps *= 2
	}
	key := rotaryKey{x.DType(), steps, d}
	l.mu.Lock()
	pair, ok := l.tables[key]
	if !ok {
		if l.tables == nil {
			l.tables = make(map[rotaryKey][2]*tensor.Tensor)
		}
		cos, sin := autograd.RotaryTables(key.dtype, steps, d, orDefault(l.Base, 10000))
		pair = [2]*tensor.Tensor{cos, sin}
		l.tables[key] = pair
	}
	l.mu.Unlock()
	return autograd.Rotary(x, pair[0], pair[1], heads, offset)
}
