package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// AdamCoef holds the coefficients of a step of Adam on float32.
type AdamCoef = AdamCoefOf[float32]

// AdamCoefOf holds the coefficients of one step of Adam, the same for every element.
type AdamCoefOf[T Float] struct {
	Keep         T // the weights are multiplied by it first: 1 - rate·decay for decoupled decay, else 1
	Decay        T // L2 penalty: Decay·w is added to the gradient
	Beta1, Beta2 T // the moments keep Beta1 and Beta2 of themselves
	New1, New2   T // and take in New1 = 1-Beta1 of g and New2 = 1-Beta2 of g²
	Rate         T // learning rate over the first moment's bias correction, 1 - Beta1ᵗ
	Root         T // 1/√ of the second moment's bias correction, 1 - Beta2ᵗ
	Eps          T
}

// Adam updates weights w and moments m and v from gradient g, in one pass:
//
//	w ← Keep·w;  g' = g + Decay·w;  m ← Beta1·m + New1·g';  v ← Beta2·v + New2·g'²;  w ← w - Rate·m / (Root·√v + Eps)
//
// Every product is rounded before it is added, so the bits are the same on every machine.
// Source: Kingma and Ba, arXiv:1412.6980; decoupled decay, Loshchilov and Hutter, arXiv:1711.05101.
func Adam[T Float](w, g, m, v []T, c AdamCoefOf[T]) {
	same("Adam", len(w), len(g))
	same("Adam", len(w), len(m))
	same("Adam", len(w), len(v))
	t := newStepTask[T]()
	t.w, t.g, t.m, t.v, t.adam = w, g, m, v, c
	t.spread()
}

func adam[T Float](w, g, m, v []T, c *AdamCoefOf[T]) {
	if single[T]() && kernel.Steps(isa) {
		kernel.Adam(as32(w), as32(g), as32(m), as32(v), &[...]float32{float32(c.Keep), float32(c.Decay), float32(c.Beta1),
			float32(c.Beta2), float32(c.New1), float32(c.New2), float32(c.Rate), float32(c.Root), float32(c.Eps)})
		return
	}
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i := range w {
		wi := T(c.Keep * w[i])
		gi := g[i] + T(c.Decay*wi)
		mi := T(c.Beta1*m[i]) + T(c.New1*gi)
		vi := T(c.Beta2*v[i]) + T(c.New2*T(gi*gi))
		m[i], v[i] = mi, vi
		root := T(math.Sqrt(float64(vi)))
		w[i] = wi - T(T(c.Rate*mi)/(T(c.Root*root)+c.Eps))
	}
}
