package models

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Autoencoder squeezes its input through a narrow code and learns to bring it back.
//
//	x [N, ...], sizes[0] elements a sample   code [N, sizes[last]]   y [N, sizes[0]] logits
//
// Train it with layers.BCEWithLogits on inputs between 0 and 1, or with layers.MSE on others. Source: Hinton and Salakhutdinov,
// Science 313 (2006).
type Autoencoder struct {
	Encoder, Decoder layers.Sequential
}

// NewAutoencoder returns an autoencoder whose encoder has layers of the given sizes, 784, 1000, 500, 250 and 30 in the paper, and
// whose decoder has them the other way round, with ReLU between.
func NewAutoencoder(rng *rand.Rand, sizes ...int) *Autoencoder {
	return &Autoencoder{MLP(rng, sizes...), MLP(rng, backwards(sizes)...)}
}

// Forward returns the input as the code remembers it.
func (m *Autoencoder) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return m.Decoder.Forward(t, m.Encoder.Forward(t, x))
}

// VAE is a variational autoencoder: the encoder gives a normal distribution of codes for each sample, and codes near each other
// mean similar samples, so that random codes give new ones.
//
//	x [N, ...], sizes[0] elements a sample, between 0 and 1   y [N, sizes[0]] logits
//
// Source: Kingma and Welling, arXiv:1312.6114.
type VAE struct {
	Encoder      layers.Sequential // up to the last hidden layer
	Mean, LogVar *layers.Linear    // of the code's distribution
	Decoder      layers.Sequential
}

// NewVAE returns a VAE whose encoder has layers of the given sizes, the last the code's, and whose decoder has them the other way
// round. The paper has 784, 500 and 2 to 20.
func NewVAE(rng *rand.Rand, sizes ...int) *VAE {
	if len(sizes) < 3 {
		panic(fmt.Sprintf("models: NewVAE: sizes %v: want those of the input, a hidden layer and the code at least", sizes))
	}
	hidden, code := sizes[len(sizes)-2], sizes[len(sizes)-1]
	return &VAE{
		Encoder: append(MLP(rng, sizes[:len(sizes)-1]...), layers.ReLU{}),
		Mean:    layers.NewLinear(rng, hidden, code),
		LogVar:  layers.NewLinear(rng, hidden, code),
		Decoder: MLP(rng, backwards(sizes)...),
	}
}

// Encode returns the means of the codes and the logarithms of their variances.
func (m *VAE) Encode(t *autograd.Tape, x *autograd.Var) (mean, logVar *autograd.Var) {
	h := m.Encoder.Forward(t, x)
	return m.Mean.Forward(t, h), m.LogVar.Forward(t, h)
}

// Forward returns the input as a code drawn for it remembers it, or on an infer tape, the mean of the codes.
func (m *VAE) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	mean, logVar := m.Encode(t, x)
	return m.Decoder.Forward(t, sample(mean, logVar))
}

// Loss returns minus the evidence lower bound, per sample: the cross-entropy of the reconstruction with x, summed over the
// elements, plus the divergence of the code's distribution from the standard normal one.
func (m *VAE) Loss(t *autograd.Tape, x *tensor.Tensor) *autograd.Var {
	if x.Dim(0) == 0 {
		panic("models: VAE: Loss: a batch of nothing has none")
	}
	in := autograd.Flatten(t.Const(x))
	mean, logVar := m.Encode(t, in)
	y := m.Decoder.Forward(t, sample(mean, logVar))
	miss := autograd.Sum(autograd.BinaryCrossEntropyWithLogits(y, in))
	// KL = −½·Σ (1 + log σ² − μ² − σ²)
	spread := autograd.Sub(autograd.Add(autograd.Mul(mean, mean), autograd.Exp(logVar)), autograd.AddScalar(logVar, 1))
	return autograd.Scale(autograd.Add(miss, autograd.Scale(autograd.Sum(spread), 0.5)), 1/float64(x.Dim(0)))
}

// sample draws codes as mean + σ·ε, through which gradients flow to mean and σ.
func sample(mean, logVar *autograd.Var) *autograd.Var {
	noise := autograd.GaussianNoise(autograd.Scale(mean, 0), 1) // ε; nothing on an infer tape
	return autograd.Add(mean, autograd.Mul(autograd.Exp(autograd.Scale(logVar, 0.5)), noise))
}

func backwards(sizes []int) []int {
	out := make([]int, len(sizes))
	for i, s := range sizes {
		out[len(sizes)-1-i] = s
	}
	return out
}
