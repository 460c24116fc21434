package table

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

func lists(elem Type, size int) Type { return Type{Kind: List, Elem: &elem, Size: size} }

// listOf makes a column of lists of numbers; nil is a null list.
func listOf(name string, t Type, rows ...[]int) Column {
	c := Column{Field: Field{name, t, true}}
	c.Reset(c.Field)
	for _, r := range rows {
		if r == nil {
			c.AppendNull()
			continue
		}
		for _, v := range r {
			c.Elem.AppendInt(int64(v))
		}
		c.AppendList()
	}
	return c
}

// column makes a column of values, as rowsOf does.
func column(name string, t Type, values ...any) Column {
	return rowsOf([]Field{{name, t, true}}, values...).Columns[0]
}

func of(columns ...Column) Table { return FromRows("t", &Rows{N: columns[0].Len(), Columns: columns}) }

func batch(t *testing.T, s dataset.Source) *dataset.Batch {
	var b dataset.Batch
	index := make([]int, s.Len())
	for i := range index {
		index[i] = i
	}
	require.NoError(t, b.Fill(s, index))
	return &b
}

// The zero Config does what package arrow does with a file: all columns but "label" as "x", the label as classes.
func TestChooseZero(t *testing.T) {
	tab := of(column("a", Type{Kind: Int, Bits: 16}, 1, 2, 3), listOf("l", lists(Type{Kind: Int, Bits: 8, Unsigned: true},
		0), []int{4, 5}, []int{6, 7}, []int{8, 9}),
		column("label", textType, "cat", "ant", "cat"), column("m", Type{Kind: Decimal, Digits: 9, Scale: 2}, 1225, -50, 0),
		column("when", Type{Kind: Time, Unit: Millisecond}, 1500, 86400_000, -1000), column("b", Type{Kind: Bool}, 1, 0, 1))
	s, err := Choose(t.Context(), tab, Config{})
	require.NoError(t, err)
	want := dataset.XY("t", []int{6}, 2, nil)
	want.Columns[1].ClassNames = []string{"ant", "cat"}
	assert.Equal(t, want, s.Spec())
	b := batch(t, s)
	assert.Equal(t, []float32{1, 4, 5, 12.25, 1.5, 1, 2, 6, 7, -0.5, 86400, 0, 3, 8, 9, 0, -1, 1},
		tensor.Data[float32](b.X))
	assert.Equal(t, []int64{1, 0, 1}, tensor.Data[int64](b.Y))

	// One feature is [1] too; floats and decimals are targets, integers and bools classes.
	for _, c := range []struct {
		label Column
		want  dataset.Spec
	}{
		{column("label", Type{Kind: Float64}, 0.5, 1.0), dataset.XY("t", []int{1}, 0, nil)},
		{column("label", Type{Kind: Decimal, Digits: 5, Scale: 1}, 5, 10), dataset.XY("t", []int{1}, 0, nil)},
		{column("label", intType, 0, 6), dataset.XY("t", []int{1}, 7, nil)},
		{column("label", Type{Kind: Bool}, 0, 0), dataset.XY("t", []int{1}, 2, nil)},
	} {
		s, err := Choose(t.Context(), of(column("v", Type{Kind: Float64}, 0.25, 3.0), c.label), Config{})
		require.NoError(t, err)
		assert.Equal(t, c.want, s.Spec())
		assert.Equal(t, []float32{0.25, 3}, tensor.Data[float32](batch(t, s).X))
	}
}

