package table

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
)

// everyKind has a column of each kind, five rows, with nulls in most.
func everyKind() *Rows {
	list := Type{Kind: List, Elem: &Type{Kind: List, Elem: &Type{Kind: Int}}}
	r := new(Rows)
	r.Reset([]Field{
		{"b", Type{Kind: Bool}, true}, {"i", Type{Kind: Int}, true}, {"f", Type{Kind: Float32}, false},
		{"d", Type{Kind: Float64}, true}, {"m", Type{Kind: Decimal, Digits: 9, Scale: 2}, true},
		{"w", Type{Kind: Decimal, Digits: 30, Scale: 2}, true}, {"s", Type{Kind: Text}, true},
		{"x", Type{Kind: Binary}, false}, {"t", Type{Kind: Time, Unit: Millisecond}, true},
		{"p", Type{Kind: Span, Unit: Second}, true}, {"l", list, true}, {"n", Type{Kind: Null}, true}})
	for i := range 5 {
		for c := range r.Columns {
			col := &r.Columns[c]
			switch {
			case col.Nullable && (i+c)%3 == 1 || col.Type.Kind == Null:
				col.AppendNull()
			case col.Type.storage() == inInts:
				col.AppendInt(int64(i*7-1) * map[bool]int64{true: 0, false: 1}[col.Type.Kind == Bool])
			case col.Type.storage() == inData:
				col.AppendString("abcdefgh"[:i])
			case col.Type.storage() == inElem:
				for j := range i {
					for range j {
						col.Elem.Elem.AppendInt(int64(j))
					}
					col.Elem.AppendList()
				}
				col.AppendList()
			default:
				col.AppendFloat(float64(i) / 2)
			}
		}
		r.N++
	}
	return r
}

func TestColumnAt(t *testing.T) {
	r := everyKind()
	require.NoError(t, r.Check())
	assert.Equal(t, []any{nil, int64(27), float32(2), nil, "0.27", 2.0, nil, []byte("abcd"), time.UnixMilli(27).UTC(), nil,
		[]any{[]any{}, []any{int64(1)}, []any{int64(2), int64(2)}, []any{int64(3), int64(3), int64(3)}}, nil}, r.At(4))
	assert.Equal(t, []any{false, nil, float32(0), 0.0}, r.At(0)[:4])
	neg := Column{Field: Field{Type: Type{Kind: Decimal, Digits: 5, Scale: 3}}}
	for v, want := range map[int64]string{-5: "-0.005", 0: "0.000", 12345: "12.345", -1000: "-1.000"} {
		neg.Ints = []int64{v}
		assert.Equal(t, want, neg.At(0))
	}
	assert.Equal(t, "1200", formatDecimal(12, -2))
}

// Instants before 1970 count back from it; a remainder is never negative.
func TestMoment(t *testing.T) {
	for _, c := range []struct {
		v    int64
		unit Unit
		want string
	}{
		{-1, Nanosecond, "1969-12-31T23:59:59.999999999Z"}, {-1, Day, "1969-12-31T00:00:00Z"},
		{-1500, Millisecond, "1969-12-31T23:59:58.5Z"}, {253402300799, Second, "9999-12-31T23:59:59Z"},
		{math.MinInt64, Nanosecond, "1677-09-21T00:12:43.145224192Z"}, {-62135596800000000, Microsecond,
			"0001-01-01T00:00:00Z"},
	} {
		assert.Equal(t, c.want, Moment(c.v, c.unit).Format(time.RFC3339Nano))
	}
}

// Every way to copy rows gives the same rows.
func TestRowsCopies(t *testing.T) {
	r := everyKind()
	var all, slice, take, twice Rows
	all.Reset(r.Schema())
	all.Append(r, 0, 2)
	all.Append(r, 2, 5)
	assert.True(t, all.Equal(r))
	for range 2 { // also into used memory
		slice.Slice(r, 1, 4)
		take.Take(r, []int{1, 2, 3})
		require.NoError(t, take.Check())
		assert.True(t, slice.Equal(&take))
		assert.Equal(t, 3, take.N)
		for i := range 3 {
			assert.Equal(t, r.At(i+1), take.At(i))
		}
	}
	twice.Take(r, []int{3, 3, 0})
	assert.Equal(t, r.At(3), twice.At(1))
	assert.Equal(t, r.At(0), twice.At(2))
}

