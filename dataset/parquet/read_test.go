package parquet

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
)

// Any run of rows of any columns, in any order, is the same as a part of the whole: with pages found by the offset
// index, by headers and by repetition levels, with rows that go on in the next page, and with cursors that go on.
func TestReadAnywhere(t *testing.T) {
	for name := range fixtures(t) {
		if strings.HasPrefix(name, "pyarrow-matrix") && !strings.Contains(name, "none") && !strings.Contains(name, "gzip") {
			continue // the pages of these, by other codecs
		}
		t.Run(name, func(t *testing.T) {
			want, err := table.ReadAll(context.Background(), openTest(t, name, nil))
			require.NoError(t, err)
			for _, blockRows := range []int{1, 7, 0} {
				tab := openTest(t, name, &Config{BlockRows: blockRows})
				var starts []int
				at := 0
				for _, n := range tab.Blocks() {
					require.LessOrEqual(t, n, max(blockRows, 1<<16*(1-min(blockRows, 1))))
					starts = append(starts, at)
					at += n
				}
				require.Equal(t, want.N, at)
				rng := rand.New(rand.NewPCG(1, uint64(blockRows)))
				var got, part table.Rows
				for i := range 60 {
					b := rng.IntN(len(starts))
					if i%3 > 0 { // mostly forward, as epochs are read
						b = i * len(starts) / 60
					}
					lo := rng.IntN(tab.Blocks()[b] + 1)
					hi := lo + rng.IntN(tab.Blocks()[b]-lo+1)
					columns := []int{rng.IntN(len(tab.Schema())), rng.IntN(len(tab.Schema()))}
					require.NoError(t, tab.Read(context.Background(), b, lo, hi, columns, &got))
					part.Reset(tab.Schema().Pick(columns))
					part.N = hi - lo
					for k, c := range columns {
						part.Columns[k].AppendFrom(&want.Columns[c], starts[b]+lo, starts[b]+hi)
					}
					if !part.Equal(&got) {
						require.Equal(t, textsOf(&part), textsOf(&got), "block %d [%d, %d)", b, lo, hi)
					}
				}
			}
		})
	}
}

// Goroutines share a table.
func TestReadTogether(t *testing.T) {
	tab := openTest(t, "pyarrow-lists-v1.parquet", &Config{BlockRows: 30})
	want := texts(t, tab)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := texts(t, tab); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Error("another goroutine's rows differ")
			}
		})
	}
	wg.Wait()
}

// A dictionary that outgrew its limit: the pages after are PLAIN. testdata/pyarrow_fixtures.py has the formulas.
func TestDictionaryFallsBack(t *testing.T) {
	tab := openTest(t, "pyarrow-fallback.parquet", &Config{BlockRows: 1000})
	all, err := table.ReadAll(context.Background(), tab)
	require.NoError(t, err)
	require.Equal(t, 1200, all.N)
	for i := range all.N {
		require.Equal(t, strings.Repeat(fmt.Sprintf("%05d", i/2), 3), string(all.Columns[0].Bytes(i)))
		require.Equal(t, int64(i*7919%1201)*1e10, all.Columns[1].Ints[i])
	}
	encodings := pageEncodings(t, "pyarrow-fallback.parquet")
	require.Contains(t, encodings, encRLEDictionary)
	require.Contains(t, encodings, encPlain)
}

// pageEncodings are those of the data pages of a file's first column chunk.
func pageEncodings(t *testing.T, name string) map[int]bool {
	f := openTest(t, name, nil).(*file)
	c := f.chunk(chunkKey{f, 0, 0}, f.leaves[0])
	got := map[int]bool{}
	for at, values := c.meta.start(), int64(0); values < c.meta.values; {
		h, err := readHeader(f.r, at, c.end)
		require.NoError(t, err)
		if h.typ == pageData || h.typ == pageDataV2 {
			got[h.encoding] = true
			values += h.values
		}
		at += int64(h.size) + h.compressed
	}
	return got
}

