package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// TestSkipChangesNothing: weights, running statistics and moments are those before the step, bit by bit.
func TestSkipChangesNothing(t *testing.T) {
	for _, sync := range []Sync{AllReduce, Sharded} {
		x := make([]float32, 2*61)
		x[2*60] = float32(math.NaN())
		for i := range 60 {
			x[2*i] = float32(i)
		}
		require.NoError(t, launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			c := plain(7)
			c.Train = dataset.FromTensors(tensor.FromSlice(x, 61, 2), tensor.New(tensor.Float32, 61, 1))
			c.Sync, c.NoShuffle, c.OnNotFinite, c.ClipNorm = sync, true, NotFiniteSkip, 1
			j, err := newJob(c, 2)
			defer j.release()
			if err != nil {
				return err
			}
			s, err := newSession[float32](ctx, j, g, nil)
			if err != nil {
				return err
			}
			defer s.close()
			state := func() [][]byte {
				shot, err := s.snapshot()
				require.NoError(t, err)
				var all [][]byte
				for _, p := range shot.pieces {
					all = append(all, slices.Clone(tensor.Bytes(p.data)))
				}
				return all
			}
			if err := advance(ctx, s, 3); err != nil {
				return err
			}
			before, steps := state(), s.dense.taken()
			if err := advance(ctx, s, 1); err != nil {
				return err
			}
			if s.at.Skipped != 1 || s.at.Step != 4 || s.dense.taken() != steps || !slices.EqualFunc(before, state(), slices.Equal) {
				t.Errorf("%v: at %+v, %d steps of the optimizer; or the state has changed", sync, s.at, s.dense.taken())
			}
			return nil
		}))
	}
}
