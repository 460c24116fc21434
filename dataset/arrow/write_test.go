package arrow

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// everything is a column of each type that a table has.
var everything = func() table.Schema {
	types := []table.Type{
		{Kind: table.Bool}, {Kind: table.Int, Bits: 8}, {Kind: table.Int, Bits: 16}, {Kind: table.Int, Bits: 32},
		{Kind: table.Int, Bits: 64}, {Kind: table.Int, Bits: 8, Unsigned: true}, {Kind: table.Int, Bits: 16, Unsigned: true},
		{Kind: table.Int, Bits: 32, Unsigned: true}, {Kind: table.Int, Bits: 64, Unsigned: true},
		{Kind: table.Float32}, {Kind: table.Float64}, {Kind: table.Decimal, Digits: 18, Scale: 4},
		{Kind: table.Decimal, Digits: 30, Scale: 2}, {Kind: table.Decimal, Digits: 60, Scale: 2}, {Kind: table.Text},
		{Kind: table.Binary}, {Kind: table.Binary, Size: 3}, {Kind: table.Time, Unit: table.Day},
		{Kind: table.Time, Unit: table.Second}, {Kind: table.Time, Unit: table.Millisecond},
		{Kind: table.Time, Unit: table.Microsecond}, {Kind: table.Time, Unit: table.Nanosecond},
		{Kind: table.Span, Unit: table.Microsecond}, {Kind: table.Null},
	}
	var s table.Schema
	for _, t := range types {
		s = append(s, table.Field{Name: t.String(), Type: t, Nullable: true})
		if t.Kind == table.Null {
			continue
		}
		list := table.Type{Kind: table.List, Elem: &t}
		s = append(s, table.Field{Name: list.String(), Type: list, Nullable: true})
		fixed := table.Type{Kind: table.List, Elem: &t, Size: 2}
		s = append(s, table.Field{Name: fixed.String(), Type: fixed, Nullable: true})
	}
	deep := table.Type{Kind: table.List, Elem: &s[len(s)-2].Type}
	return append(s, table.Field{Name: deep.String(), Type: deep, Nullable: true})
}()

// randomRows returns n rows of a schema, a value in four null.
func randomRows(rng *rand.Rand, s table.Schema, n int) *table.Rows {
	r := new(table.Rows)
	r.Reset(s)
	for i := range r.Columns {
		for range n {
			appendRandom(rng, &r.Columns[i])
		}
	}
	r.N = n
	return r
}

func appendRandom(rng *rand.Rand, c *table.Column) {
	t := c.Type
	switch {
	case t.Kind == table.Null || rng.IntN(4) == 0:
		c.AppendNull()
	case t.Kind == table.List:
		n := t.Size
		if n == 0 {
			n = rng.IntN(4)
		}
		for range n {
			appendRandom(rng, c.Elem)
		}
		c.AppendList()
	case t.Kind == table.Text:
		c.AppendString([]string{"", "ä", "two words", "\x00"}[rng.IntN(4)])
	case t.Kind == table.Binary:
		n := t.Size
		if n == 0 {
			n = rng.IntN(5)
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		c.AppendBytes(b)
	case t.Kind == table.Bool:
		c.AppendInt(int64(rng.IntN(2)))
	case t.Wide():
		c.AppendFloat(float64(rng.IntN(2000)-1000) / 4)
	case t.Kind == table.Decimal:
		c.AppendInt(rng.Int64N(2e18) - 1e18 + 1)
	case t.Kind == table.Float32:
		c.AppendFloat([]float64{0, -1.5, math.Inf(1), math.NaN()}[rng.IntN(4)])
	case t.Kind == table.Float64:
		c.AppendFloat([]float64{math.Copysign(0, -1), math.MaxFloat64, math.Pi, math.NaN()}[rng.IntN(4)])
	case t.Kind == table.Int && t.Unsigned:
		c.AppendInt(int64(rng.Uint64() >> (65 - min(t.Bits, 64))))
	case t.Kind == table.Int:
		c.AppendInt(int64(rng.Uint64()) >> (64 - t.Bits))
	case t.Unit == table.Day:
		c.AppendInt(int64(int32(rng.Uint32())))
	default:
		c.AppendInt(int64(rng.Uint64()))
	}
}

// What is written is read: each type with nulls, whatever the format, the codec, and the sizes of batches and blocks;
// and any range of rows of any columns is that of the whole.
func TestWriteRead(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 64, 150} {
		rows := randomRows(rng, everything, n)
		require.NoError(t, rows.Check())
		for _, c := range []WriteConfig{{}, {Codec: LZ4, BatchRows: 64}, {Codec: Zstd, BatchBytes: 1 << 15, Stream: true},
			{Stream: true, BatchRows: 9}} {
			var b bytes.Buffer
			w, err := NewWriter(&b, everything, c)
			require.NoError(t, err)
			require.NoError(t, w.Write(ctx, rows))
			require.NoError(t, w.Close())
			tab, err := ofBytes(b.Bytes(), Config{BlockRows: 100})
			require.NoError(t, err)
			require.Equal(t, everything.Names(), tab.Schema().Names())
			got, err := table.ReadAll(ctx, tab)
			require.NoError(t, err)
			require.NoError(t, got.Check())
			require.True(t, rows.Equal(got), "%d rows, %+v", n, c)
			if n == 0 {
				continue
			}
			columns := rng.Perm(len(everything))[:5]
			block := rng.IntN(len(tab.Blocks()))
			lo := rng.IntN(tab.Blocks()[block])
			hi := lo + rng.IntN(tab.Blocks()[block]-lo+1)
			var part, want table.Rows
			require.NoError(t, tab.Read(ctx, block, lo, hi, columns, &part))
			_, at := table.Place(tab, block, 0)
			want.Slice(got, int(at)+lo, int(at)+hi)
			for i, c := range columns {
				require.True(t, want.Columns[c].Equal(&part.Columns[i]), "%s, block %d, rows %d to %d", everything[c].Name,
					block, lo, hi)
			}
		}
	}
}

