package layers

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Reparametrisations: layers whose weight is computed from other parameters in every forward pass. The names in a state
// dictionary are those of torch.nn.utils.weight_norm and spectral_norm.

// WeightNormLinear is a Linear whose weight is w = g·v/|v| for each output: length and direction are learnt apart.
//
//	x [..., In]   WeightG [Out, 1]   WeightV [Out, In]   Bias [Out] or nil   y [..., Out]
//
// Source: Salimans and Kingma, arXiv:1602.07868.
type WeightNormLinear struct {
	Bias, WeightG, WeightV *autograd.Param
}

// NewWeightNormLinear returns the reparametrisation of a new Linear.
func NewWeightNormLinear(rng *rand.Rand, in, out int) *WeightNormLinear {
	l := NewLinear(rng, in, out)
	return &WeightNormLinear{l.Bias, rowNorms(l.Weight), l.Weight}
}

// Forward returns x·wᵀ + b.
func (l *WeightNormLinear) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Linear(x, weightNorm(t, l.WeightG, l.WeightV), useOrNil(t, l.Bias))
}

// WeightNormConv2D is a Conv2D whose filters are w = g·v/|v|.
//
//	x [N, In, H, W]   WeightG [Out, 1, 1, 1]   WeightV [Out, In/Groups, R, S]   Bias [Out] or nil   y [N, Out, OutH, OutW]
type WeightNormConv2D struct {
	Bias, WeightG, WeightV *autograd.Param
	Options                autograd.Conv2DOptions
}

// NewWeightNormConv2D returns the reparametrisation of a new Conv2D.
func NewWeightNormConv2D(rng *rand.Rand, c Conv2DConfig) *WeightNormConv2D {
	l := NewConv2D(rng, c)
	return &WeightNormConv2D{l.Bias, rowNorms(l.Weight), l.Weight, l.Options}
}

// Forward returns w ⋆ x + b.
func (l *WeightNormConv2D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Conv2D(x, weightNorm(t, l.WeightG, l.WeightV), useOrNil(t, l.Bias), l.Options)
}

// weightNorm returns g·v/|v|, with the norm over all axes of v but the first.
func weightNorm(t *autograd.Tape, g, v *autograd.Param) *autograd.Var {
	x := t.Use(v)
	rows := autograd.Reshape(x, x.Dim(0), -1)
	norm := autograd.Reshape(autograd.Norm(rows, 2, -1), g.Value().Shape()...)
	return autograd.Mul(x, autograd.Div(t.Use(g), norm))
}

// rowNorms returns a parameter with the norms of v's slices along the first axis: v with all other axes 1 long.
func rowNorms(v *autograd.Param) *autograd.Param {
	shape := make([]int, v.Value().Rank())
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = v.Value().Dim(0)
	tape := autograd.NewTape(autograd.Infer, nil)
	norms := autograd.Norm(autograd.Reshape(tape.Const(v.Value()), shape[0], -1), 2, -1).Value()
	return autograd.NewParam(tensor.FromSlice(append([]float32{}, tensor.Data[float32](norms)...), shape...))
}
