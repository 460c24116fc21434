package parquet

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
)

// readAll opens a file in memory and reads all of it, block by block. Panics below are found by their name.
func readAll(b []byte, c *Config) error {
	tab, err := openBytes(b, c)
	if err != nil {
		return err
	}
	defer tab.Close()
	var rows table.Rows
	for i, n := range tab.Blocks() {
		if err := tab.Read(context.Background(), i, 0, n, tab.Schema().All(), &rows); err != nil {
			return err
		}
		if err := rows.Check(); err != nil {
			return errors.Join(errors.New("panic: rows are not well formed"), err)
		}
	}
	return nil
}

// allocated is how many bytes f calls for, all together.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Files that lie are refused, and call for little memory: with the limits as they are, for at most 4 MiB here, though
// they claim up to 2^60 rows and bytes.
func TestLies(t *testing.T) {
	zeros := make([]byte, 64<<20)
	var gzipped bytes.Buffer
	w := gzip.NewWriter(&gzipped)
	w.Write(zeros)
	w.Close()
	enc, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	zstded := enc.EncodeAll(zeros, nil)
	int32s := []element{column(typeInt32, required)}
	optionals := []element{column(typeInt32, optional)}
	repeats := []element{column(typeInt32, repeated)}
	texts := []element{column(typeByteArray, required)}
	good := forgedPage(pageData, 3, encPlain, 12, plainInts(1, 2, 3))
	require.NoError(t, readAll(forged{schema: int32s, rows: 3, values: 3, pages: [][]byte{good}}.bytes(), nil))
	endless := func() []byte { // a footer whose first list has 2^31−1 elements
		o := &forger{}
		o.begin()
		o.field(2, thriftList)
		o.b = append(o.b, 0xf0|thriftStruct)
		o.b = binary.AppendUvarint(o.b, math.MaxInt32)
		b := append([]byte("PAR1"), o.b...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(o.b)))
		return append(b, "PAR1"...)
	}
	long := binary.LittleEndian.AppendUint32(nil, 1<<20)
	long = append(long, make([]byte, 1<<20)...)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a list of 2³¹ elements": {endless(), "unexpected EOF"},
		"a footer longer than the file": {append(binary.LittleEndian.AppendUint32([]byte("PAR1abcdefgh"), 1<<31),
			"PAR1"...), "a footer of 2147483648 bytes"},
		"more rows than bytes could hold": {forged{schema: int32s, rows: 1 << 60, values: 1 << 60,
			pages: [][]byte{good}}.bytes(), "rows in"},
		"a page of 2 GiB": {forged{schema: int32s, rows: 3, values: 3,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, math.MaxInt32, plainInts(1))}}.bytes(),
			"a page of 2147483647 bytes, more than 268435456"},
		"fewer bytes than the header says": {forged{schema: int32s, rows: 3, values: 3,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 400, plainInts(1))}}.bytes(), "the header says 400"},
		"Snappy of another length": {forged{schema: int32s, rows: 3, values: 3, codec: codecSnappy,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 200<<20, []byte{0x80, 0x80, 0x80, 0x64, 0, 0})}}.bytes(),
			"of Snappy, want 209715200"},
		"gzip that goes on": {forged{schema: int32s, rows: 3, values: 3, codec: codecGzip,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 12, gzipped.Bytes())}}.bytes(),
			"more than 12 bytes decompressed"},
		"gzip that ends": {forged{schema: int32s, rows: 3, values: 3, codec: codecGzip,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 256<<20, gzipped.Bytes()[:1000])}}.bytes(), "unexpected EOF"},
		"zstd that goes on": {forged{schema: int32s, rows: 3, values: 3, codec: codecZstd,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 12, zstded)}}.bytes(), "size"},
		"LZ4 that cannot": {forged{schema: int32s, rows: 3, values: 3, codec: codecLZ4Raw,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 200<<20, []byte{0x10, 1, 1, 0})}}.bytes(), "of LZ4"},
		"a list of 2³¹ − 1 values in a run": {forged{schema: repeats, rows: 1, values: math.MaxInt32,
			pages: [][]byte{forgedPage(pageData, math.MaxInt32, encPlain, 12, append(runs(1, 0), runs(1, 1)...))}}.bytes(),
			"a page of 2147483647 values"},
		"a dictionary that multiplies": {forged{schema: texts, rows: 1 << 16, values: 1 << 16, dictionary: true,
			pages: [][]byte{forgedPage(pageDictionary, 1, encPlain, len(long), long),
				forgedPage(pageData, 1<<16, encRLEDictionary, 5, []byte{0, 0x80, 0x80, 0x08, 0})}}.bytes(),
			"more than 2097152 bytes"},
		"an index past the dictionary": {forged{schema: int32s, rows: 3, values: 3, dictionary: true,
			pages: [][]byte{forgedPage(pageDictionary, 1, encPlain, 4, plainInts(7)),
				forgedPage(pageData, 3, encRLEDictionary, 3, []byte{8, 6, 1})}}.bytes(), "index 1 into a dictionary of 1 values"},
		"a dictionary of more values than bytes": {forged{schema: int32s, rows: 3, values: 3, dictionary: true,
			pages: [][]byte{forgedPage(pageDictionary, 1<<20, encPlain, 4, plainInts(7)), good}}.bytes(), "values in 4 bytes"},
		"indexes without a dictionary": {forged{schema: int32s, rows: 3, values: 3,
			pages: [][]byte{forgedPage(pageData, 3, encRLEDictionary, 3, []byte{8, 6, 1})}}.bytes(), "no dictionary"},
		"a level that is too high": {forged{schema: optionals, rows: 3, values: 3,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 18, append(runs(3, 2), plainInts(1, 2, 3)...))}}.bytes(),
			"definition level 2, want at most 1"},
		"fewer levels than values": {forged{schema: optionals, rows: 3, values: 3,
			pages: [][]byte{forgedPage(pageData, 3, encPlain, 18, append(runs(2, 1), plainInts(1, 2, 3)...))}}.bytes(),
			"header of a run"},
		"fewer rows than promised": {forged{schema: int32s, rows: 4, values: 4, pages: [][]byte{good}}.bytes(), "EOF"},
		"more values than promised": {forged{schema: int32s, rows: 2, values: 2, pages: [][]byte{good}}.bytes(),
			"the column chunk has 2"},
		"a row that nobody began": {forged{schema: repeats, rows: 1, values: 3, pages: [][]byte{forgedPage(pageData, 3,
			encPlain, 24, append(append(runs(3, 1), runs(3, 1)...), plainInts(1, 2, 3)...))}}.bytes(), "in the midst of a row"},
		"a value longer than the page": {forged{schema: texts, rows: 1, values: 1, pages: [][]byte{forgedPage(pageData, 1,
			encPlain, 5, []byte{0xff, 0xff, 0xff, 0x7f, 1})}}.bytes(), "a value of 2147483647 bytes in 1"},
		"delta lengths of 2³⁰ values": {forged{schema: texts, rows: 1, values: 1, pages: [][]byte{forgedPage(pageData, 1,
			encDeltaLength, 8, []byte{0x80, 1, 4, 0x80, 0x80, 0x80, 0x80, 4})}}.bytes(), "delta"},
		"a delta block of 0": {forged{schema: int32s, rows: 1, values: 1, pages: [][]byte{forgedPage(pageData, 1, encDelta,
			4, []byte{0, 0, 1, 0})}}.bytes(), "blocks of 0"},
		"an unknown encoding": {forged{schema: int32s, rows: 3, values: 3, pages: [][]byte{forgedPage(pageData, 3, 17, 12,
			plainInts(1, 2, 3))}}.bytes(), "encoding 17 of a INT32"},
		"an unknown codec": {forged{schema: int32s, rows: 3, values: 3, codec: codecLZO, pages: [][]byte{good}}.bytes(),
			"codec 3"},
	} {
		t.Run(name, func(t *testing.T) {
			config := &Config{}
			if strings.HasSuffix(c.want, " 2097152 bytes") {
				config.MaxBytes = 2 << 20
			}
			var err error
			n := allocated(func() { err = readAll(c.file, config) })
			require.ErrorIs(t, err, dataset.ErrFormat)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "dataset: forged: ")
			require.NotContains(t, err.Error(), "panic")
			limit := uint64(4<<20) + 2*uint64(len(c.file))
			if config.MaxBytes > 0 {
				limit += 8 * uint64(config.MaxBytes)
			}
			require.Less(t, n, limit, "%v", err)
		})
	}
}