// A file has its name once it is closed, and not if there was an error.
func TestCreate(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "x.arrow")
	s := table.Schema{{Name: "n", Type: table.Type{Kind: table.Int, Bits: 8}}}
	r := new(table.Rows)
	for _, v := range []int64{7, 128} {
		w, err := Create(path, s, WriteConfig{})
		require.NoError(t, err)
		r.Reset(s)
		r.Columns[0].AppendInt(0)
		r.Columns[0].AppendInt(v)
		r.N = 2
		require.NoError(t, w.Write(ctx, r))
		_, err = os.Stat(path)
		require.Equal(t, v == 7, os.IsNotExist(err))
		if v == 7 {
			require.NoError(t, w.Close())
			continue
		}
		require.EqualError(t, w.Close(), "dataset: "+path+`: column "n", row 1: 128 is no int8`)
	}
	tab, err := Open(ctx, table.OS(), path, Config{})
	require.NoError(t, err)
	defer tab.Close()
	got, err := table.ReadAll(ctx, tab)
	require.NoError(t, err)
	assert.Equal(t, []int64{0, 7}, got.Columns[0].Ints, "what was there stays")
}

// Records that Arrow's own reader gives, whole and sliced, are the table that the file is.
func TestFromRecords(t *testing.T) {
	ctx := context.Background()
	for _, path := range append([]string{typesFile}, pyarrowFiles...) {
		f, err := os.Open(path)
		require.NoError(t, err)
		var records []arrow.Record
		if data, _ := os.ReadFile(path); bytes.HasPrefix(data, []byte(arrowMagic)) {
			r, err := ipc.NewFileReader(f)
			require.NoError(t, err)
			for i := range r.NumRecords() {
				rec, err := r.RecordAt(i)
				require.NoError(t, err)
				records = append(records, rec)
			}
		} else {
			r, err := ipc.NewReader(f)
			require.NoError(t, err)
			for r.Next() {
				r.Record().Retain()
				records = append(records, r.Record())
			}
		}
		f.Close()
		whole, err := Open(ctx, table.OS(), path, Config{PandasIndex: true})
		require.NoError(t, err)
		want, err := table.ReadAll(ctx, whole)
		require.NoError(t, err)
		var cut []arrow.Record
		for _, rec := range records {
			for i := range rec.NumRows() {
				cut = append(cut, rec.NewSlice(i, i+1))
			}
		}
		for _, recs := range [][]arrow.Record{records, cut} {
			tab, err := FromRecords("records", recs)
			require.NoError(t, err)
			got, err := table.ReadAll(ctx, tab)
			require.NoError(t, err)
			require.NoError(t, got.Check())
			require.True(t, want.Equal(got), path)
			require.NoError(t, tab.Close())
		}
		require.NoError(t, whole.Close())
	}
	empty, err := FromRecords("none", nil)
	require.NoError(t, err)
	assert.Empty(t, empty.Schema())
	_, err = FromRecords("two", []arrow.Record{
		array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.Null}}, nil), []arrow.Array{array.NewNull(1)}, 1),
		array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "b", Type: arrow.Null}}, nil), []arrow.Array{array.NewNull(1)}, 1),
	})
	assert.ErrorContains(t, err, "dataset: two: record 1 has the schema")
}
