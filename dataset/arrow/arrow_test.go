package arrow

import (
	"bytes"
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
			var b dataset.Batch
			m, err := Open(path, Config{Features: []string{"image", "raw"}, Shape: []int{2, 3}})
			require.NoError(t, err)
			assert.Equal(t, dataset.XY(path, []int{2, 3}, 3, nil), m.Spec())
			assert.Equal(t, 5*(6+8), m.Bytes(), "uint8 columns are not kept as bytes")
			require.NoError(t, m.Fill(&b, count(5)))
			assert.Equal(t, []float32{0, 1, 2, 3, 0, 255, 4, 5, 6, 7, 1, 254, 8, 9, 10, 11, 2, 253, 12, 13, 14, 15, 3, 252, 16, 17, 18, 19, 4, 251}, tensor.Data[float32](b.X))
			assert.Equal(t, []int64{2, 0, 1, 1, 0}, tensor.Data[int64](b.Y))

			m, err = Open(path, Config{Features: []string{"half", "raw"}, Label: "x", Scale: 2})
			require.NoError(t, err)
			assert.Equal(t, dataset.XY(path, []int{3}, 0, []int{}), m.Spec())
			require.NoError(t, m.Fill(&b, []int{4, 3}))
			assert.Equal(t, []float32{0.5, 8, 502, 131008, 6, 504}, tensor.Data[float32](b.X))
			assert.Equal(t, []float32{1, 0.75}, tensor.Data[float32](b.Y))

			_, err = Open(path, Config{})
			assert.EqualError(t, err,
				fmt.Sprintf(`dataset: %s: column "word" is dictionary<values=utf8, indices=int32, ordered=false>, want numbers, times or lists of them`, path))
		})
	}
}

