package arrow

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// testdata/pyarrow-types.arrow was written by pyarrow 26.0.1:
//
//	import datetime as dt, decimal, json, pyarrow as pa, pyarrow.ipc as ipc
//	d = decimal.Decimal
//	table = pa.table({
//	    "flag": pa.array([True, False, True]),
//	    "list": pa.array([[[1, 2]], [[3, 4]], [[5, 6]]], pa.large_list(pa.list_(pa.int16()))),
//	    "when": pa.array([dt.datetime(1970, 1, 1, 0, 0, 1, 500000), dt.datetime(1970, 1, 2), dt.datetime(1969, 12, 31, 23, 59, 59)], pa.timestamp("us", "Europe/Paris")),
//	    "day": pa.array([dt.date(1970, 1, 2), dt.date(1970, 1, 1), dt.date(1969, 12, 31)]),
//	    "took": pa.array([1500, 0, -1], pa.duration("ms")),
//	    "clock": pa.array([dt.time(0, 1), dt.time(0, 0, 2), dt.time(0)], pa.time64("ns")),
//	    "price": pa.array([d("12.25"), d("-0.50"), d("0")], pa.decimal128(9, 2)),
//	    "huge": pa.array([d("1e20"), d("-2"), d("0")], pa.decimal256(50, 3)),
//	    "code": pa.array([7, 1, 7], pa.int32()).dictionary_encode(),
//	    "grade": pa.array([0.5, 0.25, 0.5]).dictionary_encode(),
//	    "name": pa.array(["cat", "ant", "cat"]),
//	    "large": pa.array(["b", "ä", "a"], pa.large_string()),
//	    "kind": pa.DictionaryArray.from_arrays(pa.array([2, 0, 2], pa.int8()), ["z", "unused", "y"]),
//	    "__index_level_0__": pa.array([10, 11, 12]),
//	    "row": pa.array([20, 21, 22]),
//	})
//	pandas = {"index_columns": ["row", {"kind": "range", "name": None, "start": 0, "stop": 3, "step": 1}], "columns": []}
//	table = table.replace_schema_metadata({"pandas": json.dumps(pandas)})
//	with ipc.new_file("testdata/pyarrow-types.arrow", table.schema) as w:
//	    w.write_table(table, max_chunksize=2)
const typesFile = "testdata/pyarrow-types.arrow"

func TestArrowFeatureTypes(t *testing.T) {
	for column, want := range map[string][]float32{
		"flag":  {1, 0, 1},
		"list":  {1, 2, 3, 4, 5, 6},
		"when":  {1.5, 86400, -1},
		"day":   {86400, 0, -86400},
		"took":  {1.5, 0, -0.001},
		"clock": {60, 2, 0},
		"price": {12.25, -0.5, 0},
		"huge":  {1e20, -2, 0},
		"code":  {7, 1, 7},
		"grade": {0.5, 0.25, 0.5},
	} {
		t.Run(column, func(t *testing.T) {
			m, b, err := openFile(typesFile, choice{Features: []string{column}, Label: "name"})
			require.NoError(t, err)
			assert.Equal(t, []int{len(want) / 3}, m.Spec().Input().Shape)
			assert.Equal(t, want, tensor.Data[float32](b.X))
		})
	}
	_, b, err := openFile(typesFile, choice{Features: []string{"flag"}, Label: "price"})
	require.NoError(t, err)
	assert.Equal(t, []float32{12.25, -0.5, 0}, tensor.Data[float32](b.Y), "decimals are targets")
}

// Labels of strings are numbered in the order of their bytes ("ä" is behind "b"), a dictionary's by its words and not
// by its places.
func TestArrowLabelTypes(t *testing.T) {
	for _, c := range []struct {
		label   string
		config  choice
		want    []int64
		classes int
		names   []string
	}{
		{"name", choice{}, []int64{1, 0, 1}, 2, []string{"ant", "cat"}},
		{"large", choice{}, []int64{1, 2, 0}, 3, []string{"a", "b", "ä"}},
		{"kind", choice{}, []int64{0, 1, 0}, 2, []string{"y", "z"}},
		{"kind", choice{Classes: 5}, []int64{0, 1, 0}, 5, []string{"y", "z"}},
		{"name", choice{ClassNames: []string{"cat", "dog", "ant"}}, []int64{0, 2, 0}, 3, []string{"cat", "dog",
			"ant"}},
		{"flag", choice{}, []int64{1, 0, 1}, 2, nil},
		{"code", choice{}, []int64{7, 1, 7}, 8, nil},
	} {
		t.Run(c.label, func(t *testing.T) {
			c.config.Features, c.config.Label = []string{"price"}, c.label
			m, b, err := openFile(typesFile, c.config)
			require.NoError(t, err)
			assert.Equal(t, c.want, tensor.Data[int64](b.Y))
			assert.Equal(t, c.classes, m.Spec().Classes())
			assert.Equal(t, c.names, m.Spec().Columns[1].ClassNames)
		})
	}
	no := arrow.FixedWidthTypes.Boolean
	m, _, err := readBytes(arrowFile(t, true, cell{"x", u8, []string{"[1]"}}, cell{"label", no, []string{"[false]"}}),
		choice{})
	require.NoError(t, err)
	assert.Equal(t, 2, m.Spec().Classes(), "a boolean has two values, whichever occur")
}