// A row may go on in the next page, as old writers of pages V1 had it: three rows of lists over four pages, one of
// them without the beginning of a row.
func TestRowsOverPages(t *testing.T) {
	page := func(reps, defs []byte, values ...int32) []byte {
		body := append(append(reps, defs...), plainInts(values...)...)
		return forgedPage(pageData, int64(len(values)), encPlain, len(body), body)
	}
	file := forged{schema: []element{column(typeInt32, repeated)}, rows: 3, values: 9, pages: [][]byte{
		page(runs(1, 0, 1, 1), runs(2, 1), 1, 2),
		page(runs(1, 1, 1, 0), runs(2, 1), 3, 4),
		page(runs(3, 1), runs(3, 1), 5, 6, 7),
		page(runs(1, 1, 1, 0), runs(2, 1), 8, 9),
	}}.bytes()
	want := []any{[]any{"1", "2", "3"}, []any{"4", "5", "6", "7", "8"}, []any{"9"}}
	for lo := range 3 {
		for hi := lo; hi <= 3; hi++ {
			tab, err := openBytes(file, nil)
			require.NoError(t, err)
			var rows table.Rows
			for range 2 { // the second time with pages that were met
				require.NoError(t, tab.Read(context.Background(), 0, lo, hi, []int{0}, &rows))
				require.Equal(t, hi-lo, rows.N)
				require.Equal(t, append([]any{}, want[lo:hi]...), textsOf(&rows)["c"], "[%d, %d)", lo, hi)
			}
		}
	}
}

