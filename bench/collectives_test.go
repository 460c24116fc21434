package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/bench"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
)

// Every operation gives right results at every length, and as many rows as there are sizes, from rank 0 alone.
func TestMeasureCollective(t *testing.T) {
	for _, op := range bench.CollectiveOps() {
		t.Run(op, func(t *testing.T) {
			var rows []bench.CollectiveRow
			c := bench.CollectiveCase{Op: op, Sizes: []int{4, 12, 40_000}, Budget: time.Millisecond}
			err := launch.Local(t.Context(), 3, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
				return bench.MeasureCollective(ctx, g, "job", c, func(r bench.CollectiveRow) error {
					rows = append(rows, r)
					return nil
				})
			})
			require.NoError(t, err)
			require.Len(t, rows, 3)
			for i, r := range rows {
				assert.Equal(t, c.Sizes[i], r.Bytes)
				assert.Zero(t, r.Wrong)
				assert.Equal(t, 3, r.Ranks)
				assert.Positive(t, r.Time)
				assert.InEpsilon(t, float64(r.Bytes)/r.Time/1e3, r.AlgBW, 1e-9)
				factor := map[string]float64{"all_reduce": 4. / 3, "reduce_scatter": 2. / 3, "all_gather": 2. / 3, "all_to_all": 2. / 3,
					"gather": 2. / 3, "scatter": 2. / 3, "broadcast": 1, "reduce": 1, "sendrecv": 1}[op]
				assert.InEpsilon(t, factor, r.BusBW/r.AlgBW, 1e-9, "the bus bandwidth of %s between 3 ranks", op)
			}
		})
	}
}

// A group whose sums are wrong is found out.
func TestMeasureCollectiveCountsWrongElements(t *testing.T) {
	c := bench.CollectiveCase{Op: "all_reduce", Sizes: []int{400}, Budget: time.Millisecond}
	err := launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		if g.Rank() == 0 {
			c := c
			c.Op = "all_reduce"
			return bench.MeasureCollective(ctx, g, "job", c, func(r bench.CollectiveRow) error {
				assert.Equal(t, 3, r.Wrong, "what rank 1 says it has seen, and nothing of rank 0's own")
				return nil
			})
		}
		// Rank 1 does the same calls and then claims three wrong elements.
		buf := make([]float32, 100)
		for i := range buf {
			buf[i] = float32(2 + i%64)
		}
		if err := collectives.AllReduce(ctx, g, buf, collectives.Sum); err != nil {
			return err
		}
		if err := collectives.AllReduce(ctx, g, []int64{3}, collectives.Sum); err != nil {
			return err
		}
		for range 3 {
			if err := collectives.AllReduce(ctx, g, make([]float32, 100), collectives.Sum); err != nil {
				return err
			}
		}
		if err := collectives.AllReduce(ctx, g, []float64{1e12}, collectives.Max); err != nil { // so slow that 5 calls must do
			return err
		}
		for range 5 {
			if err := collectives.AllReduce(ctx, g, make([]float32, 100), collectives.Sum); err != nil {
				return err
			}
		}
		return collectives.AllReduce(ctx, g, []float64{1}, collectives.Mean)
	})
	require.NoError(t, err)
}

func TestCollectiveCaseValidate(t *testing.T) {
	for name, c := range map[string]bench.CollectiveCase{
		`operation "sort"`: {Op: "sort", Sizes: []int{4}},
		"no sizes":         {Op: "reduce"},
		"size 6":           {Op: "reduce", Sizes: []int{8, 6}},
		"size 0":           {Op: "reduce", Sizes: []int{0}},
	} {
		assert.ErrorContains(t, c.Validate(), name)
	}
}

// Jobs over inproc need no processes: the table, and the same as JSON.
func TestCollectiveJobs(t *testing.T) {
	jobs := bench.CollectiveJobs{
		CollectiveCase: bench.CollectiveCase{Op: "all_reduce", Sizes: []int{64, 256}, Budget: time.Millisecond},
		Ranks:          []int{1, 2}, Transports: []string{launch.InProc}, Rounds: 3,
		Algorithms: []collectives.Algorithm{collectives.Ring, collectives.Shuffle},
	}
	var table bytes.Buffer
	require.NoError(t, jobs.Run(t.Context(), &table))
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	require.Len(t, lines, 1+2*2*2, "sizes × ranks × algorithms")
	assert.Equal(t, []string{"#", "job", "ranks", "op", "size", "B", "count", "type", "time", "µs", "algbw", "busbw", "#wrong"}, strings.Fields(lines[0]))
	assert.Equal(t, []string{"inproc", "ring", "1", "all_reduce", "64", "16", "f32"}, strings.Fields(lines[1])[:7])

	jobs.JSON = true
	var text bytes.Buffer
	require.NoError(t, jobs.Run(t.Context(), &text))
	var names []string
	for line := range strings.Lines(text.String()) {
		var r bench.CollectiveRow
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		names = append(names, r.Job)
	}
	slices.Sort(names)
	assert.Equal(t, []string{"inproc ring", "inproc shuffle"}, slices.Compact(names))
}
