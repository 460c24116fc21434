package bench

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
)

// In every operation one spoilt element of rank 0's result counts as one wrong, and none without, alone and in company, and
// at lengths that do not divide.
func TestWrongElementsAreFound(t *testing.T) {
	for name, op := range collectiveOps {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 4} {
				for _, n := range []int{1, 2, 7, 64, 1000} {
					for spoilt := range 2 {
						err := launch.Local(t.Context(), size, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
							buf, recv := make([]float32, n), []float32(nil)
							result := buf
							if op.recvLen != nil {
								recv = make([]float32, op.recvLen(size, g.Rank(), n))
								result = recv
							}
							call := op.call(g, buf, recv)
							var row CollectiveRow
							err := row.check(ctx, g, op, func(ctx context.Context) error {
								err := call(ctx)
								if g.Rank() == 0 && spoilt == 1 {
									result[0] += 0.5
								}
								return err
							}, buf, recv)
							assert.Equal(t, spoilt, row.Wrong, "rank %d of %d, %d elements", g.Rank(), size, n)
							return err
						})
						require.NoError(t, err)
					}
				}
			}
		})
	}
}
