package vec

import "github.com/tutti-ml/tutti/blas/kernel"

// SGDCoef holds the coefficients of a step of SGD on float32.
type SGDCoef = SGDCoefOf[float32]

// SGDCoefOf holds the coefficients of one step of SGD with momentum, the same for every element.
type SGDCoefOf[T Float] struct {
	Decay    T    // L2 penalty: Decay·w is added to the gradient
	Momentum T    // the buffer keeps Momentum of itself
	New      T    // and takes in New = 1-dampening of the gradient
	Nesterov bool // step along g' + Momentum·buffer instead of the buffer
	Rate     T
}

// SGD updates weights w from gradient g without momentum, in one pass: w ← w - rate·(g + decay·w).
//
// Every product is rounded before it is added, so the bits are the same on every machine.
func SGD[T Float](w, g []T, decay, rate T) {
	same("SGD", len(w), len(g))
	t := newStepTask[T]()
	t.w, t.g, t.sgd = w, g, SGDCoefOf[T]{Decay: decay, Rate: rate}
	t.spread()
}

func sgd[T Float](w, g []T, decay, rate T) {
	if single[T]() && kernel.Steps(isa) {
		kernel.SGD(as32(w), as32(g), float32(decay), float32(rate))
		return
	}
	g = g[:len(w)]
	for i := range w {
		w[i] -= T(rate * (g[i] + T(decay*w[i])))
	}
}

// SGDMomentum updates weights w and momentum buffer b from gradient g, in one pass:
//
//	g' = g + Decay·w;  b ← Momentum·b + New·g';  w ← w - Rate·b,  or with Nesterov  w ← w - Rate·(g' + Momentum·b)
//
// Every product is rounded before it is added, so the bits are the same on every machine.
// Source: Sutskever, Martens, Dahl and Hinton, ICML 2013, in PyTorch's form, where the rate multiplies the buffer.
func SGDMomentum[T Float](w, g, b []T, c SGDCoefOf[T]) {
	same("SGDMomentum", len(w), len(g))
	same("SGDMomentum", len(w), len(b))
	t := newStepTask[T]()
	t.w, t.g, t.m, t.sgd = w, g, b, c
	t.spread()
}

func sgdMomentum[T Float](w, g, b []T, c *SGDCoefOf[T]) {
	if single[T]() && kernel.Steps(isa) {
		kernel.Momentum(as32(w), as32(g), as32(b), float32(c.Decay), float32(c.Momentum), float32(c.New), float32(c.Rate),
			c.Nesterov)
		return
	}
	g, b = g[:len(w)], b[:len(w)]
	for i := range w {
		gi := g[i] + T(c.Decay*w[i])
		bi := T(c.Momentum*b[i]) + T(c.New*gi)
		b[i] = bi
		step := bi
		if c.Nesterov {
			step = gi + T(c.Momentum*bi)
		}
		w[i] -= T(c.Rate * step)
	}
}
