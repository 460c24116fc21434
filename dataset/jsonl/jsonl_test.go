package jsonl

import (
	"bytes"
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

func fileOf(text string) fstest.MapFS {
	return fstest.MapFS{"f.jsonl": &fstest.MapFile{Data: []byte(text)}}
}

func open(t testing.TB, text string, c Config) table.Table {
	tab, err := Open(context.Background(), fileOf(text), "f.jsonl", c)
	require.NoError(t, err)
	return tab
}

// rows returns the types, and all values of each row written with %v, nil as ∅.
func rows(t testing.TB, tab table.Table) (types string, values []string) {
	all, err := table.ReadAll(context.Background(), tab)
	require.NoError(t, err)
	require.NoError(t, all.Check())
	var names []string
	for _, f := range tab.Schema() {
		names = append(names, fmt.Sprintf("%s %v", f.Name, f.Type))
	}
	for i := range all.N {
		var row []string
		for _, v := range all.At(i) {
			row = append(row, strings.ReplaceAll(fmt.Sprint(v), "<nil>", "∅"))
		}
		values = append(values, strings.Join(row, "|"))
	}
	return strings.Join(names, ", "), values
}

func TestRead(t *testing.T) {
	given := func(name string, t table.Type) Config { return Config{Types: map[string]table.Type{name: t}} }
	for _, c := range []struct {
		name, text string
		config     Config
		types      string
		want       []string
	}{
		{"plain", `{"a":1,"b":"x"}` + "\n" + `{"b":"y","a":2}` + "\n", Config{}, "a int64, b text", []string{"1|x", "2|y"}},
		{"spaces, CR LF, blank lines, no end of line", "\xef\xbb\xbf \r\n { \"a\" : 1 , \"b\" : [ 1 , 2 ] } \r\n\n{\"a\":2}",
			Config{}, "a int64, b list<int64>[2]", []string{"1|[1 2]", "2|∅"}},
		{"missing and null", `{"a":1}` + "\n" + `{"b":null,"c":true}` + "\n{}", Config{}, "a int64, b null, c bool",
			[]string{"1|∅|∅", "∅|∅|true", "∅|∅|∅"}},
		{"objects within", `{"a":{"b":1,"c":{"d":"x"}},"e":{}}` + "\n" + `{"a":null}` + "\n" + `{"a":{"c":{}}}`, Config{},
			"a.b int64, a.c.d text", []string{"1|x", "∅|∅", "∅|∅"}},
		{"a key with a dot", `{"a.b":1}` + "\n" + `{"a":{"b":2}}`, Config{}, "a.b int64", []string{"1", "2"}},
		{"numbers", `{"i":-0.5,"f":1,"e":1E+2,"z":0}` + "\n" + `{"i":1,"f":2,"e":-0,"z":-7}`, Config{},
			"i float64, f int64, e float64, z int64", []string{"-0.5|1|100|0", "1|2|-0|-7"}},
		{"Python's numbers", `{"a":NaN}` + "\n" + `{"a":-Infinity}` + "\n" + `{"a":Infinity}`, Config{}, "a float64",
			[]string{"NaN", "-Inf", "+Inf"}},
		{"ids past 2⁵³", `{"a":9007199254740993}` + "\n" + `{"a":-9223372036854775808}`, Config{}, "a int64",
			[]string{"9007199254740993", "-9223372036854775808"}},
		{"ids past int64", `{"a":9223372036854775808}` + "\n" + `{"a":7}`, Config{}, "a text",
			[]string{"9223372036854775808", "7"}},
		{"escapes", `{"a":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00ä"}`, Config{}, "a text", []string{"\"\\/\b\f\n\r\tä😀ä"}},
		{"a key with an escape", `{"\u0061":1}` + "\n" + `{"a":2}`, Config{}, "a int64", []string{"1", "2"}},
		{"lists", `{"a":[[1,2],[]],"b":[],"c":["x",null],"d":[1,0.5]}`, Config{},
			"a list<list<int64>>[2], b list<null>, c list<text>[2], d list<float64>[2]",
			[]string{"[[1 2] []]|[]|[x ∅]|[1 0.5]"}},
		{"lists of two lengths", `{"a":[1]}` + "\n" + `{"a":[1,2]}`, Config{}, "a list<int64>", []string{"[1]", "[1 2]"}},
		{"lists whose first is empty", `{"a":[]}` + "\n" + `{"a":[1,2]}`, Config{}, "a list<int64>", []string{"[]", "[1 2]"}},
		{"times", `{"a":"1969-12-31T23:59:59.5Z"}`, given("a", table.Type{Kind: table.Time, Unit: table.Millisecond}),
			"a time[ms]", []string{"1969-12-31 23:59:59.5 +0000 UTC"}},
		{"times stay text else", `{"a":"1969-12-31T23:59:59.5Z"}`, Config{}, "a text", []string{"1969-12-31T23:59:59.5Z"}},
		{"decimals", `{"a":1.5}` + "\n" + `{"a":"-0.25"}` + "\n" + `{"a":null}`, given("a", table.Type{Kind: table.Decimal,
			Digits: 9, Scale: 2}), "a decimal(9,2)", []string{"1.50", "-0.25", "∅"}},
		{"base64", `{"a":"AAH/"}`, given("a", table.Type{Kind: table.Binary}), "a binary", []string{"[0 1 255]"}},
		{"numbers as text", `{"a":1.50}`, given("a", table.Type{Kind: table.Text}), "a text", []string{"1.50"}},
		{"given lists", `{"a":[1,2]}`, given("a", table.Type{Kind: table.List, Size: 2,
			Elem: &table.Type{Kind: table.Float32}}), "a list<float32>[2]", []string{"[1 2]"}},
		{"nothing", "\n\n", Config{}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			types, got := rows(t, open(t, c.text, c.config))
			assert.Equal(t, c.types, types)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestErrors(t *testing.T) {
	number := Config{Types: map[string]table.Type{"a": {Kind: table.Float64}}}
	for _, c := range []struct {
		name, text string
		config     Config
		want       string
	}{
		{"another type after 20,000 rows", strings.Repeat(`{"a":1.5}`+"\n", 20_000) + `{"a":"1.5"}`, Config{},
			`dataset: f.jsonl: column "a", row 20000: is a text, and a fraction in row 0 of f.jsonl`},
		{"another than the given", strings.Repeat(`{"a":1.5}`+"\n", 20_000) + `{"a":"1.5"}`, number,
			`dataset: f.jsonl: column "a", row 20000: the text "1.5" is no float64`},
		{"a key twice", `{"a":1,"a":2}`, Config{}, `dataset: f.jsonl: column "a", row 0: the object has the key twice`},
		{"a key twice, within", `{"a":{"b":1},"a":{"c":2}}`, Config{},
			`dataset: f.jsonl: column "a", row 0: the object has the key twice`},
		{"a path twice", `{"a.b":1,"a":{"b":2}}`, Config{},
			`dataset: f.jsonl: column "a.b", row 0: the object has the key twice`},
		{"object and number", `{"a":{"b":1}}` + "\n" + `{"a":2}`, Config{},
			`dataset: f.jsonl: column "a", row 1: is an integer, and an object in row 0 of f.jsonl`},
		{"object and given", `{"a":2}` + "\n" + `{"a":{"b":1}}`, number,
			`dataset: f.jsonl: column "a", row 1: is an object, and a value in row 0 of f.jsonl`},
		{"an id past 2⁵³ beside a fraction", `{"a":9007199254740993}` + "\n" + `{"a":0.5}`, Config{},
			`column "a", row 1: is a fraction, and an integer past 2⁵³ in row 0 of f.jsonl`},
		{"mixed list", `{"a":[1,"x"]}`, Config{}, `column "a", row 0: is a text, and an integer in row 0`},
		{"list of objects", `{"a":[{"b":1}]}`, Config{}, `column "a", row 0: a list of objects, which is no column`},
		{"past float64", `{"a":1e400}`, Config{}, `column "a", row 0: "1e400" is out of the range of float64`},
		{"one list of all", "[{\"a\":1}]", Config{}, `row 0: begins with a list: want JSON Lines`},
		{"over many lines", "{\n\"a\":1\n}", Config{}, `dataset: f.jsonl: row 0: is cut short: want one whole object a line`},
		{"not an object", "17", Config{}, `row 0: byte 0 of the line: unexpected '1'`},
		{"two objects", `{} {}`, Config{}, `row 0: byte 3 of the line: goes on with '{' after its object`},
		{"leading zero", `{"a":01}`, Config{}, `column "a", row 0: byte 5 of the line: "01}" is no number of JSON`},
		{"no fraction", `{"a":1.}`, Config{}, `is no number of JSON`},
		{"trailing comma", `{"a":1,}`, Config{}, `row 0: byte 7 of the line: unexpected '}'`},
		{"comma in a list", `{"a":[1,]}`, Config{}, `byte 8 of the line: unexpected ']'`},
		{"no colon", `{"a" 1}`, Config{}, `byte 5 of the line`},
		{"control character", "{\"a\":\"\x01\"}", Config{}, `byte 6 of the line: control character '\x01' in a string`},
		{"bad escape", `{"a":"\x"}`, Config{}, `byte 6 of the line: no escape \x`},
		{"half a pair", `{"a":"\ud83d"}`, Config{}, `byte 6 of the line: half of a surrogate pair`},
		{"short escape", `{"a":"\u00"}`, Config{}, `\u without four digits`},
		{"not UTF-8", "{\"a\":\"\xff\"}", Config{}, `row 0: byte 6 of the row is 0xff, which is not UTF-8`},
		{"deep", strings.Repeat(`{"a":`, 99) + "1" + strings.Repeat("}", 99), Config{},
			`objects are nested more than 64 deep`},
		{"deep lists", `{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + "}", Config{},
			`lists are nested more than 64 deep`},
		{"a long line", `{"a":"` + strings.Repeat("x", 1<<19) + `"}`, Config{MaxRow: 1 << 18},
			`row 0: is longer than the limit of 262144 bytes`},
		{"no such column", `{"b":1}`, number, `Config.Types has a column "a", which no row has`},
		{"past the bits", `{"a":128}`, Config{Types: map[string]table.Type{"a": {Kind: table.Int, Bits: 8}}},
			`column "a", row 0: 128 is out of the range of int8`},
		{"a fraction for an integer", `{"a":1.0}`, Config{Types: map[string]table.Type{"a": {Kind: table.Int}}},
			`column "a", row 0: the number 1.0 is no int64`},
		{"exponent in a decimal", `{"a":1e2}`, Config{Types: map[string]table.Type{"a": {Kind: table.Decimal, Digits: 5}}},
			`the number 1e2 is no decimal(5,0)`},
		{"list of another length", `{"a":[1]}`, Config{Types: map[string]table.Type{"a": {Kind: table.List, Size: 2,
			Elem: &table.Type{Kind: table.Int}}}}, `a list of 1 elements, want 2`},
		{"a boolean for a text", `{"a":true}`, Config{Types: map[string]table.Type{"a": {Kind: table.Text}}},
			`a boolean is no text`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(t.Context(), fileOf(c.text), "f.jsonl", c.config)
			require.ErrorContains(t, err, c.want)
			assert.ErrorIs(t, err, dataset.ErrFormat)
		})
	}
}

// Columns of several files are those of all; what differs is an error with both.
func TestFolder(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{"a": `{"x":1,"l":[1,2]}`, "b": `{"y":"s","x":0.5,"l":[3,4]}`, "c": "",
		"d": `{"l":[null]}`} {
		fsys["d/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	tab, err := Open(t.Context(), fsys, "d", Config{})
	require.NoError(t, err)
	types, got := rows(t, tab)
	assert.Equal(t, "x float64, l list<int64>, y text", types)
	assert.Equal(t, []string{"1|[1 2]|∅", "0.5|[3 4]|s", "∅|[∅]|∅"}, got)
	fsys["d/e"] = &fstest.MapFile{Data: []byte("{}\n{\"y\":7}")}
	_, err = Open(t.Context(), fsys, "d", Config{})
	assert.EqualError(t, err, `dataset: d/e: column "y", row 1: is an integer, and a text in row 0 of d/b`)
}

// Any rows of any block, of any columns in any order, also one twice.
func TestBlocks(t *testing.T) {
	var text strings.Builder
	const n = 3000
	for i := range n {
		fmt.Fprintf(&text, "{\"s\":\"%s\",\"skipped\":[[%d],{}],\"i\":%d}\n", strings.Repeat("x", i%37), i, i)
	}
	fixed := strings.ReplaceAll(text.String(), ",{}", "")
	for _, size := range []int{1, 4096, 1 << 20} {
		tab := open(t, fixed, Config{BlockBytes: size})
		total := 0
		var r table.Rows
		for b, rows := range tab.Blocks() {
			lo := rows / 3
			hi := min(lo+2, rows)
			require.NoError(t, tab.Read(t.Context(), b, lo, hi, []int{2, 0, 2}, &r))
			require.NoError(t, r.Check())
			for i := range r.N {
				at := total + lo + i
				if r.Columns[0].Ints[i] != int64(at) || r.Columns[2].Ints[i] != int64(at) ||
					len(r.Columns[1].Bytes(i)) != at%37 {
					t.Fatalf("block %d, row %d: %v", b, lo+i, r.At(i))
				}
			}
			total += rows
		}
		assert.Equal(t, n, total)
	}
}

func TestChanged(t *testing.T) {
	name := filepath.ToSlash(filepath.Join(t.TempDir(), "f.jsonl"))
	require.NoError(t, os.WriteFile(name, []byte(`{"a":1,"b":2}`), 0o644))
	tab, err := Open(t.Context(), table.OS(), name, Config{})
	require.NoError(t, err)
	defer tab.Close()
	var r table.Rows
	for _, text := range []string{`{"a":1,"b":2`, `{"a":1,"b":2]`, `{"a":"","b":2`, `{"a":1,"a":2}`, "             "} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		err = tab.Read(t.Context(), 0, 0, 1, []int{0, 1}, &r)
		assert.ErrorIs(t, err, table.ErrChanged, "%q", text)
		assert.ErrorContains(t, err, name)
	}
}

// What is written is read again as the same.
func TestWrite(t *testing.T) {
	var r table.Rows
	list := table.Type{Kind: table.List, Elem: &table.Type{Kind: table.List, Elem: &table.Type{Kind: table.Float32}}}
	r.Reset([]table.Field{{Name: "b", Type: table.Type{Kind: table.Bool}}, {Name: "i.j",
		Type: table.Type{Kind: table.Int}}, {Name: "\"f\"", Type: table.Type{Kind: table.Float32}},
		{Name: "d", Type: table.Type{Kind: table.Float64}}, {Name: "m", Type: table.Type{Kind: table.Decimal, Digits: 18,
			Scale: 2}}, {Name: "s", Type: table.Type{Kind: table.Text}},
		{Name: "t", Type: table.Type{Kind: table.Time, Unit: table.Nanosecond}}, {Name: "day",
			Type: table.Type{Kind: table.Time, Unit: table.Day}},
		{Name: "p", Type: table.Type{Kind: table.Span, Unit: table.Second}}, {Name: "x",
			Type: table.Type{Kind: table.Binary}}, {Name: "l", Type: list}})
	texts := []string{"", "a\"b", "\\", "a\nb", "\x00\x1f", "007", "\u2028", "ä😀", "{}"}
	for i, s := range texts {
		r.Columns[0].AppendInt(int64(i % 2))
		r.Columns[1].AppendInt(math.MinInt64 + int64(i))
		r.Columns[2].AppendFloat(float64(float32(0.1) * float32(i)))
		r.Columns[3].AppendFloat([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 5e-324,
			math.MaxFloat64, 1.0 / 3, 1e20}[i])
		r.Columns[4].AppendInt(int64(i*i) - 7)
		r.Columns[5].AppendString(s)
		r.Columns[6].AppendInt(int64(i) - 5)
		r.Columns[7].AppendInt(int64(i) - 5)
		r.Columns[8].AppendInt(int64(i) - 5)
		r.Columns[9].AppendString(s)
		for j := range i {
			if j%3 == 2 {
				r.Columns[10].Elem.AppendNull()
				continue
			}
			r.Columns[10].Elem.Elem.AppendFloat(float64(j) / 4)
			r.Columns[10].Elem.AppendList()
		}
		r.Columns[10].AppendList()
	}
	for i := range r.Columns {
		r.Columns[i].AppendNull()
	}
	r.N = len(texts) + 1
	require.NoError(t, r.Check())
	types := map[string]table.Type{}
	for _, f := range r.Schema() {
		types[f.Name] = f.Type
	}
	path := filepath.Join(t.TempDir(), "f.jsonl")
	w, err := Create(path, r.Schema())
	require.NoError(t, err)
	require.NoError(t, w.Write(t.Context(), &r))
	_, err = os.Stat(path)
	assert.ErrorIs(t, err, os.ErrNotExist, "a file that is not complete has its name")
	require.NoError(t, w.Close())
	tab, err := Open(t.Context(), table.OS(), filepath.ToSlash(path), Config{Types: types})
	require.NoError(t, err)
	defer tab.Close()
	got, err := table.ReadAll(t.Context(), tab)
	require.NoError(t, err)
	assert.True(t, got.Equal(&r))

	var out bytes.Buffer
	small := table.Schema{{Name: "x", Type: table.Type{Kind: table.Float32}}, {Name: "a.b",
		Type: table.Type{Kind: table.Text}}}
	var two table.Rows
	two.Reset(small)
	two.Columns[0].AppendFloat(0.1)
	two.Columns[0].AppendNull()
	two.Columns[1].AppendString("\t\"")
	two.Columns[1].AppendString("")
	two.N = 2
	w, err = NewWriter(&out, small)
	require.NoError(t, err)
	require.NoError(t, w.Write(t.Context(), &two))
	require.NoError(t, w.Close())
	assert.Equal(t, `{"x":0.1,"a.b":"\u0009\""}`+"\n"+`{"x":null,"a.b":""}`+"\n", out.String())
	assert.ErrorContains(t, w.Write(t.Context(), &r), "11 columns, want 2")
	two.Columns[1].Data[0] = 0xff
	assert.ErrorContains(t, w.Write(t.Context(), &two), `column "a.b", row 2: "\xff\"" is not UTF-8`)
}

// FuzzRead: no bytes make the reader panic; what it accepts is, written and read again, the same; blocks of one row
// give the same rows.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":"x"}`,
		"{\"a\":{\"b\":[1,2.5]},\"c\":\"\\u00e4\\\"\"}\n{}\n{\"a\":null,\"c\":null}",
		`{"a":[[],["x",null]],"":9223372036854775808}`,
		`{"a":NaN,"b":-0}`, `{"a":true,"a.b":[]}`, ` { "x" : -1e-5 } `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Config{MaxRow: 1 << 20}
		tab, err := Open(t.Context(), fileOf(string(data)), "f.jsonl", c)
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
		c.BlockBytes = 1
		if again, err := table.ReadAll(t.Context(), open(t, string(data), c)); err != nil || !again.Equal(all) {
			t.Fatalf("blocks of one row: %v, %v; want %v", again, err, all)
		}
		var out bytes.Buffer
		w, err := NewWriter(&out, all.Schema())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		back := Config{Types: map[string]table.Type{}}
		for _, f := range all.Schema() {
			if f.Type.Kind != table.Null {
				back.Types[f.Name] = f.Type
			}
		}
		tab, err = Open(t.Context(), fileOf(out.String()), "f.jsonl", back)
		if err != nil {
			t.Fatalf("%v of\n%s", err, out.String())
		}
		if again, err := table.ReadAll(t.Context(), tab); err != nil || !again.Equal(all) {
			t.Fatalf("written as\n%q: %v; read %v, want %v", out.String(), err, again, all)
		}
	})
}

func BenchmarkJSONL(b *testing.B) {
	var text bytes.Buffer
	for i := 0; text.Len() < 16<<20; i++ {
		fmt.Fprintf(&text, `{"id":%d,"price":%.4f,"name":"name of %d","tags":[%d,%d,%d]}`+"\n", i, float64(i)*0.37, i, i%7,
			i%11, i%13)
	}
	fsys := fileOf(text.String())
	b.Run("open", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			open(b, text.String(), Config{})
		}
	})
	b.Run("read", func(b *testing.B) {
		tab, err := Open(context.Background(), fsys, "f.jsonl", Config{})
		require.NoError(b, err)
		b.SetBytes(int64(text.Len()))
		var r table.Rows
		for b.Loop() {
			for block, n := range tab.Blocks() {
				require.NoError(b, tab.Read(context.Background(), block, 0, n, tab.Schema().All(), &r))
			}
		}
	})
}
