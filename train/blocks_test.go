package train

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSlicesAreBlocks: the ranks' slices follow each other, cut no block, and differ by at most one.
func TestSlicesAreBlocks(t *testing.T) {
	for n, block := range map[int]int{0: 1, 1: 1, 43: 1, 255: 1, 256: 2, 511: 2, 512: 4, 61_706: 256, 1<<19 - 1: 2048, 1 << 19: 4096,
		36_000_001: 4096} {
		require.Equal(t, block, blockLen(n), "n = %d", n)
		for _, size := range []int{1, 2, 3, 7, 64} {
			bounds := sliceBounds(n, size)
			require.Len(t, bounds, size+1)
			assert.Equal(t, []int{0, n}, []int{bounds[0], bounds[size]})
			shortest, longest := n, 0
			for r := range size {
				lo, hi := bounds[r], bounds[r+1]
				if r < size-1 && hi < n {
					require.Zero(t, hi%block, "n = %d, rank %d of %d", n, r, size)
				}
				shortest, longest = min(shortest, hi-lo), max(longest, hi-lo)
			}
			require.Less(t, longest-shortest, 2*block, "n = %d, %d ranks: the last block may be short", n, size)
		}
	}
}
