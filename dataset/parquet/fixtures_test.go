package parquet

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// expectation is a file that testdata/expect.py wrote: values as text, by column.
func expectation(t *testing.T, name string) map[string][]any {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var want map[string][]any
	require.NoError(t, json.Unmarshal(b, &want))
	return want
}

// asText is a row of a column as testdata/expect.py writes it.
func asText(c *table.Column, row int) any {
	if c.Null(row) {
		return nil
	}
	switch {
	case c.Type.Kind == table.List:
		list := []any{}
		for i := c.Offsets[row]; i < c.Offsets[row+1]; i++ {
			list = append(list, asText(c.Elem, int(i)))
		}
		return list
	case c.Type.Kind == table.Text:
		return string(c.Bytes(row))
	case c.Type.Kind == table.Binary:
		return "x" + hex.EncodeToString(c.Bytes(row))
	case c.Type.Kind == table.Float32:
		return bitsOf(float64(c.Floats32[row]))
	case c.Type.Kind == table.Float64 || c.Type.Wide():
		return bitsOf(c.Floats[row])
	}
	return fmt.Sprint(c.Ints[row])
}

func bitsOf(v float64) string {
	if math.IsNaN(v) {
		return "nan"
	}
	return fmt.Sprintf("%016x", math.Float64bits(v))
}

// texts are all rows of a table, by column.
func texts(t *testing.T, tab table.Table) map[string][]any {
	rows, err := table.ReadAll(context.Background(), tab)
	require.NoError(t, err)
	require.NoError(t, rows.Check())
	return textsOf(rows)
}

func textsOf(rows *table.Rows) map[string][]any {
	got := map[string][]any{}
	for i := range rows.Columns {
		c := &rows.Columns[i]
		got[c.Name] = []any{}
		for row := range rows.N {
			got[c.Name] = append(got[c.Name], asText(c, row))
		}
	}
	return got
}

// openTest opens a file of testdata.
func openTest(t *testing.T, name string, c *Config) table.Table {
	tab, err := Open(os.DirFS("testdata"), name, c)
	require.NoError(t, err)
	t.Cleanup(func() { tab.Close() })
	return tab
}

// fixtures are all files that have an expectation.
func fixtures(t testing.TB) map[string]string {
	all := map[string]string{}
	for pattern, want := range map[string]string{
		"pyarrow-types.parquet": "pyarrow-types.json", "pyarrow-int96.parquet": "pyarrow-int96.json",
		"pyarrow-lists-*.parquet": "pyarrow-lists.json", "pyarrow-matrix-*.parquet": "pyarrow-matrix.json",
		"spark-int96.parquet": "spark-int96.json", "spark-legacy.parquet": "spark-int96.json",
		"spark-lz4.parquet": "spark-micros.json", "spark-gzip.parquet": "spark-micros.json",
		"spark-zstd.parquet": "spark-micros.json", "spark-uncompressed.parquet": "spark-micros.json",
		"spark-v2.parquet": "spark-micros.json", "fastparquet-gzip.parquet": "fastparquet-gzip.json",
		"fastparquet-int96.parquet": "fastparquet-int96.json",
	} {
		names, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, names, pattern)
		for _, name := range names {
			all[filepath.Base(name)] = want
		}
	}
	return all
}

// Values of every type, encoding, codec and version of pages, as pyarrow, Spark and fastparquet wrote them and as
// pyarrow reads them.
func TestFixtures(t *testing.T) {
	for name, want := range fixtures(t) {
		t.Run(strings.TrimSuffix(name, ".parquet"), func(t *testing.T) {
			expected := expectation(t, want)
			got := texts(t, openTest(t, name, nil))
			require.Len(t, got, len(expected))
			for column, values := range expected {
				require.Equal(t, values, got[column], column)
			}
		})
	}
}