// The versions of pages, codecs and encodings that the fixtures are named for are in them.
func TestFixturesAreWhatTheySay(t *testing.T) {
	for codec, name := range map[int]string{codecNone: "none", codecSnappy: "snappy", codecGzip: "gzip",
		codecBrotli: "brotli", codecZstd: "zstd", codecLZ4Raw: "lz4"} {
		for version, typ := range map[string]int{"v1": pageData, "v2": pageDataV2} {
			f := openTest(t, "pyarrow-matrix-"+name+"-"+version+".parquet", nil).(*file)
			c := f.chunk(chunkKey{f, 0, 0}, f.leaves[0])
			require.Equal(t, codec, c.meta.codec)
			h, err := readHeader(f.r, c.meta.start(), c.end)
			require.NoError(t, err)
			require.Equal(t, typ, h.typ)
			require.Equal(t, codec == codecNone || codec == codecGzip, h.hasCRC)
		}
	}
	require.Equal(t, codecLZ4, openTest(t, "spark-lz4.parquet", nil).(*file).footer.groups[0].columns[0].codec)
	require.Equal(t, typeInt96, openTest(t, "spark-int96.parquet", nil).(*file).leaves[1].typ)
	require.Equal(t, typeFixed, openTest(t, "spark-legacy.parquet", nil).(*file).leaves[2].typ)
	require.Equal(t, typeInt32, openTest(t, "spark-int96.parquet", nil).(*file).leaves[2].typ)
	require.Equal(t, typeInt64, openTest(t, "spark-int96.parquet", nil).(*file).leaves[3].typ)
	require.Equal(t, typeInt32, openTest(t, "pyarrow-decimal-int.parquet", nil).(*file).leaves[0].typ)
	require.Equal(t, map[int]bool{encDelta: true}, pageEncodings(t, "spark-v2.parquet"))
}

// Decimals that pyarrow stored as integers are those it stored as bytes.
func TestDecimalsInIntegers(t *testing.T) {
	got, want := texts(t, openTest(t, "pyarrow-decimal-int.parquet", nil)), expectation(t, "pyarrow-types.json")
	require.Equal(t, want["d9"], got["d9"])
	require.Equal(t, want["d18"], got["d18"])
}

func TestEmptyRowGroups(t *testing.T) {
	tab := openTest(t, "pyarrow-emptygroups.parquet", nil)
	require.Equal(t, []int{3, 2}, tab.Blocks())
	require.Len(t, tab.(*file).footer.groups, 6)
	require.Equal(t, map[string][]any{"a": {"0", "1", "2", "0", "1"},
		"b": {[]any{}, []any{"x"}, []any{"x", "x"}, []any{}, []any{"x"}}}, texts(t, tab))
	none := openTest(t, "pyarrow-norows.parquet", nil)
	require.Empty(t, none.Blocks())
	require.Equal(t, "a", none.Schema()[0].Name)
}

func TestMaps(t *testing.T) {
	_, err := Open(os.DirFS("testdata"), "pyarrow-map.parquet", nil)
	require.ErrorContains(t, err, `pyarrow-map.parquet: column "m.key_value.key" is part of a map, which is not supported`)
	tab := openTest(t, "pyarrow-map.parquet", &Config{SkipUnsupported: true})
	require.Equal(t, map[string][]any{"id": {"1", "2"}, "z": {bitsOf(1.5), bitsOf(2.5)}}, texts(t, tab))
}

// INT96 in a coarser unit is rounded down, before 1970 too.
func TestInt96Units(t *testing.T) {
	ns := expectation(t, "pyarrow-int96.json")["t"]
	for _, unit := range []table.Unit{table.Microsecond, table.Millisecond, table.Second} {
		all, err := table.ReadAll(context.Background(), openTest(t, "pyarrow-int96.parquet", &Config{Int96: unit}))
		require.NoError(t, err)
		for i, s := range ns {
			if s == nil {
				require.False(t, all.Columns[0].Valid[i])
				continue
			}
			var v int64
			fmt.Sscan(s.(string), &v)
			floor := v / int64(unit)
			if v%int64(unit) < 0 {
				floor--
			}
			require.Equal(t, floor, all.Columns[0].Ints[i], "%s ns in %d", s, unit)
		}
	}
	// Year 9999 has no int64 of nanoseconds: 8029 years are 2.5e20 ns.
	b := binary.LittleEndian.AppendUint64(nil, 0)
	b = binary.LittleEndian.AppendUint32(b, 2440588+2932896)
	_, err := int96(table.Nanosecond)(b)
	require.ErrorIs(t, err, errRange)
	v, err := int96(table.Microsecond)(b)
	require.NoError(t, err)
	require.Equal(t, int64(2932896)*86400e6, v)
}

// A folder as Spark writes it: _SUCCESS, a column in the folders' names, files whose columns come in another order.
// testdata/spark_fixtures.py has the formulas.
func TestFolder(t *testing.T) {
	tab := openTest(t, "spark-folder", nil)
	var names []string
	for _, f := range tab.Schema() {
		names = append(names, f.Name)
	}
	require.ElementsMatch(t, []string{"id", "v", "name", "dt"}, names)
	all, err := table.ReadAll(context.Background(), tab)
	require.NoError(t, err)
	require.Equal(t, 60, all.N)
	at := func(name string) *table.Column { return &all.Columns[slices.Index(names, name)] }
	seen := map[int64]bool{}
	for row := range all.N {
		id := at("id").Ints[row]
		seen[id] = true
		i := id % 100
		require.Equal(t, float64(i)/4, at("v").Floats[row])
		require.Equal(t, fmt.Sprint("x", i), string(at("name").Bytes(row)))
		require.Equal(t, table.Time, at("dt").Type.Kind)
		require.Equal(t, 20454+i%3, at("dt").Ints[row]) // 2026-01-01 is day 20454
	}
	require.Len(t, seen, 60)
	one := openTest(t, "spark-folder/dt=2026-01-02/*.parquet", nil)
	rows, err := table.ReadAll(context.Background(), one)
	require.NoError(t, err)
	require.Equal(t, 20, rows.N)
}