// What a column becomes by itself, and as each DType.
func TestChooseTypes(t *testing.T) {
	const big = 1<<53 + 1
	u8 := Type{Kind: Int, Bits: 8, Unsigned: true}
	nested := Column{Field: Field{Name: "c", Type: lists(lists(intType, 2), 0)}}
	nested.Reset(nested.Field)
	for i := range 3 { // [[0 1]], [], [[4 5] [6 7]]
		for j := range []int{1, 0, 2}[i] {
			nested.Elem.Elem.AppendInt(int64(2 * (i + j)))
			nested.Elem.Elem.AppendInt(int64(2*(i+j) + 1))
			nested.Elem.AppendList()
		}
		nested.AppendList()
	}
	square := listOf("c", lists(lists(intType, 0), 0))
	for i := range 2 {
		for range 3 {
			square.Elem.Elem.AppendInt(int64(i))
			square.Elem.Elem.AppendInt(7)
			square.Elem.AppendList()
		}
		square.AppendList()
	}
	words := Column{Field: Field{Name: "c", Type: lists(textType, 0)}}
	words.Reset(words.Field)
	words.Elem.AppendString("ab")
	words.Elem.AppendString("")
	words.AppendList()
	words.AppendList()
	words.Elem.AppendString("c")
	words.AppendList()

	for _, c := range []struct {
		name   string
		col    Column
		pick   Pick
		column dataset.Column
		want   any // the elements; of ragged columns offsets come after them
	}{
		{"int", column("c", intType, big, -1), Pick{}, dataset.Column{DType: tensor.Int64}, []int64{big, -1}},
		{"int as int32", column("c", intType, math.MaxInt32, -1), Pick{DType: tensor.Int32},
			dataset.Column{DType: tensor.Int32}, []int32{math.MaxInt32, -1}},
		{"int as float64", column("c", intType, 3), Pick{DType: tensor.Float64, Scale: 0.5},
			dataset.Column{DType: tensor.Float64}, []float64{1.5}},
		{"int as uint8", column("c", intType, 0, 255), Pick{DType: tensor.Uint8}, dataset.Column{DType: tensor.Uint8},
			[]uint8{0, 255}},
		{"bool", column("c", Type{Kind: Bool}, 1, 0), Pick{}, dataset.Column{DType: tensor.Bool}, []bool{true, false}},
		{"float32", column("c", Type{Kind: Float32}, 0.5), Pick{Scale: 3}, dataset.Column{DType: tensor.Float32},
			[]float32{1.5}},
		{"float64", column("c", Type{Kind: Float64}, 0.1), Pick{}, dataset.Column{DType: tensor.Float32}, []float32{0.1}},
		{"float64 kept", column("c", Type{Kind: Float64}, 0.1), Pick{DType: tensor.Float64},
			dataset.Column{DType: tensor.Float64}, []float64{0.1}},
		{"float64 as int", column("c", Type{Kind: Float64}, -3.0), Pick{DType: tensor.Int64},
			dataset.Column{DType: tensor.Int64}, []int64{-3}},
		{"decimal", column("c", Type{Kind: Decimal, Digits: 9, Scale: 2}, 1999), Pick{DType: tensor.Float64},
			dataset.Column{DType: tensor.Float64}, []float64{19.99}},
		{"wide decimal", column("c", Type{Kind: Decimal, Digits: 38, Scale: 2}, 1e20), Pick{},
			dataset.Column{DType: tensor.Float32}, []float32{1e20}},
		{"decimal as int", column("c", Type{Kind: Decimal, Digits: 18, Scale: 1}, 10*big), Pick{DType: tensor.Int64},
			dataset.Column{DType: tensor.Int64}, []int64{big}},
		{"negative scale", column("c", Type{Kind: Decimal, Digits: 9, Scale: -2}, 12), Pick{DType: tensor.Int64},
			dataset.Column{DType: tensor.Int64}, []int64{1200}},
		{"time", column("c", Type{Kind: Time, Unit: Microsecond}, 1_500_000, -1), Pick{},
			dataset.Column{DType: tensor.Float64}, []float64{1.5, -1e-6}},
		{"time in seconds, down", column("c", Type{Kind: Time, Unit: Nanosecond}, 1_999_999_999, -1),
			Pick{DType: tensor.Int64}, dataset.Column{DType: tensor.Int64}, []int64{1, -1}},
		{"days", column("c", Type{Kind: Time, Unit: Day}, -1), Pick{DType: tensor.Int64},
			dataset.Column{DType: tensor.Int64}, []int64{-86400}},
		{"image", listOf("c", lists(u8, 0), []int{0, 51, 102, 255}), Pick{DType: tensor.Float32, Shape: []int{1, 2, 2},
			Scale: 1.0 / 255},
			dataset.Column{DType: tensor.Float32, Shape: []int{1, 2, 2}}, []float32{0, 0.2, 0.4, 1}},
		{"fixed list", listOf("c", lists(u8, 2), []int{1, 2}, []int{3, 4}), Pick{}, dataset.Column{DType: tensor.Int64,
			Shape: []int{2}}, []int64{1, 2, 3, 4}},
		{"fixed binary", column("c", Type{Kind: Binary, Size: 2}, "ab", "cd"), Pick{}, dataset.Column{DType: tensor.Uint8,
			Shape: []int{2}}, []uint8("abcd")},
		{"list of lists", square, Pick{Shape: []int{3, 2}, DType: tensor.Int8}, dataset.Column{DType: tensor.Int8,
			Shape: []int{3, 2}},
			[]int8{0, 7, 0, 7, 0, 7, 1, 7, 1, 7, 1, 7}},
		{"ragged", listOf("c", lists(intType, 0), []int{1, big}, []int{}, []int{3}), Pick{},
			dataset.Column{DType: tensor.Int64, Ragged: true}, []int64{1, big, 3, 0, 2, 2, 3}},
		{"ragged of pairs", nested, Pick{DType: tensor.Int32}, dataset.Column{DType: tensor.Int32, Ragged: true,
			Shape: []int{2}}, []int32{0, 1, 4, 5, 6, 7, 0, 1, 1, 3}},
		{"ragged bytes", column("c", Type{Kind: Binary}, "ab", "", "c"), Pick{}, dataset.Column{DType: tensor.Uint8,
			Ragged: true}, []uint8{'a', 'b', 'c', 0, 2, 2, 3}},
		{"text", column("c", textType, "ab", "", "c"), Pick{}, dataset.Column{DType: tensor.Uint8, Text: true},
			[]string{"ab", "", "c"}},
		{"lists of text", words, Pick{}, dataset.Column{DType: tensor.Uint8, Text: true, Ragged: true}, []string{"ab", "",
			"c"}},
		{"class", column("c", intType, 2, 0), Pick{Class: true}, dataset.Column{DType: tensor.Int64, Classes: 3}, []int64{2,
			0}},
		{"declared classes", column("c", intType, 2, 0), Pick{Classes: 9}, dataset.Column{DType: tensor.Int64, Classes: 9},
			[]int64{2, 0}},
		{"names", column("c", textType, "b", "a"), Pick{ClassNames: []string{"b", "c", "a"}},
			dataset.Column{DType: tensor.Int64, Classes: 3, ClassNames: []string{"b", "c", "a"}}, []int64{0, 2}},
		{"names in the order of their bytes", column("c", textType, "ä", "b", "B"), Pick{Class: true},
			dataset.Column{DType: tensor.Int64, Classes: 3, ClassNames: []string{"B", "b", "ä"}}, []int64{2, 1, 0}},
		{"integers by name", column("c", intType, 1, -1), Pick{ClassNames: []string{"-1", "1"}},
			dataset.Column{DType: tensor.Int64, Classes: 2, ClassNames: []string{"-1", "1"}}, []int64{1, 0}},
		{"bool class", column("c", Type{Kind: Bool}, 0), Pick{Class: true}, dataset.Column{DType: tensor.Int64, Classes: 2},
			[]int64{0}},
		{"tokens", listOf("c", lists(intType, 0), []int{4}, []int{}), Pick{Class: true}, dataset.Column{DType: tensor.Int64,
			Classes: 5, Ragged: true}, []int64{4, 0, 1, 1}},
		{"null filled", column("c", Type{Kind: Float64}, 1.0, nil, math.NaN()), Pick{Null: NullFill, Fill: 7, Scale: 2},
			dataset.Column{DType: tensor.Float32}, []float32{2, 14, 14}},
		{"null int filled", column("c", intType, 1, nil), Pick{Null: NullFill, Fill: -1},
			dataset.Column{DType: tensor.Int64}, []int64{1, -1}},
		{"null bool filled", column("c", Type{Kind: Bool}, 0, nil), Pick{Null: NullFill, Fill: 1},
			dataset.Column{DType: tensor.Bool}, []bool{false, true}},
		{"null text filled", column("c", textType, nil, "a"), Pick{Null: NullFill, FillText: "?"},
			dataset.Column{DType: tensor.Uint8, Text: true}, []string{"?", "a"}},
		{"null list filled", listOf("c", lists(intType, 2), []int{1, 2}, nil), Pick{Null: NullFill, Fill: 9},
			dataset.Column{DType: tensor.Int64, Shape: []int{2}}, []int64{1, 2, 9, 9}},
		{"null ragged list", listOf("c", lists(intType, 0), nil, []int{1}), Pick{Null: NullFill},
			dataset.Column{DType: tensor.Int64, Ragged: true}, []int64{1, 0, 0, 1}},
		{"null class filled", column("c", textType, "a", nil), Pick{Class: true, Null: NullFill, FillText: "none"},
			dataset.Column{DType: tensor.Int64, Classes: 2, ClassNames: []string{"a", "none"}}, []int64{0, 1}},
		{"no values, filled", column("c", Type{Kind: Null}, nil, nil), Pick{Null: NullFill, Fill: 3},
			dataset.Column{DType: tensor.Float32}, []float32{3, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.pick.Name = "c"
			c.column.Name = "c"
			s, err := Choose(t.Context(), of(c.col), Config{Columns: []Pick{c.pick}})
			require.NoError(t, err)
			assert.Equal(t, dataset.Spec{Name: "t", Columns: []dataset.Column{c.column}}, s.Spec())
			b := batch(t, s)
			assert.Equal(t, c.want, elements(b, c.column))
		})
	}

	s, err := Choose(t.Context(), of(column("c", Type{Kind: Float64}, 1.0, nil, math.NaN())),
		Config{Columns: []Pick{{Name: "c", Null: NullNaN}}})
	require.NoError(t, err)
	got := tensor.Data[float32](batch(t, s).X)
	assert.True(t, got[0] == 1 && got[1] != got[1] && got[2] != got[2], "%v", got)
}