// A byte that was changed in a page is found by its checksum.
func TestChecksum(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "pyarrow-matrix-none-v1.parquet"))
	require.NoError(t, err)
	require.NoError(t, readAll(b, nil))
	f, err := openBytes(b, nil)
	require.NoError(t, err)
	c := f.(*file).chunk(chunkKey{f.(*file), 0, 0}, f.(*file).leaves[0])
	h, err := readHeader(bytes.NewReader(b), c.meta.start(), c.end)
	require.NoError(t, err)
	b[c.meta.start()+int64(h.size)+h.compressed-1] ^= 1
	err = readAll(b, nil)
	require.ErrorContains(t, err, `column "i32_PLAIN": row group 0: page at byte 4: its checksum is`)
}

// A file that ends early is an error wherever it ends: the footer is at the end.
func TestTruncated(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "pyarrow-int96.parquet"))
	require.NoError(t, err)
	for n := range b {
		err := readAll(b[:n], nil)
		require.ErrorIs(t, err, dataset.ErrFormat, "%d bytes", n)
	}
}

// Damaged files are read, or refused: nothing panics, and nothing takes memory far beyond the limit.
func TestDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range seeds {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		refused := 0
		n := 60
		for range n {
			b := bytes.Clone(whole)
			for range 1 + rng.IntN(4) {
				at := rng.IntN(len(b))
				if rng.IntN(2) == 0 { // the footer is small and counts most
					at = len(b) - 1 - rng.IntN(min(len(b), 2000))
				}
				b[at] = byte(rng.Uint32())
			}
			var err error
			size := allocated(func() { err = readAll(b, &Config{MaxBytes: 1 << 20}) })
			if err != nil {
				refused++
				require.NotContains(t, err.Error(), "panic")
			}
			require.Less(t, size, uint64(128<<20), "%s: %v", name, err)
		}
		require.Positive(t, refused, name)
	}
}

