package parquet

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// BenchmarkRead decodes files of 100 MB, by one goroutine, block by block: images of 28×28 bytes with a label, lists of
// 64 float32, and a table of numbers and words with nulls. MB are of decoded values.
//
// The peer is pyarrow on one thread, which reads the files that TUTTI_PARQUET_DIR keeps:
//
//	import pyarrow as pa, pyarrow.parquet as pq, time
//	pa.set_cpu_count(1)
//	for f in ["images", "lists", "mixed"]:
//	    t = time.time(); x = pq.read_table(f + ".parquet", use_threads=False); t = time.time() - t
//	    print(f, len(x) / t, "rows/s")
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name  string
		rows  int
		bytes int64 // of a row
		s     table.Schema
	}{
		{"images", 130_000, 792, table.Schema{{Name: "image", Type: table.Type{Kind: table.Binary, Size: 784}},
			{Name: "label", Type: table.Type{Kind: table.Int}}}},
		{"lists", 400_000, 256, table.Schema{{Name: "x",
			Type: table.Type{Kind: table.List, Elem: &table.Type{Kind: table.Float32}}}}},
		{"mixed", 3_000_000, 32, table.Schema{{Name: "id", Type: table.Type{Kind: table.Int}},
			{Name: "y", Type: table.Type{Kind: table.Float64}, Nullable: true},
			{Name: "word", Type: table.Type{Kind: table.Text}, Nullable: true}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := os.Getenv("TUTTI_PARQUET_DIR")
			if dir == "" {
				dir = b.TempDir()
			}
			path := filepath.Join(dir, c.name+".parquet")
			benchmarkFile(b, path, c.s, c.rows)
			tab, err := Open(table.OS(), path, nil)
			require.NoError(b, err)
			defer tab.Close()
			var rows table.Rows
			b.SetBytes(c.bytes * int64(c.rows))
			b.ReportAllocs()
			for b.Loop() {
				for block, n := range tab.Blocks() {
					if err := tab.Read(context.Background(), block, 0, n, c.s.All(), &rows); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(c.rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// benchmarkFile writes rows of random values.
func benchmarkFile(b *testing.B, path string, s table.Schema, rows int) {
	w, err := Create(path, s, nil)
	require.NoError(b, err)
	rng := rand.New(rand.NewPCG(1, 2))
	words := []string{"red", "green", "blue", "a colour that takes longer", "grey"}
	image := make([]byte, 784)
	var r table.Rows
	for rows > 0 {
		r.Reset(s)
		r.N = min(rows, 10_000)
		for i := range r.Columns {
			c := &r.Columns[i]
			for range r.N {
				switch null := c.Nullable && rng.IntN(8) == 0; {
				case null:
					c.AppendNull()
				case c.Type.Kind == table.Int:
					c.AppendInt(rng.Int64N(1e6))
				case c.Type.Kind == table.Float64:
					c.AppendFloat(rng.NormFloat64())
				case c.Type.Kind == table.Text:
					c.AppendString(words[rng.IntN(len(words))])
				case c.Type.Kind == table.Binary:
					for j := range image {
						image[j] = byte(rng.Uint32())
					}
					c.AppendBytes(image)
				default:
					for range 64 {
						c.Elem.AppendFloat(rng.Float64())
					}
					c.AppendList()
				}
			}
		}
		require.NoError(b, w.Write(context.Background(), &r))
		rows -= r.N
	}
	require.NoError(b, w.Close())
}
