package libsvm

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
)

func fileOf(text string) fstest.MapFS { return fstest.MapFS{"f": &fstest.MapFile{Data: []byte(text)}} }

func rows(t testing.TB, tab table.Table) (types string, values []string) {
	all, err := table.ReadAll(context.Background(), tab)
	require.NoError(t, err)
	require.NoError(t, all.Check())
	for _, f := range tab.Schema() {
		types += fmt.Sprintf("%s %v ", f.Name, f.Type)
	}
	for i := range all.N {
		values = append(values, fmt.Sprint(all.At(i)...))
	}
	return strings.TrimSpace(types), values
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		config     Config
		types      string
		want       []string
	}{
		{"one-based", "+1 1:0.5 3:-2\n-1 2:1e1\n", Config{}, "label int64 x list<float32>[3]", []string{"1 [0.5 0 -2]",
			"-1 [0 10 0]"}},
		{"zero-based, found", "1 0:0.5 2:-2\n0 1:1\n", Config{}, "label int64 x list<float32>[3]", []string{"1 [0.5 0 -2]",
			"0 [0 1 0]"}},
		{"zero-based, declared", "1 1:0.5\n", Config{Base: ZeroBased}, "label int64 x list<float32>[2]",
			[]string{"1 [0 0.5]"}},
		{"features declared", "1 1:0.5\n", Config{Features: 3}, "label int64 x list<float32>[3]", []string{"1 [0.5 0 0]"}},
		{"targets", "1 1:0.5\n-0.5 1:1\n2e3", Config{Float64: true}, "label float64 x list<float64>[1]", []string{"1 [0.5]",
			"-0.5 [1]", "2000 [0]"}},
		{"qid, comments, blanks", "# made by hand\n3 qid:7 1:1 # 2:5\r\n\n  \t4\tqid:7\t 2:2  \n", Config{},
			"label int64 x list<float32>[2]", []string{"3 [1 0]", "4 [0 2]"}},
		{"sparse", "1 2:0.5 9000000000:1\n0\n", Config{Sparse: true}, "label int64 index list<int64> value list<float32>",
			[]string{"1 [1 8999999999] [0.5 1]", "0 [] []"}},
		{"no features", "1\n2\n", Config{}, "label int64 x list<float32>", []string{"1 []", "2 []"}},
		{"nothing", "", Config{}, "label int64 x list<float32>", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, err := Open(t.Context(), fileOf(c.text), "f", c.config)
			require.NoError(t, err)
			types, got := rows(t, tab)
			assert.Equal(t, c.types, types)
			assert.Equal(t, c.want, got)
		})
	}
}

// scikit-learn 1.9.1's load_svmlight_file reads the same:
//
//	import io; from sklearn.datasets import load_svmlight_file
//	text = b"+1 qid:3 1:0.1 4:-2.5 # a\n-1 2:1e-3 3:7\n2.5 4:0\n"
//	for zero in ("auto", True):
//	    x, y = load_svmlight_file(io.BytesIO(text), zero_based=zero)
//	    print(x.toarray().tolist(), y.tolist())
//	[[0.1, 0.0, 0.0, -2.5], [0.0, 0.001, 7.0, 0.0], [0.0, 0.0, 0.0, 0.0]] [1.0, -1.0, 2.5]
//	[[0.0, 0.1, 0.0, 0.0, -2.5], [0.0, 0.0, 0.001, 7.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]] [1.0, -1.0, 2.5]
func TestAsScikitLearn(t *testing.T) {
	text := "+1 qid:3 1:0.1 4:-2.5 # a\n-1 2:1e-3 3:7\n2.5 4:0\n"
	for base, want := range map[Base][]string{
		FindBase:  {"1 [0.1 0 0 -2.5]", "-1 [0 0.001 7 0]", "2.5 [0 0 0 0]"},
		ZeroBased: {"1 [0 0.1 0 0 -2.5]", "-1 [0 0 0.001 7 0]", "2.5 [0 0 0 0 0]"},
	} {
		tab, err := Open(t.Context(), fileOf(text), "f", Config{Base: base, Float64: true})
		require.NoError(t, err)
		_, got := rows(t, tab)
		assert.Equal(t, want, got)
	}
}

func TestErrors(t *testing.T) {
	good := strings.Repeat("1 1:0.5\n", 20_000)
	for _, c := range []struct {
		text   string
		config Config
		want   string
	}{
		{good + "1 1:abc\n", Config{}, `dataset: f: row 20000: index 1: "abc" is no number`},
		{good + "x 1:1\n", Config{}, `dataset: f: row 20000: label: "x" is no number`},
		{"1 2:1 1:1\n", Config{}, `dataset: f: row 0: index 1 after 2, want indices that rise`},
		{"1 2:1 2:1\n", Config{}, `dataset: f: row 0: index 2 after 2, want indices that rise`},
		{"1 0:1\n", Config{Base: OneBased}, `dataset: f: row 0: index 0, want indices from 1`},
		{"1 1:1\n1 4:1\n", Config{Features: 3}, `dataset: f: row 1: index 4, want 1 … 3`},
		{"1 -1:1\n", Config{}, `dataset: f: row 0: index "-1" is no integer from 0`},
		{"1 1\n", Config{}, `dataset: f: row 0: "1" is no INDEX:VALUE`},
		{"1 1:\n", Config{}, `dataset: f: row 0: index 1: "" is no number`},
		{"1 1:0x10\n", Config{}, `dataset: f: row 0: index 1: "0x10" is no number`},
		{"1 1:1 qid:3\n", Config{}, `dataset: f: row 0: index "qid" is no integer from 0`},
		{"1,3 1:1\n", Config{}, `dataset: f: row 0: label "1,3": several labels are not supported`},
		{"1 1:1\n1 2000000000:1\n", Config{},
			`dataset: f: row 1: index 2000000000: rows of 2000000000 features are too long; want Sparse, ` +
				`or Config.Features if this is right`},
		{"1 1:1e39\n", Config{}, `dataset: f: row 0: index 1: "1e39" is no number`},
	} {
		_, err := Open(t.Context(), fileOf(c.text), "f", c.config)
		require.EqualError(t, err, c.want)
		assert.ErrorIs(t, err, dataset.ErrFormat)
	}
	_, err := Open(t.Context(), fileOf(""), "f", Config{Features: -1})
	assert.EqualError(t, err, "libsvm: Config: Features -1, Base 0")
}