// The reader gives the same whether it has a file or a stream of bytes, and of whichever format.
func TestReadArrowFromReader(t *testing.T) {
	for _, path := range pyarrowFiles {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		m, err := Read(io.MultiReader(bytes.NewReader(data)), Config{Features: []string{"image"}})
		require.NoError(t, err)
		assert.Equal(t, 5, m.Len())
		assert.Equal(t, "arrow", m.Spec().Name)
	}
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
			m, err := Read(bytes.NewReader(data), Config{})
			require.NoError(t, err)
			var b dataset.Batch
			require.NoError(t, m.Fill(&b, count(3)))
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
		m, err := Read(bytes.NewReader(arrowFile(t, asFile, cell{name: "x", typ: f32}, cell{name: "label", typ: i64})), Config{})
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
		m, err := Read(bytes.NewReader(data), Config{})
		require.NoError(t, err)
		var b dataset.Batch
		require.NoError(t, m.Fill(&b, count(3)))
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
		config Config
		want   string
	}{
		{"no label", []cell{x}, Config{}, `no column "label" among ["x"]`},
		{"no feature", []cell{x, y}, Config{Features: []string{"z"}}, `no column "z" among ["x" "label"]`},
		{"label alone", []cell{y}, Config{}, `has no feature columns beside "label"`},
		{"name twice", []cell{x, x, y}, Config{}, `2 columns are named "x"`},
		{"text", []cell{{"x", arrow.BinaryTypes.String, []string{`["a","b","c"]`}}, {"label", i64, []string{"[0,1,2]"}}}, Config{}, `column "x" is utf8, want numbers`},
		{"list", []cell{{"x", arrow.ListOf(u8), []string{`[[1],[2,3]]`}}, {"label", i64, []string{"[0,1]"}}},
			Config{}, `column "x", row 1: a list of 2 elements, row 0 has 1`},
		{"list, later", []cell{{"x", arrow.ListOf(arrow.FixedSizeListOf(2, u8)), []string{`[[[1,2]],[[3,4]]]`,
			`[[[1,2],[3,4]]]`}}, y}, Config{}, `column "x", row 2: a list of 2 elements, row 0 has 1`},
		{"list within, later", []cell{{"x", arrow.FixedSizeListOf(2, arrow.LargeListOf(u8)),
			[]string{`[[[1],[2]],[[3],[4]]]`, `[[[5],[6,7]]]`}}, y}, Config{},
			`column "x", row 2: a list of 2 elements, row 0 has 1`},
		{"list, empty", []cell{{"x", arrow.ListOf(u8), []string{`[[1],[]]`, `[[2]]`}}, y}, Config{},
			`column "x", row 1: a list from element 1 to 1, want at least one element`},
		{"list, null", []cell{{"x", arrow.ListOf(u8), []string{`[[1],null]`, `[[2]]`}}, y}, Config{},
			`column "x", row 1: is null`},
		{"list of null", []cell{{"x", arrow.ListOf(u8), []string{`[[1,1],[2,2]]`, `[[2,null]]`}}, y}, Config{},
			`column "x", row 2: is null`},
		{"list and shape", []cell{{"x", arrow.ListOf(u8), []string{`[[1],[2]]`, `[[2]]`}}, y},
			Config{Shape: []int{2}}, `the feature columns have 1 elements a row, shape [2] has another number`},
		{"list of text", []cell{{"x", arrow.ListOf(arrow.BinaryTypes.String), []string{`[["a"]]`}}, {"label", i64,
			[]string{"[0]"}}}, Config{}, `column "x" is utf8, want`},
		{"bool null", []cell{{"x", arrow.FixedWidthTypes.Boolean, []string{`[true, null]`}}, {"label", i64,
			[]string{"[0,0]"}}}, Config{}, `column "x", row 1: is null`},
		{"label text null", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `[null]`}}},
			Config{}, `column "label", row 2: is null`},
		{"label text, too many", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `["c"]`}}},
			Config{Classes: 2}, `column "label", row 2: label "c" is one more than 2 different ones`},
		{"label text, another", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `["c"]`}}},
			Config{ClassNames: []string{"b", "a"}},
			`column "label", row 2: label "c" is none of the 2 ClassNames`},
		{"names twice", []cell{x, y}, Config{ClassNames: []string{"b", "b"}}, `ClassNames has "b" twice`},
		{"names for numbers", []cell{x, y}, Config{ClassNames: []string{"a", "b", "c"}},
			`label column "label" is int64, want strings for the 3 ClassNames`},
		{"names and classes", []cell{x, {"label", arrow.BinaryTypes.String, []string{`["a","b"]`, `["a"]`}}},
			Config{ClassNames: []string{"a", "b", "c"}, Classes: 2}, `3 ClassNames for 2 classes`},
		{"label is a time", []cell{x, {"label", arrow.FixedWidthTypes.Timestamp_s, []string{`[1,2]`, `[3]`}}},
			Config{}, `label column "label" is timestamp[s, tz=UTC], want`},
		{"shape that wraps", []cell{x, y}, Config{Shape: []int{1 << 32, 1 << 32, 2}},
			`shape [4294967296 4294967296 2] has another number`},
		{"label is a list", []cell{x, {"label", pair, x.parts}}, Config{}, `label column "label" is fixed_size_list`},
		{"targets for classes", []cell{x, {"label", f32, y.parts}}, Config{Classes: 3}, `label column "label" is float32, want integers for the 3 classes`},
		{"shape", []cell{x, y}, Config{Shape: []int{3}},
			`the feature columns have 2 elements a row, shape [3] has another number`},
		{"shape with minus", []cell{x, y}, Config{Shape: []int{-1, -2}}, `shape [-1 -2]`},
		{"null label", []cell{x, {"label", i64, []string{"[0,1]", "[null]"}}}, Config{}, `column "label", row 2: is null`},
		{"null row", []cell{{"x", pair, []string{"[[1,2],null]", "[[5,6]]"}}, y}, Config{}, `column "x", row 1: is null`},
		{"null element", []cell{{"x", pair, []string{"[[1,2],[3,4]]", "[[5,null]]"}}, y}, Config{}, `column "x", row 2: is null`},
		{"label negative", []cell{x, {"label", i64, []string{"[0,-1]", "[2]"}}}, Config{}, `column "label", row 1: label -1, want 0 … 1048575`},
		{"label too large", []cell{x, y}, Config{Classes: 2}, `column "label", row 2: label 2, want 0 … 1`},
		{"label of 2^63", []cell{x, {"label", arrow.PrimitiveTypes.Uint64, []string{"[0,1]", "[9223372036854775808]"}}}, Config{}, `column "label", row 2: label 9223372036854775808, want`},
		{"label wild", []cell{x, {"label", i64, []string{"[0,1]", "[1048576]"}}}, Config{}, `label 1048576, want 0 … 1048575`},
		{"past float32", []cell{{"x", f64, []string{"[1,2]", "[1e39]"}}, y}, Config{}, `column "x", row 2: 1e+39 is not a finite float32`},
		{"target past float32", []cell{x, {"label", f64, []string{"[1,-1e300]", "[1]"}}}, Config{}, `column "label", row 1: -1e+300 is not a finite float32`},
		{"limit", []cell{x, y}, Config{MaxBytes: 100}, `the limit is 100`},
	} {
		for _, asFile := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, file %v", c.name, asFile), func(t *testing.T) {
				path := writeFile(t, "t.arrow", arrowFile(t, asFile, c.cols...))
				_, err := Open(path, c.config)
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
	assert.Equal(t, 1, scatter(make([]float32, 2), b.NewFloat32Array().Float32Values(), 1, 1))
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
	_, err := Read(bytes.NewReader(data), Config{})
	assert.EqualError(t, err, `dataset: arrow: column "x": claims 1099511627778 rows, its batch 2`)
}

func TestOpenArrowMissing(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "none"), Config{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Open(t.TempDir(), Config{})
	assert.Error(t, err)
}

// Cut anywhere, a file is an error. A stream is too, unless the cut is between two messages.
func TestArrowCutShort(t *testing.T) {
	for _, path := range pyarrowFiles {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		whole := 0
		for n := range len(data) {
			m, err := Read(bytes.NewReader(data[:n]), Config{Features: []string{"image"}})
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
			m, err := Read(bytes.NewReader(broken), Config{MaxBytes: 1 << 20})
			if err != nil {
				require.ErrorIs(t, err, dataset.ErrFormat, "byte %d = %d", i, wrong)
				continue
			}
			requireConsistent(t, m)
		}
	}
}

// requireConsistent reads every sample: lengths must add up.
func requireConsistent(t *testing.T, m *dataset.Memory) {
	t.Helper()
	var b dataset.Batch
	require.NoError(t, b.Fill(m, count(m.Len())))
	if m.Spec().Classes() > 0 {
		for _, label := range tensor.Data[int64](b.Y) {
			require.True(t, label >= 0 && label < int64(m.Spec().Classes()))
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
	for _, path := range append([]string{typesFile}, pyarrowFiles...) {
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
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range append([]Config{{}, {Features: []string{"image", "half"}}}, typesConfigs...) {
			c.MaxBytes = 1 << 20
			m, err := Read(bytes.NewReader(data), c)
			if err != nil {
				require.ErrorIs(t, err, dataset.ErrFormat)
				continue
			}
			requireConsistent(t, m)
		}
	})
}

// writeFile puts data into a file of a fresh folder.
func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o666))
	return path
}
