package sql

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// openAll opens a query and reads all its rows. Nothing is left in the folder once the table is closed.
func openAll(t *testing.T, f *fake, c Config) (*table.Rows, error) {
	t.Helper()
	ctx := context.Background()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	tab, err := Open(ctx, f.db(t), "select", nil, c)
	defer func() {
		left, err := os.ReadDir(c.Dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}()
	if err != nil {
		return nil, err
	}
	rows, err := table.ReadAll(ctx, tab)
	require.NoError(t, err)
	require.NoError(t, rows.Check())
	require.Equal(t, tab.Schema().Names(), rows.Schema().Names())
	for i, f := range tab.Schema() {
		rows.Columns[i].Nullable = f.Nullable
	}
	require.NoError(t, tab.Close())
	if rows.N > 0 {
		_, err = table.ReadAll(ctx, tab)
		require.Error(t, err, "a table that is closed")
	}
	return rows, nil
}

// list makes a column's values the rows of a query.
func list(vs ...driver.Value) func(int) ([]driver.Value, error) {
	var rows [][]driver.Value
	for _, v := range vs {
		rows = append(rows, []driver.Value{v})
	}
	return values(rows...)
}

var (
	noon = time.Date(2026, 1, 31, 12, 0, 0, 5000, time.UTC)
	east = time.FixedZone("east", 2*3600)
)

// forever is how a driver may say that a time is infinite.
type forever int8

func TestTypes(t *testing.T) {
	type col = fakeColumn
	for _, c := range []struct {
		name   string
		column col
		values []driver.Value
		given  *table.Type
		typ    string
		want   []any
	}{
		{"bigint past 2⁵³", col{typ: "INT8"}, []driver.Value{int64(1<<53 + 1), nil, int64(math.MinInt64)}, nil,
			"int64", []any{int64(1<<53 + 1), nil, int64(math.MinInt64)}},
		{"int4", col{typ: "INT4", scan: reflect.TypeFor[int32]()}, []driver.Value{int64(-7)}, nil, "int32",
			[]any{int64(-7)}},
		{"unsigned", col{typ: "UNSIGNED BIGINT"}, []driver.Value{uint64(1 << 62)}, nil, "int64", []any{int64(1 << 62)}},
		{"integers as text", col{typ: "BIGINT"}, []driver.Value{[]byte("9007199254740993")}, nil, "int64",
			[]any{int64(1<<53 + 1)}},
		{"boolean of SQLite", col{typ: "BOOLEAN"}, []driver.Value{int64(0), int64(1)}, nil, "bool", []any{false, true}},
		{"boolean", col{typ: "BOOL"}, []driver.Value{true, nil}, nil, "bool", []any{true, nil}},
		{"float8", col{typ: "FLOAT8"}, []driver.Value{0.1, math.Inf(1)}, nil, "float64", []any{0.1, math.Inf(1)}},
		{"float4", col{typ: "FLOAT4", scan: reflect.TypeFor[float32]()}, []driver.Value{float64(float32(0.1))}, nil,
			"float32", []any{float32(0.1)}},
		{"integers and floats", col{}, []driver.Value{int64(1), 2.5}, nil, "float64", []any{1.0, 2.5}},
		{"numeric declared", col{typ: "NUMERIC", digits: 10, scale: 2}, []driver.Value{"12.5", "-0.01", "+3"}, nil,
			"decimal(10,2)", []any{"12.50", "-0.01", "3.00"}},
		{"numeric", col{typ: "NUMERIC", digits: 65535, scale: 65531}, []driver.Value{"0.1", "90071992547409.93"}, nil,
			"decimal(18,2)", []any{"0.10", "90071992547409.93"}},
		{"decimal as bytes", col{typ: "DECIMAL"}, []driver.Value{[]byte("1.50")}, nil, "decimal(18,1)", []any{"1.5"}},
		{"wide numeric", col{typ: "NUMERIC", digits: 30, scale: 1}, []driver.Value{"12345678901234567890.5"}, nil,
			"decimal(30,1)", []any{12345678901234567890.5}},
		{"text", col{typ: "TEXT"}, []driver.Value{"ä", "", nil}, nil, "text", []any{"ä", "", nil}},
		{"text as bytes", col{typ: "VARCHAR"}, []driver.Value{[]byte("x")}, nil, "text", []any{"x"}},
		{"uuid", col{typ: "UUID"}, []driver.Value{"7d444840-9dc0-11d1-b245-5ffdce74fad2"}, nil, "text",
			[]any{"7d444840-9dc0-11d1-b245-5ffdce74fad2"}},
		{"bytea", col{typ: "BYTEA"}, []driver.Value{[]byte{0, 255}, []byte{}}, nil, "binary", []any{[]byte{0, 255}, []byte{}}},
		{"bytes of an unknown type", col{typ: "GEOMETRY"}, []driver.Value{[]byte{1}}, nil, "binary", []any{[]byte{1}}},
		{"timestamptz", col{typ: "TIMESTAMPTZ"}, []driver.Value{noon.In(east)}, nil, "time[us]", []any{noon}},
		{"nanoseconds", col{typ: "DATETIME2"}, []driver.Value{noon.Add(100)}, nil, "time[ns]", []any{noon.Add(100)}},
		{"date", col{typ: "DATE"}, []driver.Value{time.Date(1969, 12, 31, 0, 0, 0, 0, east)}, nil, "time[d]",
			[]any{time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)}},
		{"date with a time of day", col{typ: "DATE"}, []driver.Value{noon}, nil, "time[us]", []any{noon}},
		{"given: time of text", col{typ: "TEXT"}, []driver.Value{"2026-01-31", "2026-01-31 12:00:00.000005", "2026-01-31T14:00:00.000005+02:00"},
			&table.Type{Kind: table.Time, Unit: table.Microsecond}, "time[us]",
			[]any{time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), noon, noon}},
		{"given: decimal of text", col{}, []driver.Value{"1.5", int64(2)}, &table.Type{Kind: table.Decimal, Digits: 4, Scale: 2},
			"decimal(4,2)", []any{"1.50", "2.00"}},
		{"given: bool of text", col{}, []driver.Value{"t", "false", []byte{1}}, &table.Type{Kind: table.Bool}, "bool",
			[]any{true, false, true}},
		{"nulls alone, declared", col{typ: "INT8"}, []driver.Value{nil}, nil, "int64", []any{nil}},
		{"nulls alone", col{}, []driver.Value{nil}, nil, "null", []any{nil}},
		{"no rows", col{typ: "BOOL"}, nil, nil, "bool", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.column.name = "v"
			var config Config
			if c.given != nil {
				config.Types = map[string]table.Type{"v": *c.given}
			}
			rows, err := openAll(t, &fake{columns: []fakeColumn{c.column}, rows: list(c.values...)}, config)
			require.NoError(t, err)
			assert.Equal(t, c.typ, rows.Columns[0].Type.String())
			var got []any
			nulls := false
			for i := range rows.N {
				v := rows.Columns[0].At(i)
				nulls = nulls || v == nil
				got = append(got, v)
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, nulls, rows.Columns[0].Nullable)
		})
	}
}

