package metrics_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/train/metrics"
)

// TestOverRanks evaluates as ranks do: each takes every third sample, states go round by AllGatherV, and all ranks
// end with the bits of one that took all.
func TestOverRanks(t *testing.T) {
	cases := peers(t)
	err := launch.Local(t.Context(), 3, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		for _, name := range []string{"auc", "f1-macro", "r2", "map", "bleu", "log-loss"} {
			for _, c := range cases {
				if c.Metric != name {
					continue
				}
				m, err := metrics.ByName(name)
				if err != nil {
					return err
				}
				whole, mine, total := m.New(), m.New(), m.New()
				if err := whole.Add(c.output, c.target); err != nil {
					return err
				}
				for i := g.Rank(); i < c.output.Dim(0); i += g.Size() {
					if err := mine.Add(c.output.Slice(0, i, i+1), c.target.Slice(0, i, i+1)); err != nil {
						return err
					}
				}
				states, counts, err := collectives.AllGatherV(ctx, g, nil, mine.State())
				if err != nil {
					return err
				}
				for _, n := range counts {
					if err := total.Merge(states[:n]); err != nil {
						return err
					}
					states = states[n:]
				}
				if !same(total.Value(), whole.Value()) {
					t.Errorf("%s %s on rank %d: %v, want %v", name, c.Name, g.Rank(), total.Value(), whole.Value())
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
}
