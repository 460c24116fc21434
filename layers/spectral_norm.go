package layers

import (
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// SpectralWeight is a weight that is divided by its largest singular value, taken as a matrix with a row for each output: a layer
// with it lengthens no vector by more than its windows overlap, and a Linear none at all. The singular value is followed by one step
// of power iteration in every training pass.
//
//	WeightOrig [Out, ...]   WeightU [Out], WeightV [elements of WeightOrig / Out] singular vectors
//
// Source: Miyato et al., arXiv:1802.05957.
type SpectralWeight struct {
	WeightOrig       *autograd.Param
	WeightU, WeightV *autograd.Buffer
	Eps              float64 // least length of a vector that is divided by; 1e-12
}

// newSpectralWeight reparametrises w: 15 steps of power iteration from random vectors.
func newSpectralWeight(rng *rand.Rand, w *autograd.Param) SpectralWeight {
	out := w.Value().Dim(0)
	s := SpectralWeight{WeightOrig: w, Eps: 1e-12, WeightU: autograd.NewBuffer(tensor.New(tensor.Float32, out)),
		WeightV: autograd.NewBuffer(tensor.New(tensor.Float32, w.Value().Len()/out))}
	s.WeightU.Value().Normal(rng, 0, 1)
	s.WeightV.Value().Normal(rng, 0, 1)
	s.warm(15)
	return s
}

// warm goes so many steps of power iteration.
func (s *SpectralWeight) warm(steps int) {
	for range steps {
		tape := autograd.NewTape(autograd.Infer, nil)
		w, u, _ := s.matrix(tape)
		u, v := s.iterate(w, u)
		s.WeightU.Value().CopyFrom(u.Value().Reshape(u.Len()))
		s.WeightV.Value().CopyFrom(v.Value().Reshape(v.Len()))
	}
}

// matrix returns the weight as a matrix, and the singular vectors as columns.
func (s *SpectralWeight) matrix(t *autograd.Tape) (w, u, v *autograd.Var) {
	u, v = t.Const(s.WeightU.Value()), t.Const(s.WeightV.Value())
	return autograd.Reshape(t.Use(s.WeightOrig), u.Len(), v.Len()), autograd.Reshape(u, u.Len(), 1), autograd.Reshape(v, v.Len(), 1)
}

// weight returns w/σ. On a training tape it first goes one step of power iteration, which counts as constant.
func (s *SpectralWeight) weight(t *autograd.Tape) *autograd.Var {
	w, u, v := s.matrix(t)
	if t.Training() {
		u, v = s.iterate(autograd.Detach(w), u)
		t.Observe(s.WeightU, 1, autograd.Reshape(u, u.Len()).Value())
		t.Observe(s.WeightV, 1, autograd.Reshape(v, v.Len()).Value())
	}
	sigma := autograd.Sum(autograd.Mul(autograd.MatMul(w, v), u))
	return autograd.Div(t.Use(s.WeightOrig), sigma)
}

// iterate returns v = wᵀu/|wᵀu| and u = wv/|wv|.
func (s *SpectralWeight) iterate(w, u *autograd.Var) (nextU, v *autograd.Var) {
	v = s.unit(autograd.MatMulTN(w, u))
	return s.unit(autograd.MatMul(w, v)), v
}

// unit returns x divided by its length, or by Eps if that is more.
func (s *SpectralWeight) unit(x *autograd.Var) *autograd.Var {
	return autograd.Div(x, autograd.Clamp(autograd.Norm(x, 2), s.Eps, math.Inf(1)))
}

// SpectralNormLinear is a Linear whose weight is divided by its largest singular value, so that the layer lengthens no vector: its
// Lipschitz constant is 1.
//
//	x [..., In]   WeightOrig [Out, In]   Bias [Out] or nil   y [..., Out]
type SpectralNormLinear struct {
	Bias *autograd.Param
	SpectralWeight
}

// NewSpectralNormLinear returns the reparametrisation of a new Linear, after 15 steps of power iteration from random vectors.
func NewSpectralNormLinear(rng *rand.Rand, in, out int) *SpectralNormLinear {
	l := NewLinear(rng, in, out)
	return &SpectralNormLinear{l.Bias, newSpectralWeight(rng, l.Weight)}
}

// Forward returns x·(w/σ)ᵀ + b.
func (l *SpectralNormLinear) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return autograd.Linear(x, l.weight(t), useOrNil(t, l.Bias))
}

