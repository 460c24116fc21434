package train_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train"
)

// TestStepAllocations counts the heap allocations of a whole step, reading, forward, backward, synchronisation over two
// ranks and update, as what the steps of ten more epochs add to a run. Evaluation and the epoch's own bookkeeping are in
// the figure, spread over its 7 steps.
func TestStepAllocations(t *testing.T) {
	mallocs := func(sync train.Sync, epochs int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		results := onRanks(t, 2, sync, func(_ int, c *train.Config) { c.Epochs, c.Partitions = epochs, 2 })
		runtime.ReadMemStats(&after)
		require.NoError(t, results[0].err)
		return after.Mallocs - before.Mallocs
	}
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		t.Run(sync.String(), func(t *testing.T) {
			mallocs(sync, 1) // warm the pools
			few, many := mallocs(sync, 2), mallocs(sync, 12)
			const ranks, steps = 2, 10 * 7
			perStep := (float64(many) - float64(few)) / (ranks * steps)
			t.Logf("%.1f allocations a step and rank", perStep)
			require.Less(t, perStep, 100.0)
		})
	}
}
