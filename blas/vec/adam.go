package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// AdamCoef holds the coefficients of one step of Adam, the same for every element.
type AdamCoef struct {
	Keep         float32 // the weights are multiplied by it first: 1 - rate·decay for decoupled decay, else 1
	Decay        float32 // L2 penalty: Decay·w is added to the gradient
	Beta1, Beta2 float32 // the moments keep Beta1 and Beta2 of themselves
	New1, New2   float32 // and take in New1 = 1-Beta1 of g and New2 = 1-Beta2 of g²
	Rate         float32 // learning rate over the first moment's bias correction, 1 - Beta1ᵗ
	Root         float32 // 1/√ of the second moment's bias correction, 1 - Beta2ᵗ
	Eps          float32
}

// Adam updates weights w and moments m and v from gradient g, in one pass:
//
//	w ← Keep·w;  g' = g + Decay·w;  m ← Beta1·m + New1·g';  v ← Beta2·v + New2·g'²;  w ← w - Rate·m / (Root·√v + Eps)
//
// Every product is rounded to float32 before it is added, so the bits are the same on every machine.
// Source: Kingma and Ba, arXiv:1412.6980; decoupled decay, Loshchilov and Hutter, arXiv:1711.05101.
func Adam(w, g, m, v []float32, c AdamCoef) {
	same("Adam", len(w), len(g))
	same("Adam", len(w), len(m))
	same("Adam", len(w), len(v))
	t := newStepTask()
	t.w, t.g, t.m, t.v, t.adam = w, g, m, v, c
	t.spread()
}

func adam(w, g, m, v []float32, c *AdamCoef) {
	if kernel.Steps(isa) {
		kernel.Adam(w, g, m, v, &[...]float32{c.Keep, c.Decay, c.Beta1, c.Beta2, c.New1, c.New2, c.Rate, c.Root, c.Eps})
		return
	}
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	for i := range w {
		wi := c.Keep * w[i]
		gi := g[i] + float32(c.Decay*wi)
		mi := float32(c.Beta1*m[i]) + float32(c.New1*gi)
		vi := float32(c.Beta2*v[i]) + float32(c.New2*float32(gi*gi))
		m[i], v[i] = mi, vi
		root := float32(math.Sqrt(float64(vi)))
		w[i] = wi - float32(float32(c.Rate*mi)/(float32(c.Root*root)+c.Eps))
	}
}