// elements returns a column's elements, and those of a ragged one with their offsets after them.
func elements(b *dataset.Batch, c dataset.Column) any {
	if c.Text {
		return b.Strings(c.Name)
	}
	x, offsets := (*tensor.Tensor)(nil), []int64(nil)
	if c.Ragged {
		x, offsets = b.Ragged(c.Name)
	} else {
		x = b.Col(c.Name)
	}
	switch c.DType {
	case tensor.Float32:
		return with(tensor.Data[float32](x), offsets)
	case tensor.Float64:
		return with(tensor.Data[float64](x), offsets)
	case tensor.Int64:
		return with(tensor.Data[int64](x), offsets)
	case tensor.Int32:
		return with(tensor.Data[int32](x), offsets)
	case tensor.Int8:
		return with(tensor.Data[int8](x), offsets)
	case tensor.Uint8:
		return with(tensor.Data[uint8](x), offsets)
	}
	return append([]bool{}, tensor.Data[bool](x)...)
}

func with[T number](x []T, offsets []int64) []T {
	x = append([]T{}, x...)
	for _, o := range offsets {
		x = append(x, T(o))
	}
	return x
}

// Several columns of a batch, renamed and joined, read by ranges and in any order, over blocks.
func TestChooseColumns(t *testing.T) {
	fields := []Field{{"user", intType, false}, {"price", Type{Kind: Float64}, false}, {"name", textType, false}}
	tab := FromRows("t", rowsOf(fields, 1<<60, 0.5, "a", 2, 1.5, "bb"), rowsOf(fields), rowsOf(fields, 3, 2.5, "", 4, 3.5,
		"d", 5, 4.5, "e"))
	s, err := Choose(t.Context(), tab, Config{Name: "shop", Target: "gain", Columns: []Pick{{Name: "id",
		From: []string{"user"}}, {Name: "name"},
		{Name: "both", From: []string{"price", "user"}, DType: tensor.Float64}, {Name: "gain", From: []string{"price"}}}})
	require.NoError(t, err)
	assert.Equal(t, []int{2, 0, 3}, s.Blocks())
	assert.Equal(t, 5, s.Len())
	assert.Equal(t, "shop", s.Name())
	var b dataset.Batch
	for range 2 {
		require.NoError(t, s.ReadBlock(t.Context(), &b, 2, 1, 3))
		assert.Equal(t, []int64{4, 5}, tensor.Data[int64](b.X))
		assert.Equal(t, []float32{3.5, 4.5}, tensor.Data[float32](b.Y))
		assert.Equal(t, []float64{3.5, 4, 4.5, 5}, tensor.Data[float64](b.Col("both")))
		assert.Equal(t, []string{"d", "e"}, b.Strings("name"))
	}
	require.NoError(t, b.Fill(s, []int{4, 0, 4, 2}))
	assert.Equal(t, []int64{5, 1 << 60, 5, 3}, tensor.Data[int64](b.X))
	assert.Equal(t, []string{"e", "a", "e", ""}, b.Strings("name"))
	require.NoError(t, s.ReadBlock(t.Context(), &b, 1, 0, 0))
	assert.Equal(t, 0, b.N)
	var _ dataset.Blocks = s
}

