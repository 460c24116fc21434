package csv

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// An epoch over a folder of CSV files has every row once, whatever partitions there are, files without rows among them, and
// is in the same order at every reading; ids stay exact.
func TestEpoch(t *testing.T) {
	fsys := fstest.MapFS{"d/part-9": &fstest.MapFile{Data: []byte("id,name\n")}}
	const n = 5000
	id := func(i int) int64 { return 1<<53 + 1 + 2*int64(i) }
	for f := range 4 {
		var text strings.Builder
		text.WriteString("id,name\n")
		for i := f * n / 4; i < (f+1)*n/4; i++ {
			fmt.Fprintf(&text, "%d,\"name\n%d\"\n", id(i), i)
		}
		fsys[fmt.Sprintf("d/part-%d", f)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	tab, err := Open(t.Context(), fsys, "d", Config{BlockBytes: 4096})
	require.NoError(t, err)
	src, err := table.Choose(t.Context(), tab, table.Config{Columns: []table.Pick{{Name: "id"}, {Name: "name"}}})
	require.NoError(t, err)
	for _, parts := range []int{1, 3} {
		plan := dataset.Plan{N: src.Len(), BatchSize: 64, Partitions: parts, Shuffle: true, Seed: 1, Window: 500}
		var orders [2][]int64
		for k := range orders {
			for p := range parts {
				r := plan.Epoch(2).Open(src, p, 0)
				for {
					b, err := r.Next(t.Context())
					if err == io.EOF {
						break
					}
					require.NoError(t, err)
					for i, v := range tensor.Data[int64](b.X) {
						orders[k] = append(orders[k], v)
						require.Equal(t, fmt.Sprintf("name\n%d", (v-id(0))/2), string(b.Text("name", i)))
					}
				}
				r.Close()
			}
		}
		assert.Equal(t, orders[0], orders[1])
		seen := map[int64]bool{}
		for _, v := range orders[0] {
			seen[v] = true
		}
		assert.Len(t, orders[0], n)
		assert.Len(t, seen, n)
	}
}
