package tcp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// After the first few an operation allocates nothing, over any carrier, whether it is short enough for one message or not.
func TestNoAllocations(t *testing.T) {
	for _, carrier := range carriers() {
		for _, n := range []int{1 << 10, 1 << 18} {
			t.Run(fmt.Sprintf("%s/%d", carrier, n), func(t *testing.T) {
				var gs [2]*collectives.Group
				for r, e := range open(t, 2, func(c *tcp.Config) { c.Carrier = carrier }) {
					var err error
					gs[r], err = collectives.New(e, collectives.Config{})
					require.NoError(t, err)
				}
				step := func(r int, buf []float32) error {
					return collectives.AllReduce(t.Context(), gs[r], buf, collectives.Sum)
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					for buf := make([]float32, n); step(1, buf) == nil; {
					}
				}()
				buf := make([]float32, n)
				assert.Zero(t, alloctest.PerRun(50, func() { // counts both ranks
					if err := step(0, buf); err != nil {
						t.Error(err)
					}
				}))
				gs[0].Close()
				<-done
			})
		}
	}
}
