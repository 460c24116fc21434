package layers

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/option"
	"github.com/tutti-ml/tutti/tensor"
)

// MultiheadAttention lets every step of one sequence look at all steps of another, or of its own, in several ways at once:
//
//	queries, keys and values = projections of q, k and v   y = OutProj(Attention(queries, keys, values))
//
//	q [N, Tq, E]   k [N, Tk, E]   v [N, Tk, E]   InProjWeight [3·E, E]   InProjBias [3·E] or nil   y [N, Tq, E]
//
// Where keys and values have other numbers of features, K and V, three matrices take the place of InProjWeight, which is nil:
//
//	k [N, Tk, K]   v [N, Tk, V]   QProjWeight [E, E]   KProjWeight [E, K]   VProjWeight [E, V]
//
// PyTorch's MultiheadAttention with batch_first. Memory is linear in the number of steps (see autograd.Attention).
// Source: Vaswani et al., arXiv:1706.03762.
type MultiheadAttention struct {
	InProjWeight                          *autograd.Param
	QProjWeight, KProjWeight, VProjWeight *autograd.Param
	InProjBias                            *autograd.Param
	OutProj                               *Linear

	Heads   int
	Dropout float64 // of the weights, while training
	// Rotary, if not nil, turns queries and keys by their places before they are compared.
	Rotary *Rotary
}

// NewMultiheadAttention returns a layer for features that heads divides. As in PyTorch the projections are drawn by
// XavierUniform, the one behind evenly from ±1/√features, and biases are 0.
func NewMultiheadAttention(rng *rand.Rand, features, heads int) *MultiheadAttention {
	return NewCrossAttention(rng, features, features, features, heads)
}

// NewCrossAttention returns a layer whose keys and values have so many features of their own: PyTorch's kdim and vdim. If these are
// those of the queries, it is NewMultiheadAttention's.
func NewCrossAttention(rng *rand.Rand, features, keys, values, heads int) *MultiheadAttention {
	positive("NewMultiheadAttention", "features", features)
	positive("NewMultiheadAttention", "heads", heads)
	positive("NewCrossAttention", "keys", keys)
	positive("NewCrossAttention", "values", values)
	if features%heads != 0 {
		panic(fmt.Sprintf("layers: NewMultiheadAttention: %d features in %d heads", features, heads))
	}
	l := &MultiheadAttention{OutProj: NewLinear(rng, features, features), InProjBias: newParam(nil, Zeros, 3*features), Heads: heads}
	l.OutProj.Bias.Value().Zero()
	if keys == features && values == features {
		l.InProjWeight = newParam(rng, XavierUniform, 3*features, features)
		return l
	}
	l.QProjWeight = newParam(rng, XavierUniform, features, features)
	l.KProjWeight = newParam(rng, XavierUniform, features, keys)
	l.VProjWeight = newParam(rng, XavierUniform, features, values)
	return l
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
	if l.InProjWeight == nil {
		return l.attend(t, q, k, v, []*autograd.Var{t.Use(l.QProjWeight), t.Use(l.KProjWeight), t.Use(l.VProjWeight)}, m)
	}
	e := l.InProjWeight.Value().Dim(1)
	w := t.Use(l.InProjWeight)
	if q != k || k != v {
		part := func(i int) *autograd.Var { return autograd.Slice(w, 0, i*e, (i+1)*e) }
		return l.attend(t, q, k, v, []*autograd.Var{part(0), part(1), part(2)}, m)
	}
	mustFeatures(q, k, v, e, e, e)
	qkv := autograd.Linear(q, w, useOrNil(t, l.InProjBias))
	if l.Rotary != nil {
		qkv = l.Rotary.turn(qkv, 2*l.Heads, e/l.Heads, 0)
	}
	return l.OutProj.Forward(t, autograd.SelfAttention(qkv, l.options(m)))
}

// attend is Attend with the matrices that q, k and v are multiplied by.
func (l *MultiheadAttention) attend(t *autograd.Tape, q, k, v *autograd.Var, w []*autograd.Var, m Masks) *autograd.Var {
	mustFeatures(q, k, v, w[0].Dim(1), w[1].Dim(1), w[2].Dim(1))
	e := w[0].Dim(0)
	project := func(x *autograd.Var, i int) *autograd.Var {
		bias := useOrNil(t, l.InProjBias)
		if bias != nil {
			bias = autograd.Slice(bias, 0, i*e, (i+1)*e)
		}
		return autograd.Linear(x, w[i], bias)
	}
	pq, pk, pv := project(q, 0), project(k, 1), project(v, 2)
	if l.Rotary != nil {
		pq, pk = l.Rotary.turn(pq, l.Heads, e/l.Heads, 0), l.Rotary.turn(pk, l.Heads, e/l.Heads, 0)
	}
	return l.OutProj.Forward(t, autograd.Attention(pq, pk, pv, l.options(m)))
}

func (l *MultiheadAttention) options(m Masks) autograd.AttentionOptions {
	return autograd.AttentionOptions{Heads: l.Heads, Causal: m.Causal, Mask: m.Mask, KeyPadding: m.KeyPadding, Dropout: l.Dropout}
}

// mustFeatures panics unless q, k and v are sequences of so many features.
func mustFeatures(q, k, v *autograd.Var, wantQ, wantK, wantV int) {
	for i, x := range []*autograd.Var{q, k, v} {
		want := []int{wantQ, wantK, wantV}
		if x.Rank() == 3 && x.Dim(2) == want[i] {
			continue
		}
		if wantK == wantQ && wantV == wantQ {
			panic(fmt.Sprintf("layers: MultiheadAttention: q %v, k %v, v %v: want [N, T, %d]", q.Shape(), k.Shape(), v.Shape(), wantQ))
		}
		panic(fmt.Sprintf("layers: MultiheadAttention: q %v, k %v, v %v: want %d, %d and %d features", q.Shape(), k.Shape(), v.Shape(),
			wantQ, wantK, wantV))
	}
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
		cos, sin := autograd.RotaryTables(key.dtype, steps, d, option.Float(l.Base, 10000))
		pair = [2]*tensor.Tensor{cos, sin}
		l.tables[key] = pair
	}
	l.mu.Unlock()
	return autograd.Rotary(x, pair[0], pair[1], heads, offset)
}
