package arrow

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// testdata/pyarrow-*.arrow were written by pyarrow 26.0.1:
//
//	import pyarrow as pa, pyarrow.ipc as ipc
//	n = 5
//	image = pa.array([[[4*i, 4*i+1], [4*i+2, 4*i+3]] for i in range(n)], pa.list_(pa.list_(pa.uint8(), 2), 2))
//	table = pa.table({
//	    "word": pa.array(["a", "b", "a", None, "b"]).dictionary_encode(),
//	    "image": image,
//	    "raw": pa.array([bytes([i, 255-i]) for i in range(n)], pa.binary(2)),
//	    "x": pa.array([i/4 for i in range(n)], pa.float64()),
//	    "half": pa.array([1.5, -2, 0, 65504, 0.25], pa.float16()),
//	    "label": pa.array([2, 0, 1, 1, 0], pa.int16()),
//	})
//	for name, opener, codec in [("file-zstd", ipc.new_file, "zstd"), ("stream-lz4", ipc.new_stream, "lz4"), ("file", ipc.new_file, None)]:
//	    with opener(f"testdata/pyarrow-{name}.arrow", table.schema, options=ipc.IpcWriteOptions(compression=codec)) as w:
//	        w.write_table(table, max_chunksize=2)
var pyarrowFiles = []string{"testdata/pyarrow-file-zstd.arrow", "testdata/pyarrow-stream-lz4.arrow", "testdata/pyarrow-file.arrow"}

func TestReadsPyArrow(t *testing.T) {
	for _, path := range pyarrowFiles {
		t.Run(path, func(t *testing.T) {
			src, b, err := openFile(path, choice{Features: []string{"image", "raw"}, Shape: []int{2, 3}})
			require.NoError(t, err)
			assert.Equal(t, []int{2, 3}, src.Spec().Input().Shape)
			assert.Equal(t, 3, src.Spec().Classes())
			assert.Equal(t, []float32{0, 1, 2, 3, 0, 255, 4, 5, 6, 7, 1, 254, 8, 9, 10, 11, 2, 253, 12, 13, 14, 15, 3, 252, 16, 17,
				18, 19, 4, 251}, tensor.Data[float32](b.X))
			assert.Equal(t, []int64{2, 0, 1, 1, 0}, tensor.Data[int64](b.Y))

			src, b, err = openFile(path, choice{Features: []string{"half", "raw"}, Label: "x", Scale: 2})
			require.NoError(t, err)
			assert.Equal(t, 0, src.Spec().Classes())
			assert.Equal(t, []float32{3, 0, 510, -4, 2, 508, 0, 4, 506, 131008, 6, 504, 0.5, 8, 502}, tensor.Data[float32](b.X))
			assert.Equal(t, []float32{0, 0.25, 0.5, 0.75, 1}, tensor.Data[float32](b.Y))

			_, _, err = openFile(path, choice{})
			assert.EqualError(t, err, fmt.Sprintf(`dataset: %s: column "word" is text, want numbers, times or lists of them`, path))
		})
	}
}

// The table has all that pyarrow wrote, the null in "word" too, whatever the format, codec and size of blocks.
func TestTableOfPyArrow(t *testing.T) {
	list := func(v ...any) []any { return v }
	for _, path := range pyarrowFiles {
		for _, rows := range []int{0, 1} {
			tab, err := Open(context.Background(), os.DirFS("."), path, Config{BlockRows: rows})
			require.NoError(t, err)
			if rows == 0 {
				assert.Equal(t, []int{2, 2, 1}, tab.Blocks())
			} else {
				assert.Equal(t, []int{1, 1, 1, 1, 1}, tab.Blocks())
			}
			assert.Equal(t, []string{"word", "image", "raw", "x", "half", "label"}, tab.Schema().Names())
			assert.Equal(t, "list<list<uint8>[2]>[2]", tab.Schema()[1].Type.String())
			assert.Equal(t, "binary[2]", tab.Schema()[2].Type.String())
			assert.Equal(t, "int16", tab.Schema()[5].Type.String())
			all, err := table.ReadAll(context.Background(), tab)
			require.NoError(t, err)
			require.NoError(t, all.Check())
			assert.Equal(t, []any{"b", list(list(int64(4), int64(5)), list(int64(6), int64(7))), []byte{1, 254}, 0.25, float32(-2),
				int64(0)}, all.At(1))
			assert.Equal(t, []any{nil, list(list(int64(12), int64(13)), list(int64(14), int64(15))), []byte{3, 252}, 0.75,
				float32(65504), int64(1)}, all.At(3))
			file, at := table.Place(tab, len(tab.Blocks())-1, 0)
			assert.Equal(t, path, file)
			assert.Equal(t, int64(4), at)
			require.NoError(t, tab.Close())
		}
	}
}

