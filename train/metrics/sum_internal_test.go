package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSumCarriesInTime looks at a sum to whose digits as many numbers were added as they have room for.
func TestSumCarriesInTime(t *testing.T) {
	s := Sum{added: maxAdded}
	s.digits[33] = maxAdded * math.MaxUint32
	before := s.Value()
	s.Add(0)
	assert.Equal(t, 2, s.added)
	for i, d := range s.digits {
		assert.Less(t, d, int64(1)<<32, "digit %d", i)
	}
	assert.Equal(t, before, s.Value())
}
