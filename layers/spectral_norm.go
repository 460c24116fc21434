package layers

import (
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// SpectralNormLinear is a Linear whose weight is divided by its largest singular value, so that the layer lengthens no vector: its
// Lipschitz constant is 1. The singular value is followed by one step of power iteration in every training pass.
//
//	x [..., In]   WeightOrig [Out, In]   Bias [Out] or nil   WeightU [Out], WeightV [In] singular vectors   y [..., Out]
//
// Source: Miyato et al., arXiv:1802.05957.
type SpectralNormLinear struct {
	Bias, WeightOrig *autograd.Param
	WeightU, WeightV *autograd.Buffer
	Eps              float64 // least length of a vector that is divided by; 1e-12
}

// NewSpectralNormLinear returns the reparametrisation of a new Linear, after 15 steps of power iteration from random vectors.
func NewSpectralNormLinear(rng *rand.Rand, in, out int) *SpectralNormLinear {
	l := NewLinear(rng, in, out)
	s := &SpectralNormLinear{Bias: l.Bias, WeightOrig: l.Weight, Eps: 1e-12,
		WeightU: autograd.NewBuffer(tensor.New(tensor.Float32, out)), WeightV: autograd.NewBuffer(tensor.New(tensor.Float32, in))}
	s.WeightU.Value().Normal(rng, 0, 1)
	s.WeightV.Value().Normal(rng, 0, 1)
	s.warm(15)
	return s
}

// warm goes so many steps of power iteration.
func (l *SpectralNormLinear) warm(steps int) {
	for range steps {
		u, v := l.iterate()
		l.WeightU.Value().CopyFrom(u)
		l.WeightV.Value().CopyFrom(v)
	}
}

// Forward returns x·(w/σ)ᵀ + b. On a training tape it first goes one step of power iteration, which counts as constant.
func (l *SpectralNormLinear) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	u, v := l.WeightU.Value(), l.WeightV.Value()
	if t.Training() {
		u, v = l.iterate()
		t.Observe(l.WeightU, 1, u)
		t.Observe(l.WeightV, 1, v)
	}
	w := t.Use(l.WeightOrig)
	wv := autograd.MatMul(w, t.Const(v.Reshape(v.Len(), 1)))
	sigma := autograd.Sum(autograd.Mul(wv, t.Const(u.Reshape(u.Len(), 1))))
	return autograd.Linear(x, autograd.Div(w, sigma), useOrNil(t, l.Bias))
}

// iterate returns v = wᵀu/|wᵀu| and u = wv/|wv|, computed in float64.
func (l *SpectralNormLinear) iterate() (u, v *tensor.Tensor) {
	w := l.WeightOrig.Value().Cast(tensor.Float64)
	rows, cols := w.Dim(0), w.Dim(1)
	data, old := tensor.Data[float64](w), tensor.Data[float64](l.WeightU.Value().Cast(tensor.Float64))
	nu, nv := make([]float64, rows), make([]float64, cols)
	for i, f := range old {
		for j, x := range data[i*cols : (i+1)*cols] {
			nv[j] += f * x
		}
	}
	normalise(nv, l.Eps)
	for i := range nu {
		for j, x := range data[i*cols : (i+1)*cols] {
			nu[i] += x * nv[j]
		}
	}
	normalise(nu, l.Eps)
	d := l.WeightU.Value().DType()
	return tensor.FromSlice(nu).Cast(d), tensor.FromSlice(nv).Cast(d)
}

// normalise divides x by its length, or by eps if that is more.
func normalise(x []float64, eps float64) {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	length := max(math.Sqrt(sum), eps)
	for i := range x {
		x[i] /= length
	}
}
