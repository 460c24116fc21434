package optim

import "github.com/tutti-ml/tutti/internal/option"

// Zero is the number 0 in a field whose zero value means its default: AdamW{WeightDecay: optim.Zero} does not decay,
// AdamW{} does by 0.01. It is the smallest float64 above 0, and taken for exactly 0.
const Zero = option.Zero

// exactly says v to a field whose 0 means its default.
func exactly(v float64) float64 {
	if v == 0 {
		return Zero
	}
	return v
}