// seeds are small files with all that the format has.
var seeds = []string{"pyarrow-types.parquet", "pyarrow-int96.parquet", "pyarrow-emptygroups.parquet",
	"pyarrow-map.parquet", "pyarrow-fallback.parquet", "spark-legacy.parquet", "spark-lz4.parquet", "spark-gzip.parquet",
	"spark-zstd.parquet", "spark-v2.parquet"}

// FuzzRead wants reading of any bytes to end, with well-formed rows or an error.
func FuzzRead(f *testing.F) {
	for _, name := range seeds {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add(forged{schema: []element{column(typeInt32, repeated)}, rows: 1, values: 2, pages: [][]byte{forgedPage(pageData,
		2, encPlain, 24, append(append(runs(1, 0, 1, 1), runs(2, 1)...), plainInts(1, 2)...))}}.bytes())
	f.Add(forged{schema: []element{column(typeInt32, optional)}, rows: 3, values: 3, dictionary: true, pages: [][]byte{
		forgedPage(pageDictionary, 1, encPlain, 4, plainInts(7)),
		forgedPage(pageData, 3, encRLEDictionary, 9, append(runs(3, 1), 1, 6, 0))}}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		err := readAll(b, &Config{MaxBytes: 1 << 20, BlockRows: 100, SkipUnsupported: true})
		if err != nil && strings.Contains(err.Error(), "panic") {
			t.Fatal(err)
		}
	})
}

// FuzzCodecs: what a codec makes of bytes has the size that was asked for, or is an error.
func FuzzCodecs(f *testing.F) {
	f.Add(uint8(codecSnappy), []byte{3, 8, 1, 2, 3}, uint16(3))
	f.Add(uint8(codecLZ4Raw), []byte{0x30, 1, 2, 3}, uint16(3))
	f.Add(uint8(codecLZ4), []byte{0, 0, 0, 3, 0, 0, 0, 4, 0x30, 1, 2, 3}, uint16(3))
	f.Fuzz(func(t *testing.T, codec uint8, b []byte, size uint16) {
		got, err := decompress(int(codec%8), []byte("before"), b, int(size))
		if err == nil && codec%8 != codecNone {
			require.Len(t, got, 6+int(size))
			require.Equal(t, "before", string(got[:6]))
		}
	})
}

// broken is a file whose reads fail after its footer was read.
type broken struct {
	*bytes.Reader
	fail bool
}

var errBroken = errors.New("the disk is broken")

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	if b.fail {
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, off)
}

// A disk that fails is not a malformed file.
func TestBrokenDisk(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "pyarrow-types.parquet"))
	require.NoError(t, err)
	c, err := (*Config)(nil).filled()
	require.NoError(t, err)
	r := &broken{Reader: bytes.NewReader(whole)}
	f, err := open("x.parquet", r, int64(len(whole)), c, &cache{})
	require.NoError(t, err)
	r.fail = true
	var rows table.Rows
	err = f.Read(context.Background(), 0, 0, 1, []int{0}, &rows)
	require.ErrorIs(t, err, errBroken)
	require.NotErrorIs(t, err, dataset.ErrFormat)
	r.fail = false
	require.NoError(t, f.Read(context.Background(), 0, 0, 1, []int{0}, &rows))
}

// A file that is replaced in mid-epoch is an error, not other rows.
func TestChangedFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		whole, err := os.ReadFile(filepath.Join("testdata", "pyarrow-int96.parquet"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), whole, 0o666))
	}
	tab, err := Open(os.DirFS(dir), ".", nil)
	require.NoError(t, err)
	defer tab.Close()
	require.NoError(t, os.Chtimes(filepath.Join(dir, "b"), time.Time{}, time.Unix(1e9, 0)))
	var rows table.Rows
	require.NoError(t, tab.Read(context.Background(), 0, 0, 1, []int{0}, &rows))
	require.ErrorIs(t, tab.Read(context.Background(), 1, 0, 1, []int{0}, &rows), table.ErrChanged)
	require.NoError(t, os.Remove(filepath.Join(dir, "b")))
	require.ErrorIs(t, tab.Read(context.Background(), 1, 0, 1, []int{0}, &rows), fs.ErrNotExist)
}