// counting notes which bytes of a file are read.
type counting struct {
	fs.FS
	mu   sync.Mutex
	read int64
}

type countingFile struct {
	fs.File
	of *counting
}

func (c *counting) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	return &countingFile{f, c}, err
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	f.of.mu.Lock()
	f.of.read += int64(len(p))
	f.of.mu.Unlock()
	return f.File.(io.ReaderAt).ReadAt(p, off)
}

// Opening reads the footer, and reading some rows of one column little more than the pages they lie in.
func TestReadsOnlyWhatIsAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wide.parquet")
	float := table.Type{Kind: table.Float64}
	s := table.Schema{{Name: "a", Type: float}, {Name: "b", Type: float}}
	w, err := Create(path, s, &WriteConfig{Codec: Uncompressed})
	require.NoError(t, err)
	var r table.Rows
	r.Reset(s)
	const n = 1 << 18 // 2 MiB a column, in two pages
	for i := range n {
		r.Columns[0].AppendFloat(float64(i))
		r.Columns[1].AppendFloat(-float64(i))
	}
	r.N = n
	require.NoError(t, w.Write(context.Background(), &r))
	require.NoError(t, w.Close())
	fsys := &counting{FS: os.DirFS(filepath.Dir(path))}
	tab, err := Open(fsys, "wide.parquet", nil)
	require.NoError(t, err)
	defer tab.Close()
	require.Less(t, fsys.read, int64(4096))
	require.Equal(t, []int{65536, 65536, 65536, 65536}, tab.Blocks())
	fsys.read = 0
	var got table.Rows
	require.NoError(t, tab.Read(context.Background(), 0, 100, 200, []int{1}, &got))
	require.Equal(t, -100.0, got.Columns[0].Floats[0])
	page := int64(1 << 20)
	require.Less(t, fsys.read, page+page/8, "of %d bytes", 16*n)
	fsys.read = 0
	require.NoError(t, tab.Read(context.Background(), 0, 200, 65536, []int{1}, &got))
	require.Zero(t, fsys.read, "the page was at hand")
}

// What is wrong with a value is said with its row of the file and its column.
func TestValueErrors(t *testing.T) {
	s := table.Schema{{Name: "t", Type: table.Type{Kind: table.Binary}, Nullable: true}}
	path := filepath.Join(t.TempDir(), "x.parquet")
	w, err := Create(path, s, &WriteConfig{GroupRows: 1000})
	require.NoError(t, err)
	var r table.Rows
	r.Reset(s)
	for i := range 3000 {
		switch {
		case i%5 == 1:
			r.Columns[0].AppendNull()
		case i == 2343:
			r.Columns[0].AppendString("\xff\xfe")
		default:
			r.Columns[0].AppendString("good")
		}
	}
	r.N = 3000
	require.NoError(t, w.Write(context.Background(), &r))
	require.NoError(t, w.Close())
	tab, err := Open(table.OS(), path, &Config{BinaryAsText: true})
	require.NoError(t, err)
	defer tab.Close()
	_, err = table.ReadAll(context.Background(), tab)
	require.ErrorIs(t, err, dataset.ErrFormat)
	require.ErrorContains(t, err, `x.parquet: column "t", row 2343: row group 2: "\xff\xfe" is not UTF-8`)
}

func TestConfigRefuses(t *testing.T) {
	for _, c := range []Config{{BlockRows: -1}, {MaxBytes: -1}, {Int96: table.Day}} {
		_, err := Open(fstest.MapFS{}, "x", &c)
		require.ErrorContains(t, err, "parquet: Config")
	}
	_, err := Open(fstest.MapFS{}, "x", nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Float16: the values of numpy.float16 for these bits.
//
//	np.array([0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff, 0x8001, 0xfc00], np.uint16).view(np.float16).astype(float)
func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float32{0x0001: 5.9604644775390625e-08, 0x03ff: 6.097555160522461e-05,
		0x0400: 6.103515625e-05, 0x3c00: 1, 0x7bff: 65504, 0x8001: -5.9604644775390625e-08} {
		require.Equal(t, want, half(bits), "%#04x", bits)
	}
	require.Equal(t, "-Inf", fmt.Sprint(half(0xfc00)))
	require.Equal(t, "NaN", fmt.Sprint(half(0x7e00)))
}
