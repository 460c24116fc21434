package layers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// SinusoidalEncoding adds to each step waves of its place: feature 2i gets sin(t/10000^(2i/D)), feature 2i+1 the cosine.
//
//	x [N, T, D]   y as x
//
// It has no parameters. Source: Vaswani et al., arXiv:1706.03762.
type SinusoidalEncoding struct {
	mu    sync.Mutex
	table *tensor.Tensor // Float64 [steps, D], as long as was needed so far
}

// NewSinusoidalEncoding returns the encoding.
func NewSinusoidalEncoding() *SinusoidalEncoding { return &SinusoidalEncoding{} }

// Forward returns x with the encoding added.
func (l *SinusoidalEncoding) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if x.Rank() != 3 {
		panic(fmt.Sprintf("layers: SinusoidalEncoding: x %v, want [N, T, D]", x.Shape()))
	}
	steps, d := x.Dim(1), x.Dim(2)
	l.mu.Lock()
	if l.table == nil || l.table.Dim(0) < steps || l.table.Dim(1) != d || l.table.DType() != x.DType() {
		l.table = waves(steps, d).Cast(x.DType())
	}
	table := l.table
	l.mu.Unlock()
	return autograd.Add(x, t.Const(table.Slice(0, 0, steps)))
}

func waves(steps, d int) *tensor.Tensor {
	table := tensor.New(tensor.Float64, steps, d)
	w := tensor.Data[float64](table)
	for t := range steps {
		for i := range d {
			angle := float64(t) / math.Pow(10000, float64(i&^1)/float64(d))
			if i%2 == 0 {
				w[t*d+i] = math.Sin(angle)
			} else {
				w[t*d+i] = math.Cos(angle)
			}
		}
	}
	return table
}

// LearnedEncoding adds to each step a vector of its place that is learned, as in BERT and GPT-2.
//
//	x [N, T, D], T at most Steps   Weight [Steps, D]   y as x
type LearnedEncoding struct{ Weight *autograd.Param }

// NewLearnedEncoding returns an encoding for up to steps steps, drawn from the normal distribution of deviation 0.02.
func NewLearnedEncoding(rng *rand.Rand, steps, features int) *LearnedEncoding {
	positive("NewLearnedEncoding", "steps", steps)
	positive("NewLearnedEncoding", "features", features)
	return &LearnedEncoding{newParam(rng, Normal(0, 0.02), steps, features)}
}

// Forward returns x with the encoding added. It panics if x has more steps than there are vectors.
func (l *LearnedEncoding) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	if w := l.Weight.Value(); x.Rank() != 3 || x.Dim(1) > w.Dim(0) || x.Dim(2) != w.Dim(1) {
		panic(fmt.Sprintf("layers: LearnedEncoding: x %v, want [N, T, %d] with T at most %d", x.Shape(), w.Dim(1), w.Dim(0)))
	}
	return autograd.Add(x, autograd.Slice(t.Use(l.Weight), 0, 0, x.Dim(1)))
}