// What comes from a pipe is kept in a file, which Close removes.
func TestReadFromReader(t *testing.T) {
	dir := t.TempDir()
	for _, path := range pyarrowFiles {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		tab, err := Read(context.Background(), "stdin", io.MultiReader(bytes.NewReader(data)), Config{Dir: dir})
		require.NoError(t, err)
		assert.Equal(t, "stdin", tab.Name())
		_, b, err := choice{Features: []string{"image"}}.source(tab)
		require.NoError(t, err)
		assert.Equal(t, 5, b.N)
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Len(t, files, 1)
		require.NoError(t, tab.Close())
		files, err = os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, files)
	}
	_, err := Read(context.Background(), "stdin", strings.NewReader("ARROW1"), Config{Dir: dir})
	assert.ErrorIs(t, err, dataset.ErrFormat)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files, "a file that is refused leaves nothing behind")
}

// choice is what a test takes of a table: features side by side as "x", and a label as "y".
type choice struct {
	Features   []string // default: all but Label
	Label      string   // default "label"
	Shape      []int
	Classes    int
	ClassNames []string
	Scale      float64
}

// source makes a source of a table, and reads all its samples, so that what is wrong with any is found.
func (c choice) source(tab table.Table) (*table.Source, *dataset.Batch, error) {
	ctx := context.Background()
	var config table.Config
	schema := tab.Schema()
	if config.Label = c.Label; c.Label == "" {
		config.Label = "label"
	}
	if c.Features != nil || c.Shape != nil || c.Classes != 0 || c.ClassNames != nil || c.Scale != 0 {
		at, err := schema.Find(config.Label)
		if err != nil {
			return nil, nil, table.Malformed(tab.Name(), "%w", err)
		}
		x := table.Pick{Name: "x", From: c.Features, DType: tensor.Float32, Shape: []int{-1}, Scale: c.Scale}
		for _, f := range schema {
			if c.Features == nil && f.Name != config.Label {
				x.From = append(x.From, f.Name)
			}
		}
		if c.Shape != nil {
			x.Shape = c.Shape
		}
		y := table.Pick{Name: "y", From: []string{config.Label}, DType: tensor.Float32}
		switch schema[at].Type.Kind {
		case table.Float32, table.Float64, table.Decimal:
			y.Classes = c.Classes
		default:
			y.DType, y.Class, y.Classes, y.ClassNames = 0, true, c.Classes, c.ClassNames
		}
		config.Columns, config.Target = []table.Pick{x, y}, "y"
	}
	src, err := table.Choose(ctx, tab, config)
	if err != nil {
		return nil, nil, err
	}
	b := new(dataset.Batch)
	return src, b, b.Fill(src, count(src.Len()))
}

// openFile makes a source of a file.
func openFile(path string, c choice) (*table.Source, *dataset.Batch, error) {
	tab, err := Open(context.Background(), table.OS(), path, Config{SkipUnsupported: true})
	if err != nil {
		return nil, nil, err
	}
	defer tab.Close()
	return c.source(tab)
}

// readBytes makes a source of the bytes of a file.
func readBytes(data []byte, c choice) (*table.Source, *dataset.Batch, error) {
	return readWith(data, Config{}, c)
}

