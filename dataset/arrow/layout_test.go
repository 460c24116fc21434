package arrow

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// testdata/pyarrow-nested.arrow and pyarrow-words.arrows were written by testdata/nested.py, by pyarrow 26.0.1.

// Structs are columns of their fields, null where a struct around them is; what a Table cannot hold is named, or left out.
func TestNested(t *testing.T) {
	ctx := context.Background()
	const path = "testdata/pyarrow-nested.arrow"
	_, err := Open(ctx, os.DirFS("."), path, Config{})
	assert.EqualError(t, err, "dataset: "+path+
		`: column "tags" is a map, which is not supported; Config.SkipUnsupported leaves it out`)
	tab, err := Open(ctx, os.DirFS("."), path, Config{SkipUnsupported: true, BlockRows: 2})
	require.NoError(t, err)
	defer tab.Close()
	assert.Equal(t, []string{"place.city", "place.at.x", "place.at.y", "sizes", "nothing", "last"}, tab.Schema().Names())
	rows, err := table.ReadAll(ctx, tab)
	require.NoError(t, err)
	require.NoError(t, rows.Check())
	for i, want := range [][]any{
		{"Ulm", 1.5, int64(2), []any{int64(1), nil}, nil, "a"},
		{nil, nil, nil, nil, nil, "b"},
		{nil, nil, nil, []any{}, nil, "c"},
		{"Köln", -1.0, nil, []any{int64(3)}, nil, "d"},
	} {
		assert.Equal(t, want, rows.At(i), "row %d", i)
	}
}

// The words of a stream's dictionary are those before each batch: replaced by others, and added to.
func TestDictionaryChanges(t *testing.T) {
	ctx := context.Background()
	tab, err := Open(ctx, os.DirFS("."), "testdata/pyarrow-words.arrows", Config{})
	require.NoError(t, err)
	defer tab.Close()
	want := [][]any{{"a", "b", nil}, {"b", "c", "a"}, {"z", "y"}}
	for _, block := range []int{2, 0, 1, 2} { // in any order
		var rows table.Rows
		require.NoError(t, tab.Read(ctx, block, 0, tab.Blocks()[block], []int{0}, &rows))
		var got []any
		for i := range rows.N {
			got = append(got, rows.Columns[0].At(i))
		}
		assert.Equal(t, want[block], got, "block %d", block)
	}
}

// counter counts the bytes that are read.
type counter struct {
	io.ReaderAt
	bytes atomic.Int64
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	c.bytes.Add(int64(len(p)))
	return c.ReaderAt.ReadAt(p, at)
}

// Opening a file reads its metadata and no values, and a Read the bytes of its rows and columns, of a batch as large as
// you like. Numbers: 8·1000 bytes of int64 and at most 4096 of metadata, of 16·10⁶.
func TestReadsWhatIsAskedFor(t *testing.T) {
	ctx := context.Background()
	const n = 1_000_000
	s := table.Schema{{Name: "a", Type: table.Type{Kind: table.Int, Bits: 64}}, {Name: "b", Type: table.Type{Kind: table.Int, Bits: 64}}}
	var r table.Rows
	r.Resize(n, s)
	for i := range n {
		r.Columns[0].Ints[i], r.Columns[1].Ints[i] = int64(i), int64(-i)
	}
	var b bytes.Buffer
	w, err := NewWriter(&b, s, WriteConfig{BatchRows: n, BatchBytes: 1 << 30})
	require.NoError(t, err)
	require.NoError(t, w.Write(ctx, &r))
	require.NoError(t, w.Close())
	c := &counter{ReaderAt: bytes.NewReader(b.Bytes())}
	config, err := Config{}.filled()
	require.NoError(t, err)
	tab, err := open(ctx, "big", c, int64(b.Len()), config)
	require.NoError(t, err)
	require.Len(t, tab.batches, 1)
	require.LessOrEqual(t, c.bytes.Load(), int64(16<<10))
	require.Equal(t, []int{65536, 65536}, tab.Blocks()[:2])
	require.Equal(t, n%65536, tab.Blocks()[len(tab.Blocks())-1])
	c.bytes.Store(0)
	var part table.Rows
	require.NoError(t, tab.Read(ctx, 3, 500, 1500, []int{1}, &part))
	require.Equal(t, int64(-(3*65536 + 500)), part.Columns[0].Ints[0])
	require.Equal(t, int64(-(3*65536 + 1499)), part.Columns[0].Ints[999])
	require.LessOrEqual(t, c.bytes.Load(), int64(8*1000+4096))
}
