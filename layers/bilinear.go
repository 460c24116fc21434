package layers

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// Bilinear is y_k = aᵀ·W_k·b + bias_k: every output weighs every pair of an element of a and one of b. It has two operands, so it
// is no Layer.
//
//	a [N, In1]   b [N, In2]   Weight [Out, In1, In2]   Bias [Out] or nil   y [N, Out]
type Bilinear struct {
	Weight, Bias *autograd.Param
}

// NewBilinear returns a Bilinear whose parameters are drawn evenly from ±1/√in1, as PyTorch does.
func NewBilinear(rng *rand.Rand, in1, in2, out int) *Bilinear {
	positive("NewBilinear", "in1", in1)
	positive("NewBilinear", "in2", in2)
	positive("NewBilinear", "out", out)
	return &Bilinear{
		Weight: newParam(rng, defaultInit(in1), out, in1, in2),
		Bias:   newParam(rng, defaultInit(in1), out),
	}
}

// Forward returns aᵀ·W·b + bias. Cost: 2·N·Out·In1·(In2 + 1) flops, and memory for N·Out·In1 numbers.
func (l *Bilinear) Forward(t *autograd.Tape, a, b *autograd.Var) *autograd.Var {
	w := t.Use(l.Weight)
	out, in1, in2 := w.Dim(0), w.Dim(1), w.Dim(2)
	if a.Rank() != 2 || b.Rank() != 2 || a.Dim(0) != b.Dim(0) || a.Dim(1) != in1 || b.Dim(1) != in2 {
		panic(fmt.Sprintf("layers: Bilinear: a %v and b %v: want [N, %d] and [N, %d]", a.Shape(), b.Shape(), in1, in2))
	}
	n := a.Dim(0)
	wb := autograd.Reshape(autograd.Linear(b, autograd.Reshape(w, out*in1, in2), nil), n, out, in1)
	y := autograd.Sum(autograd.Mul(wb, autograd.Reshape(a, n, 1, in1)), -1)
	if l.Bias != nil {
		y = autograd.Add(y, t.Use(l.Bias))
	}
	return y
}