func readWith(data []byte, config Config, c choice) (*table.Source, *dataset.Batch, error) {
	tab, err := ofBytes(data, config)
	if err != nil {
		return nil, nil, err
	}
	return c.source(tab)
}

// ofBytes is a table of bytes in memory.
func ofBytes(data []byte, config Config) (table.Table, error) {
	config, err := config.filled()
	if err != nil {
		return nil, err
	}
	return open(context.Background(), "arrow", bytes.NewReader(data), int64(len(data)), config)
}

// cell is a column of a test file: a type, and the values of each batch as JSON.
type cell struct {
	name  string
	typ   arrow.DataType
	parts []string
}

// arrowFile returns an IPC file, or stream, of the columns.
func arrowFile(t testing.TB, asFile bool, cols ...cell) []byte {
	t.Helper()
	var fields []arrow.Field
	for _, c := range cols {
		fields = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	path := filepath.Join(t.TempDir(), "x.arrow")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	var w interface {
		Write(arrow.Record) error
		Close() error
	}
	if w = ipc.NewWriter(f, ipc.WithSchema(schema)); asFile {
		w, err = ipc.NewFileWriter(f, ipc.WithSchema(schema))
		require.NoError(t, err)
	}
	for part := range cols[0].parts {
		var arrays []arrow.Array
		for _, c := range cols {
			a, _, err := array.FromJSON(memory.DefaultAllocator, c.typ, strings.NewReader(c.parts[part]))
			require.NoError(t, err)
			arrays = append(arrays, a)
		}
		require.NoError(t, w.Write(array.NewRecord(schema, arrays, -1)))
	}
	require.NoError(t, w.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

var (
	u8, f32, f64 = arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64
	i64          = arrow.PrimitiveTypes.Int64
	pair         = arrow.FixedSizeListOf(2, u8)
)

func TestArrowNumberTypes(t *testing.T) {
	for _, typ := range []arrow.DataType{
		u8, arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Uint32,
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64, i64, arrow.FixedWidthTypes.Float16, f32, f64,
	} {
		t.Run(typ.String(), func(t *testing.T) {
			data := arrowFile(t, true, cell{"x", typ, []string{"[1, 2]", "[]", "[3]"}}, cell{"label", typ, []string{"[0, 1]", "[]", "[2]"}})
			_, b, err := readBytes(data, choice{})
			require.NoError(t, err)
			assert.Equal(t, []float32{1, 2, 3}, tensor.Data[float32](b.X))
			if arrow.IsFloating(typ.ID()) {
				assert.Equal(t, []float32{0, 1, 2}, tensor.Data[float32](b.Y))
			} else {
				assert.Equal(t, []int64{0, 1, 2}, tensor.Data[int64](b.Y))
			}
		})
	}
}

func TestArrowNoRows(t *testing.T) {
	for _, asFile := range []bool{true, false} {
		m, _, err := readBytes(arrowFile(t, asFile, cell{name: "x", typ: f32}, cell{name: "label", typ: i64}), choice{})
		require.NoError(t, err)
		assert.Zero(t, m.Len())
		assert.Equal(t, 1, m.Spec().Classes())
	}
}

// Batches without rows, first, between and last, under more than one feature.
func TestArrowEmptyBatches(t *testing.T) {
	for _, typ := range []arrow.DataType{u8, f32} {
		data := arrowFile(t, true, cell{"x", typ, []string{"[]", "[1]", "[]", "[2,3]", "[]"}}, cell{"z", pair,
			[]string{"[]", "[[4,5]]", "[]", "[[6,7],[8,9]]", "[]"}},
			cell{"label", i64, []string{"[]", "[0]", "[]", "[1,2]", "[]"}})
		_, b, err := readBytes(data, choice{})
		require.NoError(t, err)
		assert.Equal(t, []float32{1, 4, 5, 2, 6, 7, 3, 8, 9}, tensor.Data[float32](b.X))
		assert.Equal(t, []int64{0, 1, 2}, tensor.Data[int64](b.Y))
	}
}

func TestArrowRefuses(t *testing.T) {
	x := cell{"x", pair, []string{"[[1,2],[3,4]]", "[[5,6]]"}}
	y := cell{"label", i64, []string{"[0,1]", "[2]"}}
	for _, c := range []struct {
		name   string
		cols   []cell
		config choice
		want   string
	}{
		{"no label", []cell{x}, choice{}, `no column "label" among ["x"]`},
		{"no feature", []cell{x, y}, choice{Features: []string{"z"}}, `no column "z" among ["x" "label"]`},
		{"label alone", []cell{y}, choice{}, `has no columns beside "label"`},
		{"name twice", []cell{x, x, y}, choice{}, `two columns are named "x"`},
		{"text", []cell{{"x", arrow.BinaryTypes.String, []string{`["a","b","c"]`}}, {"label", i64, []string{"[0,1,2]"}}}, choice{}, `column "x" is text, want numbers`},
		{"list", []cell{{"x", arrow.ListOf(u8), []string{`[[1],[2,3]]`}}, {"label", i64, []string{"[0,1]"}}},
			choice{}, `column "x", row 1: a list of 2 elements, want 1`},
		{"list, later", []cell{{"x", arrow.ListOf(arrow.FixedSizeListOf(2, u8)), []string{`[[[1,2]],[[3,4]]]`,
			`[[[1,2],[3,4]]]`}}, y}, choice{}, `column "x", row 2: a list of 2 elements, want 1`},
		{"list within, later", []cell{{"x", arrow.FixedSizeListOf(2, arrow.LargeListOf(u8)),
			[]string{`[[[1],[2]],[[3],[4]]]`, `[[[5],[6,7]]]`}}, y}, choice{},
			`column "x", row 2: a list of 2 elements, want 1`},
		{"list, empty", []cell{{"x", arrow.ListOf(u8), []string{`[[1],[]]`, `[[2]]`}}, y}, choice{},
			`column "x", row 1: a list of 0 elements, want 1`},
		{"list, null", []cell{{"x", arrow.ListOf(u8), []string{`[[1],null]`, `[[2]]`}}, y}, choice{},
			`column "x", row 1: is null`},
		{"list of null", []cell{{"x", arrow.ListOf(u8), []string{`[[1,1],[2,2]]`, `[[2,null]]`}}, y}, choice{},
			`column "x", row 2: is null`},
		{"list and shape", []cell{{"x", arrow.ListOf(u8), []string{`[[1],[2]]`, `[[2]]`}}, y},
			choice{Shape: []int{2}}, `column "x" has 1 elements a row, shape [2] has another number`},
		{"list of text", []cell{{"x", arrow.ListOf(arrow.BinaryTypes.String), []string{`[["a"]]`}}, {"label", i64,
			[]string{"[0]"}}}, choice{}, `column "x" is list<text>, want`},
		{"bool null", []cell{{"x", arrow.FixedWidthTypes.Boolean, []string{`[true, null]`}}, {"label", i64,
			[]string{"[0,0]"}}}, choice{}, `column "x", row 1: is null`},
		{"label text null", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `[null]`}}},
			choice{}, `column "label", row 2: is null`},
		{"label text, too many", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `["c"]`}}},
			choice{Classes: 2}, `column "label", row 2: label "c" is one more than 2 different ones`},
		{"label text, another", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `["c"]`}}},
			choice{ClassNames: []string{"b", "a"}},
			`column "label", row 2: label "c" is none of the 2 ClassNames`},
		{"names twice", []cell{x, y}, choice{ClassNames: []string{"b", "b"}}, `ClassNames has "b" twice`},
		{"names for numbers", []cell{x, y}, choice{ClassNames: []string{"a", "b", "c"}},
			`column "label", row 0: label "0" is none of the 3 ClassNames`},
		{"names and classes", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `["a"]`}}},
			choice{ClassNames: []string{"a", "b", "c"}, Classes: 2}, `3 ClassNames for 2 classes`},
		{"label is a time", []cell{x, {"label", arrow.FixedWidthTypes.Timestamp_s, []string{`[1,2]`, `[3]`}}},
			choice{}, `label column "label" is time[s], want`},
		{"shape that wraps", []cell{x, y}, choice{Shape: []int{1 << 32, 1 << 32, 2}},
			`shape [4294967296 4294967296 2] has another number`},
		{"label is a list", []cell{x, {"label", pair, x.parts}}, choice{}, `label column "label" is list<uint8>[2], want`},
		{"targets for classes", []cell{x, {"label", f32, y.parts}}, choice{Classes: 3}, `column "label" is float32, want integers, booleans or text for classes`},
		{"shape", []cell{x, y}, choice{Shape: []int{3}},
			`column "x" has 2 elements a row, shape [3] has another number`},
		{"shape with minus", []cell{x, y}, choice{Shape: []int{-1, -2}}, `shape [-1 -2]`},
		{"null label", []cell{x, {"label", i64, []string{"[0,1]", "[null]"}}}, choice{}, `column "label", row 2: is null`},
		{"null row", []cell{{"x", pair, []string{"[[1,2],null]", "[[5,6]]"}}, y}, choice{}, `column "x", row 1: is null`},
		{"null element", []cell{{"x", pair, []string{"[[1,2],[3,4]]", "[[5,null]]"}}, y}, choice{}, `column "x", row 2: is null`},
		{"label negative", []cell{x, {"label", i64, []string{"[0,-1]", "[2]"}}}, choice{}, `column "label", row 1: label -1, want 0 … 1048575`},
		{"label too large", []cell{x, y}, choice{Classes: 2}, `column "label", row 2: label 2, want 0 … 1`},
		{"label of 2^63", []cell{x, {"label", arrow.PrimitiveTypes.Uint64, []string{"[0,1]", "[9223372036854775808]"}}}, choice{}, `column "label", row 2: 9223372036854775808 is past the largest int64`},
		{"label wild", []cell{x, {"label", i64, []string{"[0,1]", "[1048576]"}}}, choice{}, `label 1048576, want 0 … 1048575`},
		{"past float32", []cell{{"x", f64, []string{"[1,2]", "[1e39]"}}, y}, choice{}, `column "x", row 2: 1e+39 is not a finite float32`},
		{"target past float32", []cell{x, {"label", f64, []string{"[1,-1e300]", "[1]"}}}, choice{}, `column "label", row 1: -1e+300 is not a finite float32`},
	} {
		for _, asFile := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, file %v", c.name, asFile), func(t *testing.T) {
				path := writeFile(t, "t.arrow", arrowFile(t, asFile, c.cols...))
				_, _, err := openFile(path, c.config)
				require.ErrorIs(t, err, dataset.ErrFormat)
				assert.True(t, strings.HasPrefix(err.Error(), "dataset: "+path+": "), "%q does not begin with package and file", err)
				assert.Contains(t, err.Error(), c.want)
				assert.NotContains(t, err.Error(), "\n")
			})
		}
	}
}

