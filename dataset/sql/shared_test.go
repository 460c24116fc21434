package sql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport/inproc"
	"github.com/tutti-ml/tutti/dataset/table"
)

// onRanks runs fn on each rank of a group.
func onRanks(t *testing.T, n int, c collectives.Config, fn func(g *collectives.Group)) {
	var all sync.WaitGroup
	for _, end := range inproc.NewWorld(n) {
		g, err := collectives.New(end, c)
		require.NoError(t, err)
		all.Go(func() {
			defer g.Close()
			fn(g)
		})
	}
	all.Wait()
}

// A query runs once, on rank 0, whether the others have links to its files or their bytes; each keeps its own copy after
// rank 0 has closed. It may take longer than the group's time limit.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name  string
		links func(rank int) bool
		slow  time.Duration
	}{
		{"links", func(int) bool { return true }, 0},
		{"bytes", func(int) bool { return false }, 0},
		{"both", func(rank int) bool { return rank == 1 }, 0},
		{"slow", func(int) bool { return true }, 3500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const n = 1500
			timeout := 3 * time.Second
			if c.slow == 0 {
				timeout = time.Minute
			}
			var queries sync.Map
			var closed sync.WaitGroup
			closed.Add(1)
			onRanks(t, 3, collectives.Config{Timeout: timeout}, func(g *collectives.Group) {
				f := &fake{columns: []fakeColumn{{name: "n"}, {name: "late"}}}
				f.rows = func(row int) ([]driver.Value, error) {
					if row == 0 {
						time.Sleep(c.slow)
					}
					if row == n {
						return nil, io.EOF
					}
					v := []driver.Value{int64(row) + 1000*int64(g.Rank()), nil}
					if row > 1200 {
						v[1] = "x"
					}
					return v, nil
				}
				var last int64
				tab, err := Shared(context.Background(), g, f.db(t), "select", nil, Config{Dir: dir, headRows: 1000, noLinks: !c.links(g.Rank()),
					Progress: func(rows, _ int64) { last = rows }})
				queries.Store(g.Rank(), f.queries.Load())
				if !assert.NoError(t, err) {
					return
				}
				assert.Equal(t, int64(n), last)
				if g.Rank() == 0 {
					assert.NoError(t, tab.Close())
					closed.Done()
					return
				}
				closed.Wait()
				rows, err := table.ReadAll(context.Background(), tab)
				assert.NoError(t, err)
				assert.Equal(t, n, rows.N)
				assert.Equal(t, []any{int64(1200), nil}, rows.At(1200), "rank 0's rows")
				assert.Equal(t, []any{int64(n - 1), "x"}, rows.At(n-1))
				assert.False(t, tab.Schema()[0].Nullable)
				assert.NoError(t, tab.Close())
			})
			for rank, want := range []int64{1, 0, 0} {
				got, _ := queries.Load(rank)
				assert.Equal(t, want, got, "queries of rank %d", rank)
			}
		})
	}
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// A query that fails, and a rank that cannot keep its rows, fail on all ranks, and say so.
func TestSharedFails(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	texts := map[string]string{}
	onRanks(t, 2, collectives.Config{}, func(g *collectives.Group) {
		note := func(what string, err error) {
			mu.Lock()
			defer mu.Unlock()
			texts[fmt.Sprintf("%s, rank %d", what, g.Rank())] = fmt.Sprint(err)
		}
		bad := &fake{columns: []fakeColumn{{name: "n"}}, rows: list(int64(1), "x")}
		_, err := Shared(context.Background(), g, bad.db(t), "select", nil, Config{Dir: dir})
		note("query", err)
		good := &fake{columns: []fakeColumn{{name: "n"}}, rows: numbers(10)}
		c := Config{Dir: dir, noLinks: true}
		if g.Rank() == 1 {
			c.Dir = dir + "/none"
		}
		_, err = Shared(context.Background(), g, good.db(t), "select", nil, c)
		note("copy", err)
	})
	assert.Contains(t, texts["query, rank 0"], `dataset: query: column "n", row 1: "x", a string, is no int64`)
	assert.Contains(t, texts["query, rank 1"], `dataset: query: on rank 0: dataset: query: column "n", row 1: "x"`)
	assert.Contains(t, texts["copy, rank 0"], "dataset: query: rank 1 could not keep its copy of the rows")
	assert.Contains(t, texts["copy, rank 1"], "no such file or directory")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
