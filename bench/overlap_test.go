package bench

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/train"
)

// What it measures is for people; that it measures every case, in every way, is for the test.
func TestOverlap(t *testing.T) {
	cases := OverlapCases
	t.Cleanup(func() { OverlapCases = cases })
	OverlapCases = cases[:1]
	var out bytes.Buffer
	err := launch.Local(t.Context(), 2, collectives.Config{Algorithm: collectives.Ring}, func(ctx context.Context, g *collectives.Group) error {
		return Overlap(ctx, g, &out, train.AllReduce, collectives.BFloat16Wire, 2, 1)
	})
	require.NoError(t, err)
	require.Contains(t, out.String(), "2 ranks, allreduce, gradients in bf16, ring, as configured")
	require.Regexp(t, `LeNet-5, 62 k parameters +\d+\.\d+ +\d+\.\d+ +\d+\.\d+ +\d+\.\d+ +-?\d+%`, out.String())
}

func TestSync(t *testing.T) {
	cases := OverlapCases
	t.Cleanup(func() { OverlapCases = cases })
	OverlapCases = cases[:1]
	var out bytes.Buffer
	err := launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		return Sync(ctx, g, &out, 2, 1)
	})
	require.NoError(t, err)
	require.Regexp(t, `alone +allreduce +allreduce, bf16 +sharded +sharded, bf16\n`, out.String())
	require.Regexp(t, `LeNet-5, 62 k parameters +\d+\.\d+( +-?\d+\.\d%){4}\n`, out.String())
}