func TestArrowRefusesNaN(t *testing.T) {
	b := array.NewFloat32Builder(memory.DefaultAllocator)
	b.AppendValues([]float32{1, float32(math.NaN())}, nil)
	s := arrow.NewSchema([]arrow.Field{{Name: "x", Type: f32}}, nil)
	tab, err := FromRecords("records", []arrow.Record{array.NewRecord(s, []arrow.Array{b.NewFloat32Array()}, 2)})
	require.NoError(t, err)
	_, _, err = choice{Label: "x", Features: []string{"x"}}.source(tab)
	assert.EqualError(t, err, `dataset: records: column "x", row 1: is NaN`)
}

// A corrupt file can have lists longer than their batch: Arrow's reader lets them pass, and to look at 2⁴⁰ rows takes hours.
func TestArrowColumnLongerThanItsBatch(t *testing.T) {
	data := arrowFile(t, false, cell{"x", pair, []string{"[[5,6],[7,8]]"}}, cell{"label", i64, []string{"[0,1]"}})
	nodes := make([]byte, 32) // in the batch's metadata, of x and of its elements: the length and the number of nulls, int64 each
	nodes[0], nodes[16] = 2, 4
	at := bytes.Index(data, nodes)
	require.Positive(t, at)
	data[at+5] = 1 // length 2 + 2⁴⁰
	data[at+8] = 1 // one null, but which?
	_, _, err := readBytes(data, choice{})
	assert.EqualError(t, err, `dataset: arrow: column "x": claims 1099511627778 rows, its batch 2`)
}

