package csv

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
	return fstest.MapFS{"f.csv": &fstest.MapFile{Data: []byte(text)}}
}

func open(t testing.TB, text string, c Config) table.Table {
	tab, err := Open(context.Background(), fileOf(text), "f.csv", c)
	require.NoError(t, err)
	t.Cleanup(func() { tab.Close() })
	return tab
}

// rows returns all values of a table, written with %v, and nil as ∅; the types first.
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
			if v == nil {
				row = append(row, "∅")
			} else {
				row = append(row, fmt.Sprint(v))
			}
		}
		values = append(values, strings.Join(row, "|"))
	}
	return strings.Join(names, ", "), values
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		config     Config
		types      string
		want       []string
	}{
		{"plain", "a,b\n1,x\n2,y\n", Config{}, "a int64, b text", []string{"1|x", "2|y"}},
		{"no end of line at the end", "a,b\n1,x", Config{}, "a int64, b text", []string{"1|x"}},
		{"CR LF", "a,b\r\n1,x\r\n2,\"y\"\r\n", Config{}, "a int64, b text", []string{"1|x", "2|y"}},
		{"CR", "a,b\r1,x\r2,y", Config{}, "a int64, b text", []string{"1|x", "2|y"}},
		{"BOM", "\xef\xbb\xbfa,b\n1,x\n", Config{}, "a int64, b text", []string{"1|x"}},
		{"BOM before a quoted header", "\xef\xbb\xbf\"a\",\"b\"\n1,x\n", Config{}, "a int64, b text", []string{"1|x"}},
		{"BOM and no header", "\xef\xbb\xbf\"1\",x\n", Config{NoHeader: true}, "column0 int64, column1 text",
			[]string{"1|x"}},
		{"quoted newline, comma, quote", "a,b\n\"1\",\"x\n\"\"y\"\",\r\nz\"\n", Config{}, "a int64, b text",
			[]string{"1|x\n\"y\",\r\nz"}},
		{"a quote within a value", "a,b\n1,5\" nail\n", Config{}, "a int64, b text", []string{`1|5" nail`}},
		{"missing", "a,b,c\n,,\n1,\"\",\n", Config{}, "a int64, b text, c null", []string{"∅|∅|∅", "1||∅"}},
		{"quoted nothing in numbers", "a\n\"1\"\n\"\"\n", Config{}, "a int64", []string{"1", "∅"}},
		{"words for missing", "a,b\nNA,NA\n1,x\n\"NA\",\"NA\"\n", Config{Missing: []string{"NA"}}, "a int64, b text",
			[]string{"∅|∅", "1|x", "∅|∅"}},
		{"NA is a text else", "a\nNA\nDE\n", Config{}, "a text", []string{"NA", "DE"}},
		{"blank lines", "\na,b\n\n1,x\n\r\n2,y\n\n", Config{}, "a int64, b text", []string{"1|x", "2|y"}},
		{"blank lines of one column are rows", "a\n1\n\n2\n", Config{}, "a int64", []string{"1", "∅", "2"}},
		{"comments", "# made by hand\na,b\n#1,x\n2,y # no\n", Config{Comment: '#'}, "a int64, b text", []string{"2|y # no"}},
		{"a quoted comment sign", "a,b\n\"#1\",x\n", Config{Comment: '#'}, "a text, b text", []string{"#1|x"}},
		{"semicolons", "a;b\n1,5;x,y\n", Config{Comma: ';', DecimalComma: true}, "a float64, b text", []string{"1.5|x,y"}},
		{"tabs", "a\tb\n1\tx,\"y\n", Config{Comma: '\t'}, "a int64, b text", []string{`1|x,"y`}},
		{"names in place of the header", "a,b\n1,x\n", Config{Names: []string{"c", "d"}}, "c int64, d text", []string{"1|x"}},
		{"names and no header", "1,x\n", Config{NoHeader: true, Names: []string{"c", "d"}}, "c int64, d text",
			[]string{"1|x"}},
		{"a header that names no column", ",a\n0,1\n", Config{}, "column0 int64, a int64", []string{"0|1"}},
		{"header alone", "a,b\n", Config{}, "a null, b null", nil},
		{"nothing", "", Config{}, "", nil},
		{"a mark and nothing", "\xef\xbb\xbf", Config{}, "", nil},
		{"ids with leading zeros", "a\n12\n007\n", Config{}, "a text", []string{"12", "007"}},
		{"ids past 2⁵³", "a\n9007199254740993\n-9223372036854775808\n", Config{}, "a int64", []string{"9007199254740993",
			"-9223372036854775808"}},
		{"ids past int64", "a\n1\n9223372036854775808\n", Config{}, "a text", []string{"1", "9223372036854775808"}},
		{"an id past 2⁵³ beside a fraction", "a\n9007199254740993\n0.5\n", Config{}, "a text", []string{"9007199254740993",
			"0.5"}},
		{"floats", "a\n1\n-.5\n+2.\n1e-3\nNaN\n-inf\n", Config{}, "a float64", []string{"1", "-0.5", "2", "0.001", "NaN",
			"-Inf"}},
		{"minus zero", "a\n-0\n1\n", Config{}, "a float64", []string{"-0", "1"}},
		{"past float64", "a\n1e400\n", Config{}, "a text", []string{"1e400"}},
		{"no numbers", "a,b,c,d,e,f\n0x10,1_000,1e,.,--1,1 \n", Config{}, "a text, b text, c text, d text, e text, f text",
			[]string{"0x10|1_000|1e|.|--1|1 "}},
		{"bool", "a\ntrue\nFALSE\n", Config{}, "a bool", []string{"true", "false"}},
		{"words that only given types take", "a\nyes\n0\n", Config{Types: map[string]table.Type{"a": {Kind: table.Bool}}},
			"a bool", []string{"true", "false"}},
		{"dates", "a\n2026-01-31\n1969-12-31\n", Config{}, "a time[d]", []string{"2026-01-31 00:00:00 +0000 UTC",
			"1969-12-31 00:00:00 +0000 UTC"}},
		{"no date", "a\n2026-02-29\n", Config{}, "a text", []string{"2026-02-29"}},
		{"instants", "a\n2026-01-31T23:59:59.5+01:30\n1969-12-31 23:59:59\n2026-01-31\n", Config{}, "a time[us]",
			[]string{"2026-01-31 22:29:59.5 +0000 UTC", "1969-12-31 23:59:59 +0000 UTC", "2026-01-31 00:00:00 +0000 UTC"}},
		{"nanoseconds", "a\n1969-12-31T23:59:59.123456789Z\n", Config{}, "a time[ns]",
			[]string{"1969-12-31 23:59:59.123456789 +0000 UTC"}},
		{"nanoseconds too far away", "a\n1569-12-31T23:59:59.123456789Z\n", Config{}, "a text",
			[]string{"1569-12-31T23:59:59.123456789Z"}},
		{"given types", "i,f,d,s\n7,0.1,-1.5,007\n", Config{Types: map[string]table.Type{"i": {Kind: table.Int, Bits: 8},
			"f": {Kind: table.Float32},
			"d": {Kind: table.Decimal, Digits: 5, Scale: 2}, "s": {Kind: table.Text}}},
			"i int8, f float32, d decimal(5,2), s text", []string{"7|0.1|-1.50|007"}},
		{"decimal comma and thousands points", "a;b\n1.234;1.234,5\n12;-0,25\n1.234.567;1,5e3\n", Config{Comma: ';',
			DecimalComma: true, Thousands: '.'},
			"a int64, b float64", []string{"1234|1234.5", "12|-0.25", "1234567|1500"}},
		{"thousands commas", "a\n\"1,234\"\n\"12,345.5\"\n", Config{Thousands: ','}, "a float64", []string{"1234",
			"12345.5"}},
		// Half applied: a point that stands before two digits, or one, is no thousands point, and a comma none at all.
		{"thousands half applied", "a\n1.234\n1.5\n", Config{DecimalComma: true, Thousands: '.'}, "a text", []string{"1.234",
			"1.5"}},
		{"decimal comma half applied", "a;b\n1,5;1.5\n1.5;1,5\n", Config{Comma: ';', DecimalComma: true}, "a text, b text",
			[]string{"1,5|1.5", "1.5|1,5"}},
		{"decimal comma not asked for", "a;b\n1,5;1.234,5\n", Config{Comma: ';'}, "a text, b text", []string{"1,5|1.234,5"}},
		{"wrong groups", "a;b;c;d\n1,2345;12,34,567;,123;1234,567\n", Config{Comma: ';', Thousands: ','},
			"a text, b text, c text, d text", []string{"1,2345|12,34,567|,123|1234,567"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			types, got := rows(t, open(t, c.text, c.config))
			assert.Equal(t, c.types, types)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestErrors(t *testing.T) {
	long := "a,b\n" + strings.Repeat("1.5,x\n", 20_000)
	number := func(k table.Kind) Config { return Config{Types: map[string]table.Type{"a": {Kind: k}}} }
	for _, c := range []struct {
		name, text string
		config     Config
		want       string
	}{
		{"an unparsable value after 20,000 good rows", long + "abc,x\n", number(table.Float64),
			`dataset: f.csv: column "a", row 20000: "abc" is no float64`},
		{"ragged", "a,b\n1,2\n1,2,3\n", Config{}, `dataset: f.csv: row 1: has 3 values, want 2`},
		{"short", "a,b\n1\n", Config{}, `dataset: f.csv: row 0: has 1 values, want 2`},
		{"open quote", "a,b\n1,\"2\n3,4\n", Config{},
			`dataset: f.csv: row 0: a quote is not closed before the end of the file`},
		{"after a quote", "a,b\n1,\"2\"3\n", Config{},
			`dataset: f.csv: row 0: value 1 goes on with '3' after its closing quote`},
		{"names twice", "a,a\n1,2\n", Config{}, `dataset: f.csv: two columns are named "a"`},
		{"too few names", "a,b\n", Config{Names: []string{"x"}}, `dataset: f.csv: Config.Names has 1 names for 2 columns`},
		{"a type for no column", "a,b\n", Config{Types: map[string]table.Type{"c": {}}},
			`dataset: f.csv: Config.Types has a column "c", the file has ["a" "b"]`},
		{"Latin-1", "a,b\n1,caf\xe9\n", Config{}, `dataset: f.csv: row 0: byte 5 of the row is 0xe9, which is not UTF-8`},
		{"UTF-16", "\xff\xfea\x00", Config{}, `dataset: f.csv: is text in UTF-16, want UTF-8`},
		{"gzip", "\x1f\x8b\x08", Config{}, `dataset: f.csv: is compressed by gzip, want text`},
		{"a long record", "a\n" + strings.Repeat("x", 1<<19), Config{MaxRow: 1 << 18},
			`dataset: f.csv: row 0: is longer than the limit of 262144 bytes; is a quote left open?`},
		{"past the bits", "a\n127\n128\n", Config{Types: map[string]table.Type{"a": {Kind: table.Int, Bits: 8}}},
			`dataset: f.csv: column "a", row 1: 128 is out of the range of int8`},
		{"below zero", "a\n-1\n", Config{Types: map[string]table.Type{"a": {Kind: table.Int, Unsigned: true}}},
			`dataset: f.csv: column "a", row 0: -1 is out of the range of uint64`},
		{"digits", "a\n1.005\n", Config{Types: map[string]table.Type{"a": {Kind: table.Decimal, Digits: 9, Scale: 2}}},
			`dataset: f.csv: column "a", row 0: "1.005" has more digits than its type, decimal(9,2)`},
		{"a fraction of a day", "a\n2026-01-01T12:00:00Z\n", Config{Types: map[string]table.Type{"a": {Kind: table.Time,
			Unit: table.Day}}},
			`dataset: f.csv: column "a", row 0: "2026-01-01T12:00:00Z" is no whole number of d, or too far from 1970`},
		{"past float32", "a\n1e39\n", number(table.Float32),
			`dataset: f.csv: column "a", row 0: "1e39" is out of the range of float32`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(t.Context(), fileOf(c.text), "f.csv", c.config)
			require.EqualError(t, err, c.want)
			assert.ErrorIs(t, err, dataset.ErrFormat)
		})
	}
	for _, c := range []Config{{Comma: '"'}, {Comma: '\n'}, {Comma: ',', Comment: ','}, {Thousands: '.'},
		{Thousands: '5'}, {DecimalComma: true, Thousands: ','},
		{Types: map[string]table.Type{"a": {Kind: table.Binary}}}} {
		_, err := Open(t.Context(), fileOf("a\n"), "f.csv", c)
		assert.ErrorContains(t, err, "csv: Config: ", "%+v", c)
	}
}

// A column that one value among many makes text says which.
func TestNote(t *testing.T) {
	tab := open(t, "a,b\n"+strings.Repeat("1.5,x\n", 20_000)+"1O.5,x\n", Config{})
	assert.Equal(t, table.Text, tab.Schema()[0].Type.Kind)
	assert.Equal(t, `row 20000 has "1O.5", the values before had another type`, table.Note(tab, 0))
	assert.Equal(t, "", table.Note(tab, 1))
}

// Files of one folder: columns in another order, types over all files, one empty, one with a header alone.
func TestFolder(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{"part-0": "id,x,s\n1,2,\n", "part-1": "s,id,x\n007,3,0.5\n", "part-2": "",
		"part-3": "x,s,id\n",
		"part-4": "x,s,id\n,8,4\n", "_SUCCESS": ""} {
		fsys["d/dt=2026-01-31/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	tab, err := Open(t.Context(), fsys, "d", Config{})
	require.NoError(t, err)
	types, got := rows(t, tab)
	assert.Equal(t, "id int64, x float64, s text, dt time[d]", types)
	day := "|2026-01-31 00:00:00 +0000 UTC"
	assert.Equal(t, []string{"1|2|∅" + day, "3|0.5|007" + day, "4|∅|8" + day}, got)

	fsys["d/dt=2026-01-31/part-5"] = &fstest.MapFile{Data: []byte("id,x\n1,2\n")}
	_, err = Open(t.Context(), fsys, "d", Config{})
	assert.EqualError(t, err, `dataset: d/dt=2026-01-31/part-5: has no column "s", text, which d/dt=2026-01-31/part-0 has`)
}

// Any range of any block is the same rows, for any size of block; quoted newlines lie at every place.
func TestBlocks(t *testing.T) {
	var text strings.Builder
	text.WriteString("i,s\n")
	const n = 5000
	for i := range n {
		fmt.Fprintf(&text, "%d,\"%s\n\"\"%d\"\n", i, strings.Repeat("x", i%37), i)
	}
	for _, size := range []int{1, 100, 4096, 1 << 20} {
		tab := open(t, text.String(), Config{BlockBytes: size})
		total := 0
		var r table.Rows
		for b, rows := range tab.Blocks() {
			if rows == 0 {
				t.Fatalf("block %d of size %d is empty", b, size)
			}
			for _, lo := range []int{0, rows / 3} {
				hi := min(lo+3, rows)
				require.NoError(t, tab.Read(t.Context(), b, lo, hi, []int{1, 0}, &r))
				for i := range r.N {
					at := total + lo + i
					if want := fmt.Sprintf("%s\n\"%d", strings.Repeat("x", at%37),
						at); r.Columns[0].At(i) != want || r.Columns[1].Ints[i] != int64(at) {
						t.Fatalf("block %d, row %d: %q, want %q", b, lo+i, r.At(i), want)
					}
				}
				require.Equal(t, hi-lo, r.N)
			}
			total += rows
		}
		assert.Equal(t, n, total)
		if size == 1 {
			assert.Len(t, tab.Blocks(), n)
		}
	}
}

// A file that is written anew between two reads is an error, whatever it holds.
func TestChanged(t *testing.T) {
	name := filepath.ToSlash(filepath.Join(t.TempDir(), "f.csv"))
	require.NoError(t, os.WriteFile(name, []byte("a,b\n1,2\n3,4\n"), 0o644))
	tab, err := Open(t.Context(), table.OS(), name, Config{})
	require.NoError(t, err)
	defer tab.Close()
	var r table.Rows
	for text, want := range map[string]string{"a,b\n1,2\n3,4": "ends at byte 11, it had 12",
		"a,b\n1,x\n3,4\n": `column "b", row 0: "x" is no int64`, "a,b\n1,2,3,4\n": "row 0: has 4 values, had 2",
		"a,b\n1,2 3,4\n": `"2 3" is no int64`} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		err = tab.Read(t.Context(), 0, 0, 2, []int{0, 1}, &r)
		assert.ErrorIs(t, err, table.ErrChanged, "%q", text)
		assert.ErrorContains(t, err, name)
		_ = want
	}
	require.NoError(t, os.WriteFile(name, []byte("a,b\n1,2\n3,4\n"), 0o644))
	require.NoError(t, tab.Read(t.Context(), 0, 0, 2, []int{0, 1}, &r))
}

// What is written is read again as the same: every kind, nulls, texts that need quotes or look like something else.
func TestWrite(t *testing.T) {
	var r table.Rows
	r.Reset([]table.Field{{Name: "b", Type: table.Type{Kind: table.Bool}}, {Name: "i", Type: table.Type{Kind: table.Int}},
		{Name: "f", Type: table.Type{Kind: table.Float32}},
		{Name: "d,", Type: table.Type{Kind: table.Float64}}, {Name: "m", Type: table.Type{Kind: table.Decimal, Digits: 9,
			Scale: 2}}, {Name: "s", Type: table.Type{Kind: table.Text}},
		{Name: "t", Type: table.Type{Kind: table.Time, Unit: table.Nanosecond}}, {Name: "day",
			Type: table.Type{Kind: table.Time, Unit: table.Day}}, {Name: "p", Type: table.Type{Kind: table.Span,
			Unit: table.Second}}})
	texts := []string{"", "a,b", "\"", "a\nb", "\r", "007", "true", " x ", "#", "\ufeff"}
	for i, s := range texts {
		r.Columns[0].AppendInt(int64(i % 2))
		r.Columns[1].AppendInt(math.MinInt64 + int64(i))
		r.Columns[2].AppendFloat(float64(float32(0.1) * float32(i)))
		r.Columns[3].AppendFloat([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 5e-324,
			math.MaxFloat64, 1.0 / 3, 1e21, 1e20}[i])
		r.Columns[4].AppendInt(int64(i*i) - 7)
		r.Columns[5].AppendString(s)
		r.Columns[6].AppendInt(int64(i) - 5)
		r.Columns[7].AppendInt(int64(i) - 5)
		r.Columns[8].AppendInt(int64(i) - 5)
	}
	for i := range r.Columns {
		r.Columns[i].AppendNull()
	}
	r.N = len(texts) + 1
	types := map[string]table.Type{}
	for _, f := range r.Schema() {
		types[f.Name] = f.Type
	}
	for _, c := range []Config{{}, {Comma: '\t'}, {Comma: '-', Comment: '#'}, {Comma: '.'}} {
		path := filepath.Join(t.TempDir(), "f.csv")
		w, err := Create(path, r.Schema(), c)
		require.NoError(t, err)
		var part table.Rows
		part.Slice(&r, 0, 4)
		require.NoError(t, w.Write(t.Context(), &part))
		part.Slice(&r, 4, r.N)
		require.NoError(t, w.Write(t.Context(), &part))
		_, err = os.Stat(path)
		assert.ErrorIs(t, err, os.ErrNotExist, "a file that is not complete has its name")
		require.NoError(t, w.Close())
		c.Types = types
		tab, err := Open(t.Context(), table.OS(), filepath.ToSlash(path), c)
		require.NoError(t, err)
		got, err := table.ReadAll(t.Context(), tab)
		require.NoError(t, err)
		require.NoError(t, tab.Close())
		assert.True(t, got.Equal(&r), "%+v", c)
	}

	var out bytes.Buffer
	w, err := NewWriter(&out, table.Schema{{Name: "x", Type: table.Type{Kind: table.Float32}}, {Name: "s",
		Type: table.Type{Kind: table.Text}}}, Config{})
	require.NoError(t, err)
	var two table.Rows
	two.Reset([]table.Field{{Name: "x", Type: table.Type{Kind: table.Float32}}, {Name: "s",
		Type: table.Type{Kind: table.Text}}})
	two.Columns[0].AppendFloat(0.1)
	two.Columns[0].AppendNull()
	two.Columns[1].AppendString("")
	two.Columns[1].AppendNull()
	two.N = 2
	require.NoError(t, w.Write(t.Context(), &two))
	require.NoError(t, w.Close())
	assert.Equal(t, "x,s\n0.1,\"\"\n,\n", out.String())
	assert.ErrorContains(t, w.Write(t.Context(), &r), "9 columns, want 2")

	_, err = Create(filepath.Join(t.TempDir(), "f"), table.Schema{{Name: "x", Type: table.Type{Kind: table.Binary}}},
		Config{})
	assert.EqualError(t, err, `csv: column "x" is binary, which CSV has not`)
}

// FuzzRead: no bytes make the reader panic; what it accepts is, written and read again, the same; and blocks of one row
// give the same rows as one block.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,x\n", "\xef\xbb\xbf\"a\",b\r\n\"1\n\"\"\",2.5\r\n,\r", "a\n\n-0\n1e5\n",
		"a;b\n1.234,5;2026-01-01T00:00:00.5Z\n", "#c\na\n007\n\"\"\n", "a,\n,\"\"\n"} {
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, german bool) {
		c := Config{Comment: '#', MaxRow: 1 << 20}
		if german {
			c = Config{Comma: ';', DecimalComma: true, Thousands: '.'}
		}
		tab, err := Open(t.Context(), fileOf(string(data)), "f.csv", c)
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
		small, err := Open(t.Context(), fileOf(string(data)), "f.csv", c)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := table.ReadAll(t.Context(), small); err != nil || !again.Equal(all) {
			t.Fatalf("blocks of one row: %v, %v; want %v", again, err, all)
		}
		if len(all.Columns) == 0 {
			return
		}
		var out bytes.Buffer
		back := Config{Types: map[string]table.Type{}}
		for _, f := range all.Schema() {
			if f.Type.Kind != table.Null {
				back.Types[f.Name] = f.Type
			}
		}
		w, err := NewWriter(&out, all.Schema(), back)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		tab, err = Open(t.Context(), fileOf(out.String()), "f.csv", back)
		if err != nil {
			t.Fatalf("%v of\n%s", err, out.String())
		}
		if again, err := table.ReadAll(t.Context(), tab); err != nil || !again.Equal(all) {
			t.Fatalf("written as\n%q: %v; read %v, want %v", out.String(), err, again, all)
		}
	})
}

func BenchmarkCSV(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("id,price,qty,name,when\n")
	for i := 0; text.Len() < 16<<20; i++ {
		fmt.Fprintf(&text, "%d,%.4f,%d,name of %d,2026-01-%02d\n", int(1e9)+i, float64(i)*0.37, i%100, i, i%28+1)
	}
	fsys := fileOf(text.String())
	b.Run("open", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		for b.Loop() {
			open(b, text.String(), Config{})
		}
	})
	b.Run("read", func(b *testing.B) {
		tab, err := Open(context.Background(), fsys, "f.csv", Config{})
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
