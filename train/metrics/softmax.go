package metrics

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/elementary"
)

// softmax replaces logits by their probabilities.
func softmax(name string, r int, x []float64) ([]float64, error) {
	most := x[argMax(x)]
	if math.IsInf(most, 0) {
		return nil, fmt.Errorf("metrics: %s: the largest of the logits of row %d is %v", name, r, most)
	}
	sum := 0.0
	for i, v := range x {
		x[i] = elementary.Exp(v - most)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
	return x, nil
}