// noted says why its first column is text.
type noted1 struct{ Table }

func (noted1) Note(int) string { return `row 7 has "x"` }

// What the schema can tell is found when a source is opened.
func TestChooseErrors(t *testing.T) {
	tab := of(column("i", intType, 1), column("f", Type{Kind: Float64}, 1.0), column("s", textType, "a"), listOf("l",
		lists(intType, 0), []int{1}),
		listOf("null", lists(intType, 0), nil), listOf("empty", lists(intType, 0), []int{}), column("n", Type{Kind: Null},
			nil), column("neg", intType, -1),
		column("when", Type{Kind: Time, Unit: Day}, 1), column("wild", intType, 1<<20))
	for _, c := range []struct {
		pick Pick
		want string
	}{
		{Pick{Name: "ii"}, `dataset: t: no column "ii" among `},
		{Pick{Name: "s", DType: tensor.Float32}, `dataset: t: column "s" is text, want numbers, times or lists of them`},
		{Pick{Name: "x", From: []string{"i", "s"}}, `dataset: t: column "s" is text, want numbers, times or lists of them`},
		{Pick{Name: "s", Shape: []int{1}}, `want a text or a list of text, without a Shape`},
		{Pick{Name: "f", Class: true}, `dataset: t: column "f" is float64, want integers, booleans or text for classes`},
		{Pick{Name: "l", ClassNames: []string{"a"}},
			`dataset: t: column "l" is list<int64>, want text or integers for the 1 ClassNames`},
		{Pick{Name: "s", ClassNames: []string{"a", "a"}}, `ClassNames has "a" twice`},
		{Pick{Name: "s", ClassNames: []string{"a", "b"}, Classes: 1}, `2 ClassNames for 1 classes`},
		{Pick{Name: "x", From: []string{"i", "i"}, Class: true}, `want one column and Int64, not 2 columns`},
		{Pick{Name: "i", DType: tensor.Float16}, `column "i" as float16: want float, integer or bool`},
		{Pick{Name: "i", Null: NullNaN}, `NaN for nulls wants a float DType, not int64`},
		{Pick{Name: "i", Scale: 0.5}, `Scale 0.5 wants a float DType, not int64`},
		{Pick{Name: "i", Null: NullFill, Fill: 0.5}, `Fill 0.5 is no int64`},
		{Pick{Name: "f", DType: tensor.Bool}, `column "f" is float64, want booleans, or integers 0 and 1`},
		{Pick{Name: "n"}, `column "n" has no values`},
		{Pick{Name: "l", Shape: []int{2}}, `column "l" has 1 elements a row, shape [2] has another number`},
		{Pick{Name: "null", Shape: []int{1}}, `dataset: t: column "null", row 0: is null, where the length`},
		{Pick{Name: "empty", Shape: []int{1}}, `dataset: t: column "empty", row 0: a list of no elements`},
		{Pick{Name: "neg", Class: true}, `dataset: t: column "neg", row 0: label -1, want 0 … 1048575`},
		{Pick{Name: "wild", Class: true}, `dataset: t: column "wild", row 0: label 1048576, want 0 … 1048575`},
		{Pick{Name: "s", Class: true, Null: NullFill, ClassNames: []string{"a"}}, `FillText "" is none of the 1 ClassNames`},
	} {
		_, err := Choose(t.Context(), tab, Config{Columns: []Pick{c.pick}})
		require.ErrorIs(t, err, dataset.ErrFormat, "%+v", c.pick)
		assert.ErrorContains(t, err, c.want)
	}
	_, err := Choose(t.Context(), tab, Config{})
	assert.ErrorContains(t, err, `dataset: t: no column "label" among`)
	_, err = Choose(t.Context(), tab, Config{Label: "when"})
	assert.EqualError(t, err, `dataset: t: label column "when" is time[d], want integers, booleans, text or floats`)
	_, err = Choose(t.Context(), of(column("label", intType, 1)), Config{})
	assert.EqualError(t, err, `dataset: t: has no columns beside "label"`)
	_, err = Choose(t.Context(), FromRows("t"), Config{})
	assert.EqualError(t, err, `dataset: t: has no columns`)
	_, err = Choose(t.Context(), noted1{tab}, Config{Columns: []Pick{{Name: "s", DType: tensor.Float32}}})
	assert.EqualError(t, err, `dataset: t: column "s" is text, want numbers, times or lists of them (row 7 has "x")`)
	_, err = Choose(t.Context(), tab, Config{Columns: []Pick{{Name: "i"}}, Target: "y"})
	assert.ErrorContains(t, err, `the target "y" is none of the columns`)
}

