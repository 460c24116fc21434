package train

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
)

// feedback keeps what rounding to 16 bits takes from this rank's gradient, and adds it to the next step's, so that over
// the steps nothing is lost. (Seide et al., "1-bit stochastic gradient descent", 2014; Karimireddy et al., "Error feedback
// fixes SignSGD", arXiv:1901.09847.)
type feedback struct {
	wire    collectives.Wire
	rest    []float32 // owed, for each weight
	bits    []uint16
	rounded []float32
}

const feedbackBlock = 4096 // elements that stay in the first cache

func newFeedback(wire collectives.Wire, n int) *feedback {
	return &feedback{wire, make([]float32, n), make([]uint16, feedbackBlock), make([]float32, feedbackBlock)}
}

// apply rounds grad, the gradient of the weights from lo on, after adding what is owed to it. A gradient that is not
// finite leaves nothing owed: the step will not be taken, or the debt would never be finite again.
func (f *feedback) apply(grad []float32, lo int) {
	for len(grad) > 0 {
		n := min(len(grad), feedbackBlock)
		g, rest, bits, rounded := grad[:n], f.rest[lo:lo+n], f.bits[:n], f.rounded[:n]
		vec.Add(g, g, rest)
		if f.wire == collectives.BFloat16Wire {
			vec.ToBFloat16(bits, g)
			vec.FromBFloat16(rounded, bits)
		} else {
			vec.ToFloat16(bits, g)
			vec.FromFloat16(rounded, bits)
		}
		vec.Sub(rest, g, rounded)
		copy(g, rounded)
		grad, lo = grad[n:], lo+n
	}
}

// forget drops what is owed.
func (f *feedback) forget() { clear(f.rest) }
