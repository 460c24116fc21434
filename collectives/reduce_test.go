package collectives

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// A mean over 256 ranks or more divides bytes by a number that is none.
func TestMeanOfBytesOnManyRanks(t *testing.T) {
	p := []byte{255, 0, 100}
	finish(transport.Uint8, Mean, 256, p)
	assert.Equal(t, []byte{0, 0, 0}, p)
	p = []byte{255, 0, 100}
	finish(transport.Uint8, Mean, 3, p)
	assert.Equal(t, []byte{85, 0, 33}, p)
}

// Alone is a group whose operations leave data as they are.
func TestAlone(t *testing.T) {
	g, buf := Alone(), []float32{1, 2, 3}
	assert.NoError(t, AllReduce(t.Context(), g, buf, Sum))
	assert.NoError(t, AllGather(t.Context(), g, buf))
	assert.NoError(t, Broadcast(t.Context(), g, buf, 0))
	assert.NoError(t, Barrier(t.Context(), g))
	recv := [][]float32{make([]float32, 3)}
	assert.NoError(t, AllToAll(t.Context(), g, [][]float32{buf}, recv))
	assert.Equal(t, []float32{1, 2, 3}, recv[0])
	assert.Equal(t, 0, g.Rank())
	assert.Equal(t, 1, g.Size())
	assert.NoError(t, g.Close())
}
