package train

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
)

// TestFlow brings gradients to their owners a few elements at a time: weights have the bits of whole buckets, with
// clipping, compression and error feedback, and so has the resumption of a run that had whole ones.
func TestFlow(t *testing.T) {
	defer func(n int) { inFlight = n }(inFlight)
	for name, change := range map[string]func(*Config){
		"plain":    func(*Config) {},
		"clipped":  func(c *Config) { c.ClipNorm = 0.1 },
		"compress": func(c *Config) { c.Compress, c.ErrorFeedback = collectives.BFloat16Wire, true },
		"one":      func(c *Config) { c.Bucket = -1 },
	} {
		for _, ranks := range []int{2, 3, 4} {
			config := func(rank int) Config {
				c := plain(7 + uint64(rank))
				c.Partitions = 2 * ranks // a rank sends one partial sum, but of 3 ranks
				change(&c)
				return c
			}
			inFlight = 32 << 20
			want := trained(t, ranks, config)
			for _, bytes := range []int{1, 16 * ranks, 100} { // one element of each slice, two, and some
				inFlight = bytes
				require.Equal(t, want, trained(t, ranks, config), "%s, %d ranks, %d bytes in flight", name, ranks, bytes)
			}
		}
	}
}