func TestRowsEqual(t *testing.T) {
	change := func(f func(r *Rows)) *Rows { r := everyKind(); f(r); return r }
	r := everyKind()
	assert.True(t, r.Equal(everyKind()))
	assert.True(t, r.Equal(change(func(r *Rows) { r.Columns[2].Valid = []bool{true, true, true, true, true} })))
	for name, s := range map[string]*Rows{
		"value":   change(func(r *Rows) { r.Columns[2].Floats32[3]++ }),
		"null":    change(func(r *Rows) { r.Columns[1].Valid[1] = false }),
		"text":    change(func(r *Rows) { r.Columns[7].Data[2] ^= 1 }),
		"list":    change(func(r *Rows) { r.Columns[10].Elem.Elem.Ints[3]++ }),
		"name":    change(func(r *Rows) { r.Columns[0].Name = "B" }),
		"type":    change(func(r *Rows) { r.Columns[8].Type.Unit = Second }),
		"rows":    change(func(r *Rows) { r.Slice(everyKind(), 0, 4) }),
		"columns": change(func(r *Rows) { r.Columns = r.Columns[:3] }),
	} {
		assert.False(t, r.Equal(s), name)
	}
	nan, zero := change(func(r *Rows) { r.Columns[2].Floats32[0] = float32(math.NaN()) }),
		change(func(r *Rows) { r.Columns[2].Floats32[0] = float32(math.Copysign(0, -1)) })
	assert.True(t, nan.Equal(nan))
	assert.False(t, zero.Equal(r), "-0 is not 0")
}

func TestCheck(t *testing.T) {
	for want, damage := range map[string]func(r *Rows){
		`column "i": has 4 rows, want 5`: func(r *Rows) {
			r.Columns[1].Ints = r.Columns[1].Ints[:4]
		},
		`column "s": row 2 begins at 9 and ends at 2`: func(r *Rows) {
			r.Columns[6].Offsets[2] = 9
		},
		`column "x": rows end at byte 10 of 9`: func(r *Rows) {
			r.Columns[7].Data = r.Columns[7].Data[:9]
		},
		`column "l": its lists end at element 99, and there are fewer`: func(r *Rows) {
			r.Columns[10].Offsets[5] = 99
		},
		`column "b": has 5 rows and says of 2 whether they are null`: func(r *Rows) {
			r.Columns[0].Valid = r.Columns[0].Valid[:2]
		},
	} {
		r := everyKind()
		damage(r)
		assert.EqualError(t, r.Check(), want)
	}
}

func TestFind(t *testing.T) {
	s := Schema{{Name: "user_id"}, {Name: "Price"}}
	i, err := s.Find("Price")
	require.NoError(t, err)
	assert.Equal(t, 1, i)
	_, err = s.Find("userid")
	assert.EqualError(t, err, `no column "userid" among ["user_id" "Price"]; did you mean "user_id"?`)
	_, err = s.Find("price")
	assert.ErrorContains(t, err, `did you mean "Price"?`)
	_, err = s.Find("label")
	assert.EqualError(t, err, `no column "label" among ["user_id" "Price"]`)
	assert.EqualError(t, Schema{{Name: "a"}, {Name: "a"}}.Check(), `two columns are named "a"`)
	assert.EqualError(t, Schema{{Name: "a", Type: Type{Kind: List}}}.Check(), `column "a" is a list of no type`)
}

func TestErrorText(t *testing.T) {
	err := MalformedAt("a.csv", "x", 3, "is %w", context.Canceled)
	assert.EqualError(t, err, `dataset: a.csv: column "x", row 3: is context canceled`)
	assert.ErrorIs(t, err, dataset.ErrFormat)
	assert.ErrorIs(t, err, context.Canceled)
	assert.EqualError(t, MalformedAt("a.csv", "", 3, "short"), `dataset: a.csv: row 3: short`)
	assert.EqualError(t, Malformed("a.csv", "short"), `dataset: a.csv: short`)
}