func TestOpenArrowMissing(t *testing.T) {
	_, _, err := openFile(filepath.Join(t.TempDir(), "none"), choice{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = openFile(t.TempDir(), choice{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// Cut anywhere, a file is an error. A stream is too, unless the cut is between two messages.
func TestArrowCutShort(t *testing.T) {
	for _, path := range pyarrowFiles {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		whole := 0
		for n := range len(data) {
			m, _, err := readBytes(data[:n], choice{Features: []string{"image"}})
			if err == nil {
				whole++
				require.Contains(t, path, "stream", "%d of %d bytes pass for a whole file", n, len(data))
				require.Contains(t, []int{0, 2, 4, 5}, m.Len())
				continue
			}
			require.ErrorIs(t, err, dataset.ErrFormat, "%d of %d bytes", n, len(data))
		}
		if strings.Contains(path, "stream") {
			assert.Equal(t, 5, whole) // after the schema and its dictionary, and after each of 3 batches, the last also with half an end
		}
	}
}

// Every single wrong byte in a small file: an error or another table, never a panic, and no memory that the limit does not allow.
func TestArrowEveryByteWrong(t *testing.T) {
	data := arrowFile(t, true, cell{"x", pair, []string{"[[1,2],[3,4]]"}}, cell{"label", i64, []string{"[0,1]"}})
	for i := range data {
		for _, wrong := range []byte{0x7f, 0xff} {
			broken := bytes.Clone(data)
			broken[i] = wrong
			requireSane(t, broken)
		}
	}
}

// requireSane reads all rows of a file, which are an error or well formed.
func requireSane(t *testing.T, data []byte) {
	t.Helper()
	tab, err := ofBytes(data, Config{MaxBytes: 1 << 20, BlockRows: 1000, SkipUnsupported: true})
	if err != nil {
		require.ErrorIs(t, err, dataset.ErrFormat)
		return
	}
	require.NoError(t, tab.Schema().Check())
	var rows table.Rows
	for block, n := range tab.Blocks() {
		require.LessOrEqual(t, n, 1000)
		if block > 20 { // a batch may claim many rows of no bytes
			break
		}
		for _, lo := range []int{0, n / 2} {
			if err := tab.Read(context.Background(), block, lo, n, tab.Schema().All(), &rows); err != nil {
				require.ErrorIs(t, err, dataset.ErrFormat)
				continue
			}
			require.NoError(t, rows.Check())
		}
	}
}

// count returns 0 … n-1.
func count(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

func FuzzArrow(f *testing.F) {
	for _, path := range append([]string{typesFile, "testdata/pyarrow-nested.arrow", "testdata/pyarrow-words.arrows"},
		pyarrowFiles...) {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte("PAR1"))
	f.Add([]byte("a,b\n1,2\n"))
	f.Add(arrowFile(f, false, cell{"x", arrow.ListOf(arrow.LargeListOf(u8)), []string{"[]", "[[[1],[2]]]"}},
		cell{"label", arrow.BinaryTypes.String, []string{"[]", `["a"]`}}))
	f.Add(arrowFile(f, true, cell{"x", pair, []string{"[[1,2],[3,4]]", "[[5,6]]"}}, cell{"label", i64, []string{"[0,1]", "[0]"}}))
	f.Add(arrowFile(f, false, cell{"x", f64, []string{"[1,2]"}}, cell{"label", f32, []string{"[0,1]"}}))
	f.Fuzz(func(t *testing.T, data []byte) { requireSane(t, data) })
}

// writeFile puts data into a file of a fresh folder.
func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o666))
	return path
}
