package train

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// TestAccumulateMemory: eight micro-batches need an eighth of the activations.
func TestAccumulateMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	bytes := func(parts int) float64 {
		net := layers.Sequential{}
		for range 6 {
			net = append(net, layers.NewLinear(rng, 16, 16), layers.Tanh{})
		}
		data := dataset.FromTensors(tensor.New(tensor.Float32, 2048, 16), tensor.New(tensor.Float32, 2048, 16))
		j := begun(t, Config{Model: net, Loss: layers.MSE{}, Train: data, BatchSize: 2048, Accumulate: parts}, 1)
		r := newReplica[float32](0, j)
		r.clock = newPhaseClock(0, 0)
		r.buffers, r.rows = func(int) {}, func(bool) error { return nil }
		r.read(t.Context(), j.plan.Epoch(0), data, 0)
		defer r.close()
		r.step(0, 0, 2048)
		require.NoError(t, r.err)
		return float64(r.tape.Bytes())
	}
	// Each activation is 128 KiB, 16 KiB of a micro-batch, and there are at least 12.
	one, eight := bytes(1), bytes(8)
	require.Greater(t, one, 12*128.0*1024)
	require.InDelta(t, one/8, eight, 0.02*one)
}