// SpectralNormConv1D is a Conv1D whose filters are divided by the largest singular value of the matrix of all filters, a row each.
//
//	x [N, In, L]   WeightOrig [Out, In/Groups, S]   Bias [Out] or nil   y [N, Out, OutL]
type SpectralNormConv1D struct {
	Bias *autograd.Param
	SpectralWeight
	Options autograd.Conv1DOptions
	Same    bool // as Conv1D's
}

// NewSpectralNormConv1D returns the reparametrisation of a new Conv1D.
func NewSpectralNormConv1D(rng *rand.Rand, c Conv1DConfig) *SpectralNormConv1D {
	l := NewConv1D(rng, c)
	return &SpectralNormConv1D{l.Bias, newSpectralWeight(rng, l.Weight), l.Options, l.Same}
}

// Forward returns (w/σ) ⋆ x + b.
func (l *SpectralNormConv1D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.Same {
		x = autograd.PadSame(x, l.WeightOrig.Value().Shape()[2:], []int{l.Options.Dilation})
	}
	return autograd.Conv1D(x, l.weight(t), useOrNil(t, l.Bias), l.Options)
}

// SpectralNormConv2D is a Conv2D whose filters are divided by the largest singular value of the matrix of all filters, a row each:
// the usual discriminator of images.
//
//	x [N, In, H, W]   WeightOrig [Out, In/Groups, R, S]   Bias [Out] or nil   y [N, Out, OutH, OutW]
type SpectralNormConv2D struct {
	Bias *autograd.Param
	SpectralWeight
	Options autograd.Conv2DOptions
	Same    bool // as Conv2D's
}

// NewSpectralNormConv2D returns the reparametrisation of a new Conv2D.
func NewSpectralNormConv2D(rng *rand.Rand, c Conv2DConfig) *SpectralNormConv2D {
	l := NewConv2D(rng, c)
	return &SpectralNormConv2D{l.Bias, newSpectralWeight(rng, l.Weight), l.Options, l.Same}
}

// Forward returns (w/σ) ⋆ x + b.
func (l *SpectralNormConv2D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.Same {
		x = autograd.PadSame(x, l.WeightOrig.Value().Shape()[2:], []int{l.Options.DilationH, l.Options.DilationW})
	}
	return autograd.Conv2D(x, l.weight(t), useOrNil(t, l.Bias), l.Options)
}

// SpectralNormConv3D is a Conv3D whose filters are divided by the largest singular value of the matrix of all filters, a row each.
//
//	x [N, In, D, H, W]   WeightOrig [Out, In/Groups, T, R, S]   Bias [Out] or nil   y [N, Out, OutD, OutH, OutW]
type SpectralNormConv3D struct {
	Bias *autograd.Param
	SpectralWeight
	Options autograd.Conv3DOptions
	Same    bool // as Conv3D's
}

// NewSpectralNormConv3D returns the reparametrisation of a new Conv3D.
func NewSpectralNormConv3D(rng *rand.Rand, c Conv3DConfig) *SpectralNormConv3D {
	l := NewConv3D(rng, c)
	return &SpectralNormConv3D{l.Bias, newSpectralWeight(rng, l.Weight), l.Options, l.Same}
}

// Forward returns (w/σ) ⋆ x + b.
func (l *SpectralNormConv3D) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if l.Same {
		dilation := l.Options.Dilation
		x = autograd.PadSame(x, l.WeightOrig.Value().Shape()[2:], dilation[:])
	}
	return autograd.Conv3D(x, l.weight(t), useOrNil(t, l.Bias), l.Options)
}
