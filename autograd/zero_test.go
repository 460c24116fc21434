package autograd_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

func TestRotaryBase(t *testing.T) {
	for _, base := range []float64{0, -1} {
		assert.PanicsWithValue(t, fmt.Sprintf("autograd: Rotary: base = %v, want > 0", base),
			func() { autograd.RotaryTables(tensor.Float32, 2, 2, base) })
	}
}

// With a scale of 0 attention weighs all keys alike, so each result is the mean of the values; the default of 1/√1 does
// not.
func TestAttentionOfScaleZero(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	x := tape.Const(tensor.FromSlice([]float32{1, 2, 6}, 1, 3, 1))
	y := autograd.Attention(x, x, x, autograd.AttentionOptions{Heads: 1, Scale: autograd.Zero})
	assert.InDeltaSlice(t, []float32{3, 3, 3}, float32s(y.Value()), 1e-6)
	y = autograd.Attention(x, x, x, autograd.AttentionOptions{Heads: 1})
	assert.Greater(t, float32s(y.Value())[2], float32(5.9))
}
