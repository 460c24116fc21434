package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// NumPy refuses the same shapes: np.zeros((0, 2**62-1, 2**62-1)) is "array is too big".
func TestElements(t *testing.T) {
	const big = math.MaxInt / 2
	for _, c := range []struct {
		shape []int
		n     int
		ok    bool
	}{
		{nil, 1, true},
		{[]int{2, 3, 4}, 24, true},
		{[]int{2, 0, 4}, 0, true},
		{[]int{-1, -1}, 0, false},
		{[]int{0, -1}, 0, false},
		{[]int{0, big, big}, 0, false},
		{[]int{big, big, 0}, 0, false},
		{[]int{big, 0, big}, 0, false},
		{[]int{math.MaxInt / 8}, math.MaxInt / 8, true},
		{[]int{math.MaxInt/8 + 1}, 0, false},
		{[]int{0, math.MaxInt / 8}, 0, true},
	} {
		n, ok := tensor.Elements(c.shape)
		assert.Equal(t, c.ok, ok, "%v", c.shape)
		assert.Equal(t, c.n, n, "%v", c.shape)
		if ok && n == 0 {
			assert.Zero(t, tensor.New(tensor.Float64, c.shape...).Len(), "%v", c.shape)
		}
	}
}
