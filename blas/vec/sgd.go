package vec

import "github.com/tutti-ml/tutti/blas/kernel"

// SGDCoef holds the coefficients of one step of SGD with momentum, the same for every element.
type SGDCoef struct {
	Decay    float32 // L2 penalty: Decay·w is added to the gradient
	Momentum float32 // the buffer keeps Momentum of itself
	New      float32 // and takes in New = 1-dampening of the gradient
	Nesterov bool    // step along g' + Momentum·buffer instead of the buffer
	Rate     float32
}

// SGD updates weights w from gradient g without momentum, in one pass: w ← w - rate·(g + decay·w).
//
// Every product is rounded to float32 before it is added, so the bits are the same on every machine.
func SGD(w, g []float32, decay, rate float32) {
	same("SGD", len(w), len(g))
	t := newStepTask()
	t.w, t.g, t.sgd = w, g, SGDCoef{Decay: decay, Rate: rate}
	t.spread()
}

func sgd(w, g []float32, decay, rate float32) {
	if kernel.Steps(isa) {
		kernel.SGD(w, g, decay, rate)
		return
	}
	g = g[:len(w)]
	for i := range w {
		w[i] -= float32(rate * (g[i] + float32(decay*w[i])))
	}
}

// SGDMomentum updates weights w and momentum buffer b from gradient g, in one pass:
//
//	g' = g + Decay·w;  b ← Momentum·b + New·g';  w ← w - Rate·b,  or with Nesterov  w ← w - Rate·(g' + Momentum·b)
//
// Every product is rounded to float32 before it is added, so the bits are the same on every machine.
// Source: Sutskever, Martens, Dahl and Hinton, ICML 2013, in PyTorch's form, where the rate multiplies the buffer.
func SGDMomentum(w, g, b []float32, c SGDCoef) {
	same("SGDMomentum", len(w), len(g))
	same("SGDMomentum", len(w), len(b))
	t := newStepTask()
	t.w, t.g, t.m, t.sgd = w, g, b, c
	t.spread()
}

func sgdMomentum(w, g, b []float32, c *SGDCoef) {
	if kernel.Steps(isa) {
		kernel.Momentum(w, g, b, c.Decay, c.Momentum, c.New, c.Rate, c.Nesterov)
		return
	}
	g, b = g[:len(w)], b[:len(w)]
	for i := range w {
		gi := g[i] + float32(c.Decay*w[i])
		bi := float32(c.Momentum*b[i]) + float32(c.New*gi)
		b[i] = bi
		step := bi
		if c.Nesterov {
			step = gi + float32(c.Momentum*bi)
		}
		w[i] -= float32(c.Rate * step)
	}
}
