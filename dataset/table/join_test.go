package table

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
)

// rowsOf makes rows of one value after the other: int64, float32, float64, string or nil, a column each.
func rowsOf(fields []Field, values ...any) *Rows {
	r := new(Rows)
	r.Reset(fields)
	for i, v := range values {
		c := &r.Columns[i%len(fields)]
		switch v := v.(type) {
		case nil:
			c.AppendNull()
		case int:
			c.AppendInt(int64(v))
		case float64:
			c.AppendFloat(v)
		case string:
			c.AppendString(v)
		}
	}
	r.N = len(values) / len(fields)
	return r
}

var (
	intType  = Type{Kind: Int}
	textType = Type{Kind: Text}
)

// Files of one folder with their columns in another order, of other widths, one without rows and one whose column has
// no values.
func TestJoin(t *testing.T) {
	i32, f32 := Type{Kind: Int, Bits: 32}, Type{Kind: Float32}
	a := FromRows("a", rowsOf([]Field{{"i", i32, false}, {"f", f32, false}, {"s", textType, false}}, 1, 1.5, "x", 2, 2.5,
		"y"))
	b := FromRows("b", rowsOf([]Field{{"s", textType, false}, {"f", Type{Kind: Float64}, false}, {"i", intType, false}},
		"z", 0.1, 1<<60))
	c := FromRows("c", rowsOf([]Field{{"other", intType, false}}))
	d := FromRows("d", rowsOf([]Field{{"s", Type{Kind: Null}, true}, {"i", intType, true}, {"f", f32, false}}, nil, nil,
		4.0),
		rowsOf([]Field{{"s", Type{Kind: Null}, true}, {"i", intType, true}, {"f", f32, false}}, nil, 5, 5.0))
	j, err := Join("all", c, a, b, FromRows("e"), d)
	require.NoError(t, err)
	assert.Equal(t, Schema{{"i", Type{Kind: Int, Bits: 64}, true}, {"f", Type{Kind: Float64}, false}, {"s", textType,
		true}}, j.Schema())
	assert.Equal(t, []int{0, 2, 1, 1, 1}, j.Blocks())
	all, err := ReadAll(t.Context(), j)
	require.NoError(t, err)
	require.NoError(t, all.Check())
	var got [][]any
	for i := range all.N {
		got = append(got, all.At(i))
	}
	assert.Equal(t, [][]any{{int64(1), 1.5, "x"}, {int64(2), 2.5, "y"}, {int64(1 << 60), 0.1, "z"}, {nil, 4.0, nil},
		{int64(5), 5.0, nil}}, got)

	var part Rows
	require.NoError(t, j.Read(t.Context(), 1, 1, 2, []int{2, 0}, &part))
	assert.Equal(t, []any{"y", int64(2)}, part.At(0))
	for row, want := range map[[2]int]string{{1, 1}: "a 1", {2, 0}: "b 0", {3, 0}: "d 0", {4, 0}: "d 1"} {
		file, at := Place(j, row[0], row[1])
		assert.Equal(t, want, fmt.Sprint(file, " ", at))
	}
	assert.PanicsWithValue(t, "table: Read: rows 1 to 3 of block 1 of all, which has 2",
		func() { j.Read(t.Context(), 1, 1, 3, nil, &part) })
}

func TestJoinDrift(t *testing.T) {
	of := func(name string, k Type, v any) Table { return FromRows(name, rowsOf([]Field{{"x", k, false}}, v)) }
	a := of("a", intType, 1)
	for _, c := range []struct {
		b    Table
		want string
	}{
		{of("b", textType, "1"), `dataset: b: column "x": is text here and int64 in a`},
		{of("b", Type{Kind: Float64}, 1.0), `dataset: b: column "x": is float64 here and int64 in a`},
		{of("b", Type{Kind: Time, Unit: Day}, 1), `dataset: b: column "x": is time[d] here and int64 in a`},
		{FromRows("b", rowsOf([]Field{{"y", intType, false}}, 1)), `dataset: b: has a column "y", int64, which a has not`},
		{FromRows("b", &Rows{N: 0}, &Rows{N: 1}), `dataset: b: has no column "x", int64, which a has`},
	} {
		_, err := Join("all", a, c.b)
		require.EqualError(t, err, c.want)
		assert.ErrorIs(t, err, dataset.ErrFormat)
	}
	ms, us := of("ms", Type{Kind: Time, Unit: Millisecond}, 1), of("us", Type{Kind: Time, Unit: Microsecond}, 1)
	_, err := Join("all", ms, us)
	assert.EqualError(t, err, `dataset: us: column "x": is time[us] here and time[ms] in ms`)
	_, err = Join("all", of("p", Type{Kind: Decimal, Digits: 9, Scale: 2}, 1), of("q", Type{Kind: Decimal, Digits: 9,
		Scale: 3}, 1))
	assert.EqualError(t, err, `dataset: q: column "x": is decimal(9,3) here and decimal(9,2) in p`)
}