// The files of a folder have one base and one number of features.
func TestFolder(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{"a": "1 1:1\n", "b": "0.5 0:1 3:1\n", "c": ""} {
		fsys["d/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	tab, err := Open(t.Context(), fsys, "d", Config{})
	require.NoError(t, err)
	types, got := rows(t, tab)
	assert.Equal(t, "label float64 x list<float32>[4]", types)
	assert.Equal(t, []string{"1 [0 1 0 0]", "0.5 [1 0 0 1]"}, got)
}

// A block of dense rows is bounded also where the text is short, and any part of it can be read.
func TestBlocks(t *testing.T) {
	const n = 1000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%d %d:%d\n", i, i%7, i)
	}
	text.WriteString("0 100000:1\n")
	tab, err := Open(t.Context(), fileOf(text.String()), "f", Config{})
	require.NoError(t, err)
	total := 0
	var r table.Rows
	for b, rows := range tab.Blocks() {
		assert.LessOrEqual(t, rows*100001*8, denseBytes)
		require.NoError(t, tab.Read(t.Context(), b, rows/2, rows/2+1, []int{1, 0}, &r))
		if at := total + rows/2; at < n {
			assert.Equal(t, int64(at), r.Columns[1].Ints[0])
			assert.Equal(t, float32(at), r.Columns[0].Elem.Floats32[at%7])
			assert.Equal(t, float32(0), r.Columns[0].Elem.Floats32[at%7+1])
		}
		total += rows
	}
	assert.Equal(t, n+1, total)
}

func TestChanged(t *testing.T) {
	name := filepath.ToSlash(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, os.WriteFile(name, []byte("1 1:1 2:1"), 0o644))
	tab, err := Open(t.Context(), table.OS(), name, Config{})
	require.NoError(t, err)
	defer tab.Close()
	var r table.Rows
	for _, text := range []string{"1 1:1 3:1", "1 1:1 0:1", "x 1:1 2:1", "         ", "1 1:1 2"} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		assert.ErrorIs(t, tab.Read(t.Context(), 0, 0, 1, []int{0, 1}, &r), table.ErrChanged, "%q", text)
	}
}

// FuzzRead: no bytes make the reader panic; what it accepts is, written and read again, the same; dense rows are the
// sparse ones with zeros between.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"+1 1:0.5 3:-2\n-1 2:1e1\n", "1 qid:3 0:nan # x\r\n\n2.5", "0 7:inf\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Config{Sparse: true, Base: ZeroBased, MaxRow: 1 << 20}
		tab, err := Open(t.Context(), fileOf(string(data)), "f", c)
		if err != nil {
			return
		}
		all, err := table.ReadAll(t.Context(), tab)
		if err != nil {
			t.Fatal(err)
		}
		if err := all.Check(); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		largest := int64(0)
		for i := range all.N {
			fmt.Fprint(&out, all.Columns[0].At(i))
			x := &all.Columns[1]
			for k := x.Offsets[i]; k < x.Offsets[i+1]; k++ {
				fmt.Fprintf(&out, " %d:%v", x.Elem.Ints[k], all.Columns[2].Elem.Floats32[k])
				largest = max(largest, x.Elem.Ints[k])
			}
			out.WriteByte('\n')
		}
		again, err := Open(t.Context(), fileOf(out.String()), "f", c)
		if err != nil {
			t.Fatalf("%v of\n%s", err, out.String())
		}
		if got, err := table.ReadAll(t.Context(),
			again); err != nil || all.N > 0 && !got.Columns[1].Equal(&all.Columns[1]) || !got.Columns[2].Equal(&all.Columns[2]) {
			t.Fatalf("written as\n%q: %v; read %v, want %v", out.String(), err, got, all)
		}
		if largest > 1000 {
			return
		}
		full, err := Open(t.Context(), fileOf(string(data)), "f", Config{Base: ZeroBased, MaxRow: 1 << 20, BlockBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		dense, err := table.ReadAll(t.Context(), full)
		if err != nil {
			t.Fatal(err)
		}
		x, size := &all.Columns[1], dense.Columns[1].Type.Size
		for i := range all.N {
			row := dense.Columns[1].Elem.Floats32[i*size : (i+1)*size]
			for k := x.Offsets[i]; k < x.Offsets[i+1]; k++ {
				if v := &row[x.Elem.Ints[k]]; math.Float32bits(*v) != math.Float32bits(all.Columns[2].Elem.Floats32[k]) {
					t.Fatalf("row %d: %v at %d, want %v", i, *v, x.Elem.Ints[k], all.Columns[2].Elem.Floats32[k])
				} else {
					*v = 0
				}
			}
			for at, v := range row {
				if v != 0 || math.Signbit(float64(v)) {
					t.Fatalf("row %d: %v at %d, want 0", i, v, at)
				}
			}
		}
	})
}