// What only a value can tell is an error with file, row of the file and column.
func TestChooseBadValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		bad  Column // of one row
		pick Pick
		want string
	}{
		{"null", column("c", intType, nil), Pick{}, `is null`},
		{"null text", column("c", textType, nil), Pick{}, `is null`},
		{"null class", column("c", textType, nil), Pick{Class: true}, `is null`},
		{"null list", listOf("c", lists(intType, 0), nil), Pick{}, `is null`},
		{"null fixed list", listOf("c", lists(intType, 2), nil), Pick{}, `is null`},
		{"NaN", column("c", Type{Kind: Float64}, nan), Pick{}, `is NaN`},
		{"infinity", column("c", Type{Kind: Float32}, inf), Pick{Null: NullFill}, `+Inf is not a finite float32`},
		{"past float32", column("c", Type{Kind: Float64}, 1e39), Pick{}, `1e+39 is not a finite float32`},
		{"fraction", column("c", Type{Kind: Float64}, 0.5), Pick{DType: tensor.Int64}, `0.5 is no int64`},
		{"2⁶³", column("c", Type{Kind: Float64}, 0x1p63), Pick{DType: tensor.Int64}, `9.223372036854776e+18 is no int64`},
		{"past int32", column("c", intType, 1<<31), Pick{DType: tensor.Int32}, `2147483648 is no int32`},
		{"below zero", column("c", intType, -1), Pick{DType: tensor.Uint8}, `-1 is no uint8`},
		{"past int8", column("c", Type{Kind: Binary, Size: 1}, "\xff"), Pick{DType: tensor.Int8}, `255 is no int8`},
		{"no boolean", column("c", intType, 2), Pick{DType: tensor.Bool}, `2 is no boolean`},
		{"cents", column("c", Type{Kind: Decimal, Digits: 9, Scale: 2}, 1999), Pick{DType: tensor.Int64},
			`19.99 is no int64`},
		{"class", column("c", intType, 3), Pick{Classes: 3}, `label 3, want 0 … 2`},
		{"class name", column("c", textType, "x"), Pick{ClassNames: []string{"a"}}, `label "x" is none of the 1 ClassNames`},
		{"class number", column("c", intType, -2), Pick{ClassNames: []string{"0"}}, `label "-2" is none of the 1 ClassNames`},
		{"token", listOf("c", lists(intType, 0), []int{0, 9}), Pick{Classes: 3}, `label 9, want 0 … 2`},
		{"length", listOf("c", lists(intType, 2), []int{1}), Pick{}, `a list of 1 elements, want 2`},
		{"null element", func() Column {
			c := listOf("c", lists(intType, 0), []int{1, 2})
			c.Elem.Valid = []bool{true, false}
			return c
		}(), Pick{}, `is null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.pick.Name = "c"
			good := Column{Field: c.bad.Field}
			good.Reset(good.Field)
			for range 3 { // three good rows in a block before
				switch good.Type.storage() {
				case inData:
					good.AppendString("a")
				case inElem:
					good.Elem.AppendInt(1)
					good.Elem.AppendInt(1)
					good.AppendList()
				case inInts:
					good.AppendInt(0)
				default:
					good.AppendFloat(0)
				}
			}
			two := Column{Field: good.Field}
			two.Reset(two.Field)
			two.AppendFrom(&good, 0, 1)
			two.AppendFrom(&c.bad, 0, 1)
			s, err := Choose(t.Context(), FromRows("t", &Rows{N: 3, Columns: []Column{good}}, &Rows{N: 2,
				Columns: []Column{two}}),
				Config{Columns: []Pick{c.pick}})
			require.NoError(t, err)
			var b dataset.Batch
			require.NoError(t, s.ReadBlock(t.Context(), &b, 0, 0, 3))
			require.NoError(t, s.ReadBlock(t.Context(), &b, 1, 0, 1))
			err = s.ReadBlock(t.Context(), &b, 1, 1, 2)
			require.EqualError(t, err, `dataset: t: column "c", row 4: `+c.want)
			assert.ErrorIs(t, err, dataset.ErrFormat)
			assert.EqualError(t, s.ReadBlock(t.Context(), &b, 1, 0, 2), `dataset: t: column "c", row 4: `+c.want)
		})
	}
}

// Samples are numbered through all blocks, empty ones too; any order of numbers is read right.
func TestChooseNumbers(t *testing.T) {
	var blocks []*Rows
	var want, index []int64
	for b := range 7 {
		r := new(Rows)
		r.Reset([]Field{{"v", intType, false}})
		for i := range b * 5 {
			r.Columns[0].AppendInt(int64(b*100 + i))
			want = append(want, int64(b*100+i))
			r.N++
		}
		blocks = append(blocks, r)
	}
	s, err := Choose(t.Context(), FromRows("t", blocks...), Config{Columns: []Pick{{Name: "v"}}})
	require.NoError(t, err)
	require.Equal(t, len(want), s.Len())
	order := make([]int, len(want))
	for i := range order { // 41 and 105 have no common factor: every number once
		order[i] = i * 41 % len(order)
		index = append(index, want[order[i]])
	}
	var b dataset.Batch
	require.NoError(t, b.Fill(s, order))
	assert.Equal(t, index, tensor.Data[int64](b.X))
}

// Reading into a batch that has grown allocates nothing but what the table does.
func BenchmarkChoose(b *testing.B) {
	u8 := Type{Kind: Int, Bits: 8, Unsigned: true}
	c := Column{Field: Field{Name: "image", Type: lists(u8, 784)}}
	c.Reset(c.Field)
	for i := range 4096 {
		for j := range 784 {
			c.Elem.AppendInt(int64(i+j) % 256)
		}
		c.AppendList()
	}
	s, err := Choose(context.Background(), of(c), Config{Columns: []Pick{{Name: "image", DType: tensor.Float32,
		Scale: 1.0 / 255}}})
	require.NoError(b, err)
	var batch dataset.Batch
	b.SetBytes(4096 * 784)
	for b.Loop() {
		require.NoError(b, s.ReadBlock(context.Background(), &batch, 0, 0, 4096))
	}
	b.ReportMetric(float64(b.N)*4096/b.Elapsed().Seconds(), "rows/s")
}