func TestWider(t *testing.T) {
	i := func(bits int, unsigned bool) Type { return Type{Kind: Int, Bits: bits, Unsigned: unsigned} }
	list := func(t Type, size int) Type { return Type{Kind: List, Elem: &t, Size: size} }
	for _, c := range []struct{ a, b, want Type }{
		{i(8, false), i(32, false), i(32, false)}, {i(8, true), i(8, false), i(16, false)}, {i(32, true), i(16, false), i(64,
			false)},
		{i(8, true), i(16, true), i(16, true)}, {i(64, true), i(8, false), i(64, false)}, {i(0, false), i(32, false), i(64,
			false)},
		{list(Type{Kind: Float32}, 3), list(Type{Kind: Float64}, 3), list(Type{Kind: Float64}, 3)},
		{list(i(8, false), 3), list(i(8, false), 0), list(i(8, false), 0)},
	} {
		for _, pair := range [][2]Type{{c.a, c.b}, {c.b, c.a}} {
			got, ok := wider(pair[0], pair[1])
			assert.True(t, ok && got.Equal(c.want), "wider(%v, %v) = %v, want %v", pair[0], pair[1], got, c.want)
		}
	}
	_, ok := wider(list(i(8, false), 3), list(textType, 3))
	assert.False(t, ok)
}

// A folder as Hive writes it, through Open: the columns of the folders' names come last, in every file.
func TestOpenFolder(t *testing.T) {
	fsys := folder("h/dt=2026-01-02/n=7/b", "h/dt=2026-01-01/n=__HIVE_DEFAULT_PARTITION__/a", "h/_SUCCESS")
	open := func(fsys fs.FS, file string) (Table, error) {
		return FromRows(file, rowsOf([]Field{{"x", textType, false}}, file[len(file)-1:], "end")), nil
	}
	tab, err := Open(fsys, "h", open)
	require.NoError(t, err)
	assert.Equal(t, Schema{{"x", textType, false}, {"dt", Type{Kind: Time, Unit: Day}, false}, {"n", intType, true}},
		tab.Schema())
	all, err := ReadAll(t.Context(), tab)
	require.NoError(t, err)
	assert.Equal(t, []any{"a", Moment(20454, Day), nil}, all.At(0)) // date(2026, 1, 1) - date(1970, 1, 1) = 20454 days
	assert.Equal(t, []any{"end", Moment(20455, Day), int64(7)}, all.At(3))
	var rows Rows
	for range 2 {
		require.NoError(t, tab.Read(t.Context(), 1, 1, 2, []int{2, 0, 1, 2}, &rows))
		require.NoError(t, rows.Check())
		assert.Equal(t, []any{int64(7), "end", Moment(20455, Day), int64(7)}, rows.At(0))
	}

	_, err = Open(folder("h/x=1/a"), "h", open)
	assert.EqualError(t, err, `dataset: h/x=1/a: column "x": is in the file and in a folder's name`)
	boom := errors.New("boom")
	closed := 0
	_, err = Open(folder("h/a", "h/b"), "h", func(fsys fs.FS, file string) (Table, error) {
		if file == "h/b" {
			return nil, boom
		}
		return &closing{FromRows(file), &closed}, nil
	})
	assert.ErrorIs(t, err, boom)
	assert.Equal(t, 1, closed, "the file that was open stays open")
}

type closing struct {
	Table
	closed *int
}

func (c *closing) Close() error { *c.closed++; return nil }

// idling counts files that may be open.
type idling struct {
	Table
	open *int
	mine bool
}

func (i *idling) Idle() {
	if i.mine {
		*i.open--
	}
	i.mine = false
}

func (i *idling) Read(ctx context.Context, block, lo, hi int, columns []int, dst *Rows) error {
	if !i.mine {
		*i.open++
	}
	i.mine = true
	return i.Table.Read(ctx, block, lo, hi, columns, dst)
}

// A folder of many files does not hold them all open.
func TestJoinIdles(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 3 * maxOpen {
		fsys[fmt.Sprintf("d/%04d", i)] = &fstest.MapFile{}
	}
	open, most := 0, 0
	tab, err := Open(fsys, "d", func(fsys fs.FS, file string) (Table, error) {
		return &idling{Table: FromRows(file, rowsOf([]Field{{"x", intType, false}}, 1)), open: &open}, nil
	})
	require.NoError(t, err)
	var rows Rows
	for range 2 {
		for b := range tab.Blocks() {
			require.NoError(t, tab.Read(t.Context(), b, 0, 1, []int{0}, &rows))
			most = max(most, open)
		}
	}
	assert.Equal(t, maxOpen, most)
}
