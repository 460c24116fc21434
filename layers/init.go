package layers

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/tensor"
)

// Init fills a new parameter. The same generator gives the same numbers on every machine.
type Init func(rng *rand.Rand, x *tensor.Tensor)

// Zeros fills with zeros.
func Zeros(_ *rand.Rand, x *tensor.Tensor) { x.Zero() }

// Ones fills with ones.
func Ones(_ *rand.Rand, x *tensor.Tensor) { x.Fill(1) }

// Constant returns an Init that fills with v.
func Constant(v float64) Init { return func(_ *rand.Rand, x *tensor.Tensor) { x.Fill(v) } }

// Uniform returns an Init that draws evenly from [lo, hi).
func Uniform(lo, hi float64) Init {
	return func(rng *rand.Rand, x *tensor.Tensor) { x.Uniform(rng, lo, hi) }
}

// Normal returns an Init that draws from the normal distribution.
func Normal(mean, std float64) Init {
	return func(rng *rand.Rand, x *tensor.Tensor) { x.Normal(rng, mean, std) }
}

// KaimingUniform draws weights evenly from ±√(6/fanIn), which keeps the variance of activations through layers of ReLU.
// Source: He et al., "Delving deep into rectifiers", arXiv:1502.01852.
func KaimingUniform(rng *rand.Rand, x *tensor.Tensor) {
	fanIn, _ := Fans(x.Shape())
	bound := math.Sqrt(6 / float64(fanIn))
	x.Uniform(rng, -bound, bound)
}

// KaimingNormal draws weights from the normal distribution of variance 2/fanIn; for the reason see KaimingUniform.
func KaimingNormal(rng *rand.Rand, x *tensor.Tensor) {
	fanIn, _ := Fans(x.Shape())
	x.Normal(rng, 0, math.Sqrt(2/float64(fanIn)))
}

// XavierUniform draws weights evenly from ±√(6/(fanIn+fanOut)), which keeps the variance of activations and of gradients
// through layers of tanh. Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
// networks", AISTATS 2010.
func XavierUniform(rng *rand.Rand, x *tensor.Tensor) {
	fanIn, fanOut := Fans(x.Shape())
	bound := math.Sqrt(6 / float64(fanIn+fanOut))
	x.Uniform(rng, -bound, bound)
}

// XavierNormal draws weights from the normal distribution of variance 2/(fanIn+fanOut); for the reason see XavierUniform.
func XavierNormal(rng *rand.Rand, x *tensor.Tensor) {
	fanIn, fanOut := Fans(x.Shape())
	x.Normal(rng, 0, math.Sqrt(2/float64(fanIn+fanOut)))
}

// Fans returns how many inputs an output of a weight [out, in, window...] depends on, and how many outputs an input
// reaches. It panics unless the weight has at least two axes.
func Fans(shape []int) (fanIn, fanOut int) {
	if len(shape) < 2 {
		panic(fmt.Sprintf("layers: Fans: shape %v has no axes of outputs and inputs", shape))
	}
	window := 1
	for _, s := range shape[2:] {
		window *= s
	}
	return shape[1] * window, shape[0] * window
}

// defaultInit is PyTorch's default for weights and biases of linear and convolution layers: evenly from ±1/√fanIn. (There it
// is written as kaiming_uniform_ with a = √5, which comes to the same.)
func defaultInit(fanIn int) Init {
	bound := 1 / math.Sqrt(float64(fanIn))
	return Uniform(-bound, bound)
}

func positive(op, name string, v int) {
	if v <= 0 {
		panic(fmt.Sprintf("layers: %s: %s = %d, want > 0", op, name, v))
	}
}
