// What synchronising costs, as the part of a step that is not computing.

package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train"
)

// syncWays are the strategies, with gradients whole and in 16 bits.
var syncWays = []struct {
	sync train.Sync
	wire collectives.Wire
}{
	{train.AllReduce, collectives.Float32Wire},
	{train.AllReduce, collectives.BFloat16Wire},
	{train.Sharded, collectives.Float32Wire},
	{train.Sharded, collectives.BFloat16Wire},
}

// Sync trains each of OverlapCases on g's ranks, all of them at the same time, alone and then by each strategy, by turns,
// and writes on rank 0 the median time of a step alone, and what each strategy adds to it, in % of it. BigDL's paper
// (arXiv:1804.05839, Figure 6) has 4 % at 4 nodes, for Inception-v1 on 32-core Xeons and 10 Gb Ethernet: batches of seconds. Of a
// shorter step the same bytes are a larger part. Where the ranks share cores, the sums and updates of all count, too.
//
// Every rank of g calls it.
func Sync(ctx context.Context, g *collectives.Group, w io.Writer, steps, rounds int) error {
	if g.Rank() == 0 {
		fmt.Fprintf(w, "%d ranks, %s\n%-50s %10s", g.Size(), g.Explain(), "ms a step, median; what synchronising adds", "alone")
		for _, way := range syncWays {
			fmt.Fprintf(w, " %15s", way.sync.String()+map[bool]string{true: ", " + way.wire.String()}[way.wire != collectives.Float32Wire])
		}
		fmt.Fprintln(w)
	}
	for _, c := range OverlapCases {
		times := make([][]time.Duration, 1+len(syncWays))
		for range rounds {
			for i := range times {
				way, s := 0, syncWays[0]
				if i > 0 {
					way, s = 2, syncWays[i-1]
				}
				if err := collectives.Barrier(ctx, g); err != nil {
					return err
				}
				t, err := c.run(ctx, g, way, s.sync, s.wire, steps)
				if err != nil {
					return fmt.Errorf("bench: %s: %w", c.Name, err)
				}
				times[i] = append(times[i], t...)
			}
		}
		ms := make([]float64, len(times))
		for i, t := range times {
			slices.Sort(t)
			ms[i] = float64(t[len(t)/2]) / 1e6
		}
		if err := collectives.AllReduce(ctx, g, ms, collectives.Mean); err != nil {
			return err
		}
		if g.Rank() == 0 {
			fmt.Fprintf(w, "%-50s %10.2f", c.Name, ms[0])
			for _, t := range ms[1:] {
				fmt.Fprintf(w, " %14.1f%%", 100*(t/ms[0]-1))
			}
			fmt.Fprintln(w)
		}
	}
	return nil
}