// What is no value of its column's type is an error with row and column, and never another value.
func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		column fakeColumn
		values []driver.Value
		given  *table.Type
		want   string
	}{
		{"text among integers", fakeColumn{typ: "INTEGER"}, []driver.Value{int64(1), "x"}, nil,
			`column "v", row 1: "x", a string, is no int64`},
		{"a float among integers, after the head", fakeColumn{}, nil, nil, `column "v", row 1500: 0.5, a float64, is no int64`},
		{"past int64", fakeColumn{typ: "UNSIGNED BIGINT"}, []driver.Value{uint64(1 << 63)}, nil,
			`column "v", row 0: 9223372036854775808 is past the largest int64`},
		{"past int64, text", fakeColumn{typ: "BIGINT"}, []driver.Value{"9223372036854775808"}, nil,
			`column "v", row 0: 9223372036854775808 is past the range of int64`},
		{"past int32", fakeColumn{typ: "INT4", scan: reflect.TypeFor[int32]()}, []driver.Value{int64(1 << 31)}, nil,
			`column "v", row 0: 2147483648 is no int32`},
		{"an integer that no float holds", fakeColumn{}, []driver.Value{0.5, int64(1<<53 + 1)}, nil,
			`column "v", row 1: 9007199254740993 among floats is an integer that no float64 holds`},
		{"latin1", fakeColumn{typ: "TEXT"}, []driver.Value{"a", "b", "Gr\xfc\xdfe"}, nil,
			`column "v", row 2: "Gr\xfc\xdfe" is not UTF-8`},
		{"NaN of a numeric", fakeColumn{typ: "NUMERIC"}, []driver.Value{"1", "NaN"}, nil,
			`column "v", row 1: "NaN" is no decimal number`},
		{"more decimals than declared", fakeColumn{typ: "NUMERIC", digits: 4, scale: 1}, []driver.Value{"1.25"}, nil,
			`column "v", row 0: 1.25 is no decimal(4,1)`},
		{"more digits than declared", fakeColumn{typ: "NUMERIC", digits: 4, scale: 1}, []driver.Value{"1234"}, nil,
			`column "v", row 0: 1234 is no decimal(4,1)`},
		{"a date with a time of day", fakeColumn{}, []driver.Value{noon}, &table.Type{Kind: table.Time, Unit: table.Day},
			`column "v", row 0: 2026-01-31T12:00:00.000005Z has a time of day`},
		{"finer than its unit", fakeColumn{}, []driver.Value{noon}, &table.Type{Kind: table.Time, Unit: table.Second},
			`column "v", row 0: 2026-01-31T12:00:00.000005Z is no whole number of s`},
		{"beyond nanoseconds", fakeColumn{}, []driver.Value{time.Date(9999, 1, 1, 0, 0, 0, 1, time.UTC)}, nil,
			`column "v", row 0: 9999-01-01T00:00:00.000000001Z is out of the range`},
		{"infinity", fakeColumn{typ: "TIMESTAMP"}, []driver.Value{nil, "infinity", noon}, nil,
			`column "v", row 1: "infinity", a string, is no time[us]`},
		{"a driver's own integer", fakeColumn{typ: "TIMESTAMP"}, []driver.Value{forever(1)}, nil,
			`column "v", row 0: 1, a sql.forever, is no text`},
		{"a driver's own integer among times", fakeColumn{typ: "TIMESTAMP"}, []driver.Value{noon, forever(1)}, nil,
			`column "v", row 1: 1, a sql.forever, is no time[us]`},
		{"text given as float", fakeColumn{}, []driver.Value{"1,5"}, &table.Type{Kind: table.Float64},
			`column "v", row 0: "1,5", a string, is no float64`},
		{"binary of another size", fakeColumn{}, []driver.Value{[]byte{1}}, &table.Type{Kind: table.Binary, Size: 2},
			`column "v", row 0: has 1 bytes, want 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.column.name = "v"
			f := &fake{columns: []fakeColumn{c.column}, rows: list(c.values...)}
			if c.values == nil {
				f.rows = func(row int) ([]driver.Value, error) {
					if row == 1500 {
						return []driver.Value{0.5}, nil
					}
					return []driver.Value{int64(row)}, nil
				}
			}
			config := Config{Name: "sales", headRows: 1000}
			if c.given != nil {
				config.Types = map[string]table.Type{"v": *c.given}
			}
			_, err := openAll(t, f, config)
			require.ErrorIs(t, err, dataset.ErrFormat)
			assert.ErrorContains(t, err, "dataset: sales: "+c.want)
		})
	}
	two := &fake{columns: []fakeColumn{{name: "a"}, {name: "a"}}, rows: values()}
	_, err := openAll(t, two, Config{})
	assert.EqualError(t, err, `dataset: query: two columns are named "a"; name one by AS`)
	_, err = openAll(t, &fake{columns: []fakeColumn{{name: "a"}}, rows: values()}, Config{Types: map[string]table.Type{"b": {}}})
	assert.EqualError(t, err, `dataset: query: Config.Types has a column "b", the query has ["a"]`)
	broken := &fake{columns: []fakeColumn{{name: "a"}}, rows: func(row int) ([]driver.Value, error) {
		if row == 3 {
			return nil, errors.New("the server went away")
		}
		return []driver.Value{int64(0)}, nil
	}}
	_, err = openAll(t, broken, Config{})
	assert.EqualError(t, err, "dataset: query: after 3 rows: the server went away")
}

// Columns whose first values come late, each at another place, keep their rows and nulls.
func TestLateValues(t *testing.T) {
	const n = 4000
	f := &fake{columns: []fakeColumn{{name: "n"}, {name: "late"}, {name: "later"}, {name: "never"}}}
	f.rows = func(row int) ([]driver.Value, error) {
		v := []driver.Value{int64(row), nil, nil, nil}
		if row == n {
			return nil, io.EOF
		}
		if row >= 2000 && row%2 == 0 {
			v[1] = "word"
		}
		if row >= 3999 {
			v[2] = 0.5
		}
		return v, nil
	}
	rows, err := openAll(t, f, Config{headRows: 1000})
	require.NoError(t, err)
	require.Equal(t, n, rows.N)
	assert.Equal(t, "text", rows.Columns[1].Type.String())
	assert.Equal(t, "float64", rows.Columns[2].Type.String())
	assert.Equal(t, "null", rows.Columns[3].Type.String())
	assert.False(t, rows.Columns[0].Nullable)
	assert.True(t, rows.Columns[1].Nullable)
	for row := range n {
		require.Equal(t, int64(row), rows.Columns[0].Ints[row])
		require.Equal(t, row < 2000 || row%2 == 1, rows.Columns[1].Null(row), row)
	}
	assert.Equal(t, []any{int64(3998), "word", nil, nil}, rows.At(3998))
	assert.Equal(t, []any{int64(3999), nil, 0.5, nil}, rows.At(3999))
}

// The end of the context ends the query, and leaves no file behind.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	f := &fake{columns: []fakeColumn{{name: "n"}}}
	f.rows = func(row int) ([]driver.Value, error) { // without end
		if row == 100_000 {
			cancel()
		}
		return []driver.Value{int64(row)}, nil
	}
	_, err := Open(ctx, f.db(t), "select", nil, Config{Dir: dir})
	require.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Eventually(t, f.cancelled.Load, 10*time.Second, time.Millisecond)
}

// Progress tells rows and bytes, the last time all of them.
func TestProgress(t *testing.T) {
	const n = 100_000
	var rows, bytes []int64
	f := &fake{columns: []fakeColumn{{name: "n"}}, rows: numbers(n)}
	_, err := openAll(t, f, Config{Progress: func(r, b int64) { rows, bytes = append(rows, r), append(bytes, b) }})
	require.NoError(t, err)
	require.Greater(t, len(rows), 2)
	require.IsNonDecreasing(t, rows)
	require.IsNonDecreasing(t, bytes)
	require.Equal(t, int64(n), rows[len(rows)-1])
	require.Greater(t, bytes[len(bytes)-1], int64(8*n))
}

// A query of 100 MB holds what its head may take, twice while it is written, and some batches: far less than all.
func TestBoundedMemory(t *testing.T) {
	const n, size, limit = 1000, 100 << 10, 48 << 20
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	word := bytes.Repeat([]byte("x"), size)
	f := &fake{columns: []fakeColumn{{name: "v", typ: "TEXT"}}}
	f.rows = func(row int) ([]driver.Value, error) {
		if row == n {
			return nil, io.EOF
		}
		return []driver.Value{string(word)}, nil
	}
	before, largest, calls := heap(), uint64(0), 0
	tab, err := Open(context.Background(), f.db(t), "select", nil, Config{Dir: t.TempDir(), Progress: func(rows, _ int64) {
		if calls++; calls%8 == 0 {
			largest = max(largest, heap())
		}
	}})
	require.NoError(t, err)
	defer tab.Close()
	require.Greater(t, calls, 16)
	require.Less(t, largest, before+limit)
	require.Greater(t, len(tab.Blocks()), 10)
	var rows table.Rows
	require.NoError(t, tab.Read(context.Background(), len(tab.Blocks())-1, 0, 1, []int{0}, &rows))
	require.Equal(t, word, rows.Columns[0].Bytes(0))
	require.Less(t, heap(), before+limit)
}

// numbers are rows 0 … n-1.
func numbers(n int) func(int) ([]driver.Value, error) {
	return func(row int) ([]driver.Value, error) {
		if row == n {
			return nil, io.EOF
		}
		return []driver.Value{int64(row)}, nil
	}
}

// A query is a source like any table, and what is wrong with a value says the query's row.
func TestChoose(t *testing.T) {
	f := &fake{columns: []fakeColumn{{name: "id"}, {name: "price", typ: "NUMERIC"}, {name: "label", typ: "TEXT"}},
		rows: values([]driver.Value{int64(1<<53 + 1), "1.25", "cat"}, []driver.Value{int64(2), nil, "ant"})}
	tab, err := Open(context.Background(), f.db(t), "select", nil, Config{Name: "pets", Dir: t.TempDir()})
	require.NoError(t, err)
	defer tab.Close()
	picks := []table.Pick{{Name: "id"}, {Name: "price", Null: table.NullFill}, {Name: "label", Class: true}}
	src, err := table.Choose(context.Background(), tab, table.Config{Columns: picks, Target: "label"})
	require.NoError(t, err)
	var b dataset.Batch
	require.NoError(t, b.Fill(src, []int{0, 1}))
	assert.Equal(t, []int64{1<<53 + 1, 2}, tensor.Data[int64](b.Col("id")))
	assert.Equal(t, []float32{1.25, 0}, tensor.Data[float32](b.Col("price")))
	assert.Equal(t, []int64{1, 0}, tensor.Data[int64](b.Y))
	picks[1].Null = table.NullError
	src, err = table.Choose(context.Background(), tab, table.Config{Columns: picks, Target: "label"})
	require.NoError(t, err)
	assert.EqualError(t, b.Fill(src, []int{0, 1}), `dataset: pets: column "price", row 1: is null`)
}