// The index of a pandas DataFrame is no feature, unless it is asked for.
func TestArrowPandasIndex(t *testing.T) {
	tab, err := Open(context.Background(), os.DirFS("."), typesFile, Config{})
	require.NoError(t, err)
	assert.NotContains(t, tab.Schema().Names(), "row")
	tab.Close()
	tab, err = Open(context.Background(), os.DirFS("."), typesFile, Config{PandasIndex: true})
	require.NoError(t, err)
	assert.Contains(t, tab.Schema().Names(), "row")
	assert.Contains(t, tab.Schema().Names(), "__index_level_0__")
	tab.Close()
	x := cell{"x", f32, []string{"[1,2]"}}
	y := cell{"label", i64, []string{"[0,1]"}}
	index := cell{"__index_level_0__", i64, []string{"[7,8]"}}
	for _, c := range []struct {
		name     string
		features []string
		want     []float32
	}{{"left out", nil, []float32{1, 2}}, {"asked for", []string{"__index_level_0__"}, []float32{7, 8}}} {
		_, b, err := readWith(arrowFile(t, true, x, index, y), Config{PandasIndex: c.features != nil},
			choice{Features: c.features})
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, tensor.Data[float32](b.X), c.name)
	}
	schema := func(pandas string) *arrow.Schema {
		meta := arrow.NewMetadata([]string{"pandas"}, []string{pandas})
		return arrow.NewSchema([]arrow.Field{{Name: "row", Type: i64}, {Name: "x", Type: f32}, {Name: "label",
			Type: i64}}, &meta)
	}
	for pandas, want := range map[string]map[string]bool{
		`{"index_columns": ["row"], "columns": []}`:                                    {"row": true},
		`{"index_columns": [{"kind": "range", "name": "row", "start": 0, "stop": 3}]}`: {},
		`{}`: {},
	} {
		got, err := indexColumns(schema(pandas))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err = indexColumns(schema(`{`))
	assert.ErrorContains(t, err, "pandas metadata")
}

// A list column over several batches, beside others.
func TestArrowListsBesideOthers(t *testing.T) {
	data := arrowFile(t, false, cell{"x", arrow.ListOf(u8), []string{"[]", "[[1,2]]", "[[3,4],[5,6]]"}}, cell{"z",
		f32, []string{"[]", "[0.5]", "[1.5,2.5]"}},
		cell{"label", i64, []string{"[]", "[0]", "[1,2]"}})
	_, b, err := readBytes(data, choice{Shape: []int{1, 3}})
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2, 0.5, 3, 4, 1.5, 5, 6, 2.5}, tensor.Data[float32](b.X))
}

// A file of another format says what it is.
func TestArrowOfAnotherFormat(t *testing.T) {
	for want, data := range map[string]string{
		"a Parquet file":           "PAR1\x15\x04\x15\x10\x15\x14L\x15\x02\x15\x00\x12",
		"text, such as CSV":        "sepal,petal,label\n5.1,1.4,0\n",
		"text, such as JSON":       " {\"label\": 3}",
		"compressed by gzip":       "\x1f\x8b\x08\x00\x00\x00\x00\x00",
		"a zip archive":            "PK\x03\x04\x14\x00",
		"a NumPy .npy file":        "\x93NUMPY\x01\x00",
		"a Python pickle":          "\x80\x04\x95\x10\x00",
		"a Feather file":           "FEA1\x00\x00\x00\x00",
		"empty":                    "",
		"text, such as CSV, want ": "größe,label\n" + string(bytes.Repeat([]byte("ä,"), 300)),
		// an ä lies across the 512th byte
	} {
		path := writeFile(t, "t.arrow", []byte(data))
		_, _, err := openFile(path, choice{})
		require.ErrorIs(t, err, dataset.ErrFormat)
		assert.ErrorContains(t, err, "dataset: "+path+": is "+want)
		assert.ErrorContains(t, err, "want an Arrow IPC file")
	}
	// 0x0280, the length of an old message, is no pickle.
	_, err := ofBytes([]byte{0x80, 0x02, 0, 0, 1, 2, 3, 4}, Config{})
	require.ErrorIs(t, err, dataset.ErrFormat)
	assert.NotContains(t, err.Error(), "pickle")
}

// Wrong bytes in a file of many types: an error or another table, never a panic. Every ninth of them, for the time.
func TestArrowTypesWithWrongBytes(t *testing.T) {
	data, err := os.ReadFile(typesFile)
	require.NoError(t, err)
	for i := 0; i < len(data); i += 9 {
		was := data[i]
		data[i] = 0xff
		requireSane(t, data)
		data[i] = was
	}
}
