package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// copyOf writes a table and reads it again.
func copyOf(t *testing.T, tab table.Table, c *WriteConfig) (table.Table, string) {
	path := filepath.Join(t.TempDir(), "copy.parquet")
	w, err := Create(path, tab.Schema(), c)
	require.NoError(t, err)
	require.NoError(t, table.Copy(context.Background(), w, tab))
	got, err := Open(table.OS(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { got.Close() })
	return got, path
}

// What was read from others' files and written is the same when it is read again, by every codec. Decimals of more than
// 38 digits are not written, and columns without values come back as integers.
//
// pyarrow 26.0.1 reads the copies and finds the same. With the copies in a folder "copies", in testdata:
//
//	import glob, json, expect, pyarrow.parquet as pq
//	for f in glob.glob("copies/*.parquet"):
//	    expect.write(pq.read_table(f), f + ".json")  # compared with the fixtures' own *.json
func TestWriteAndRead(t *testing.T) {
	for name, want := range fixtures(t) {
		if strings.HasPrefix(name, "pyarrow-matrix") && name != "pyarrow-matrix-none-v1.parquet" {
			continue // the same rows
		}
		last := Snappy
		if name == "pyarrow-types.parquet" {
			last = Brotli
		}
		t.Run(name, func(t *testing.T) {
			tab := openTest(t, name, nil)
			var columns []int
			for i, f := range tab.Schema() {
				if f.Type.Digits <= 38 {
					columns = append(columns, i)
				}
			}
			rows := new(table.Rows)
			rows.Reset(tab.Schema().Pick(columns))
			part := new(table.Rows)
			for b, n := range tab.Blocks() {
				require.NoError(t, tab.Read(context.Background(), b, 0, n, columns, part))
				rows.Append(part, 0, n)
			}
			source := table.FromRows(name, rows)
			for codec := Snappy; codec <= last; codec++ {
				got, _ := copyOf(t, source, &WriteConfig{Codec: codec, GroupRows: 77})
				require.Equal(t, source.Schema()[0].Type, got.Schema()[0].Type)
				text := texts(t, got)
				for column, values := range expectation(t, want) {
					if at := got.Schema(); text[column] == nil {
						require.Equal(t, "d76", column, at)
						continue
					}
					require.Equal(t, values, text[column], column)
				}
			}
		})
	}
}

// Row groups end by rows and by bytes.
func TestRowGroups(t *testing.T) {
	var r table.Rows
	r.Reset(table.Schema{{Name: "x", Type: table.Type{Kind: table.Float64}}})
	for i := range 5000 {
		r.Columns[0].AppendFloat(float64(i))
	}
	r.N = 5000
	source := table.FromRows("numbers", &r)
	for _, c := range []struct {
		config WriteConfig
		want   []int
	}{
		{WriteConfig{}, []int{5000}},
		{WriteConfig{GroupRows: 2000}, []int{2000, 2000, 1000}},
		// 9 bytes a row are counted, and the count is held against the limit each 1024 rows
		{WriteConfig{GroupBytes: 10000}, []int{2048, 2048, 904}},
	} {
		got, _ := copyOf(t, source, &c.config)
		require.Equal(t, c.want, got.Blocks(), "%+v", c.config)
		all, err := table.ReadAll(context.Background(), got)
		require.NoError(t, err)
		require.Equal(t, r.Columns[0].Floats, all.Columns[0].Floats)
	}
}

// A value that its column cannot hold is an error with row and column, and no file is left.
func TestWriteErrors(t *testing.T) {
	for _, c := range []struct {
		typ   table.Type
		value any
		want  string
	}{
		{table.Type{Kind: table.Int, Bits: 8}, int64(128), "128 does not fit 8 bits"},
		{table.Type{Kind: table.Int, Bits: 16, Unsigned: true}, int64(-1), "-1 does not fit 16 bits without sign"},
		{table.Type{Kind: table.Decimal, Digits: 4, Scale: 2}, int64(10000), "10000 has more than 4 digits"},
		{table.Type{Kind: table.Decimal, Digits: 20, Scale: 2}, 1e18, "1e+18 has more than 20 digits"},
		{table.Type{Kind: table.Decimal, Digits: 20, Scale: 2}, math.Inf(1), "+Inf is no decimal"},
		{table.Type{Kind: table.Span, Unit: table.Microsecond}, int64(86400e6), "Parquet has times of day only"},
		{table.Type{Kind: table.Time, Unit: table.Second}, int64(math.MaxInt64), "out of the range of an int64"},
		{table.Type{Kind: table.Binary, Size: 3}, []byte("four"), "4 bytes, want 3"},
		{table.Type{Kind: table.Float32}, nil, "is null, and the column is not nullable"},
	} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		s := table.Schema{{Name: "c", Type: c.typ}}
		w, err := Create(path, s, nil)
		require.NoError(t, err)
		var r table.Rows
		r.Reset(s)
		r.Columns[0].Resize(1500)
		for i := range r.Columns[0].Ints {
			r.Columns[0].Ints[i] = 0
		}
		if c.typ.Kind == table.Binary {
			r.Columns[0].Reset(s[0])
			for range 1500 {
				r.Columns[0].AppendBytes([]byte("abc"))
			}
		}
		for i := range r.Columns[0].Floats {
			r.Columns[0].Floats[i] = 0
		}
		switch v := c.value.(type) {
		case int64:
			r.Columns[0].AppendInt(v)
		case float64:
			r.Columns[0].AppendFloat(v)
		case []byte:
			r.Columns[0].AppendBytes(v)
		case nil:
			r.Columns[0].AppendNull()
		}
		r.N = 1501
		err = w.Write(context.Background(), &r)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, `x.parquet: column "c": row 1500: `)
		require.Equal(t, err, w.Close())
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// failing is a writer whose disk is full after some bytes.
type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestFullDisk(t *testing.T) {
	var whole bytes.Buffer
	source := openTest(t, "pyarrow-lists-v1.parquet", nil)
	w, err := NewWriter(&whole, source.Schema(), nil)
	require.NoError(t, err)
	require.NoError(t, table.Copy(context.Background(), w, source))
	for _, left := range []int{0, 100, whole.Len() / 2, whole.Len() - 1} {
		w, err := NewWriter(&failing{left}, source.Schema(), nil)
		require.NoError(t, err)
		require.ErrorIs(t, table.Copy(context.Background(), w, source), errFull, "%d bytes left", left)
	}
}

// Wide decimals are written as the decimal nearest to the float64. math/big's exact product of the float64 and 10^scale
// rounds to these integers.
func TestWideDecimals(t *testing.T) {
	s := table.Schema{{Name: "d", Type: table.Type{Kind: table.Decimal, Digits: 38, Scale: 3}}}
	var r table.Rows
	r.Reset(s)
	values := []float64{0, 1, -1, 0.0005, -0.0005, 1.2345, 1e34, -1e34, 123456789012345678}
	for _, v := range values {
		r.Columns[0].AppendFloat(v)
	}
	r.N = len(values)
	got, _ := copyOf(t, table.FromRows("decimals", &r), nil)
	all, err := table.ReadAll(context.Background(), got)
	require.NoError(t, err)
	// 0.0005 lies just above, 1.2345 just below the half: 0.001, 1.234 (float64(1.2345) = 1.23449999999999993072…)
	require.Equal(t, []float64{0, 1, -1, 0.001, -0.001, 1.234, 1e34, -1e34, 123456789012345678}, all.Columns[0].Floats)
}

func TestCreateRefuses(t *testing.T) {
	number := table.Type{Kind: table.Int}
	for _, c := range []struct {
		schema table.Schema
		config WriteConfig
		want   string
	}{
		{nil, WriteConfig{}, "a schema without columns"},
		{table.Schema{{Name: "a", Type: number}, {Name: "a", Type: number}}, WriteConfig{}, "names must be unique"},
		{table.Schema{{Name: "a", Type: table.Type{Kind: table.Decimal, Digits: 39}}}, WriteConfig{}, "39 digits"},
		{table.Schema{{Name: "a", Type: number}}, WriteConfig{Codec: 9}, "Codec is 9, want 0 to 5"},
		{table.Schema{{Name: "a", Type: number}}, WriteConfig{GroupRows: -1}, "GroupRows -1"},
	} {
		dir := t.TempDir()
		_, err := Create(filepath.Join(dir, "x"), c.schema, &c.config)
		require.ErrorContains(t, err, c.want)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left, fmt.Sprint(c.config))
	}
	_, err := Create(filepath.Join(t.TempDir(), "missing", "x"), table.Schema{{Name: "a", Type: number}}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
