package table

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDescribe(t *testing.T) {
	tab := FromRows("t", everyKind(), everyKind())
	s, err := Describe(t.Context(), tab)
	require.NoError(t, err)
	assert.Equal(t, "t", s.Name)
	assert.EqualValues(t, 10, s.Rows)
	assert.Equal(t, 2, s.Blocks)
	got := map[string]ColumnStats{}
	for _, c := range s.Columns {
		got[c.Name] = c
	}

	i := got["i"] // -1 6 13 20 27, of which rows 0 and 3 are null, twice
	assert.EqualValues(t, 4, i.Nulls)
	assert.Equal(t, []any{int64(6), int64(27)}, []any{i.Min, i.Max})
	assert.Equal(t, (6.0+13+27)/3, i.Mean)
	assert.True(t, i.Exact)
	assert.Equal(t, []Count{{int64(6), 2}, {int64(13), 2}, {int64(27), 2}}, i.Counts)
	m := got["m"] // -0.01 0.06 0.13 0.20 0.27 but rows 0 and 3
	assert.Equal(t, []any{"0.06", "0.27"}, []any{m.Min, m.Max})
	assert.InDelta(t, 0.46/3, m.Mean, 1e-15)
	x := got["x"] // "" a ab abc abcd
	assert.Equal(t, []any{[]byte(""), []byte("abcd")}, []any{x.Min, x.Max})
	assert.Equal(t, []int64{0, 4, 5}, []int64{x.Shortest, x.Longest, x.Distinct})
	assert.True(t, math.IsNaN(x.Mean))
	l := got["l"] // row i: lists of 0 … i-1 times their number; rows 0 and 3 null
	assert.Equal(t, []int64{4, 1, 4, 2 * (0 + 1 + 6), -1}, []int64{l.Nulls, l.Shortest, l.Longest, l.Values, l.Distinct})
	assert.Equal(t, []any{int64(1), int64(3)}, []any{l.Min, l.Max})
	assert.Nil(t, l.Counts)
	n := got["n"]
	assert.EqualValues(t, 10, n.Nulls)
	assert.Nil(t, n.Min)
	assert.Equal(t, []Count{}, n.Counts)
}

// NaN is no value, -0 is 0, infinities are values; the most frequent comes first.
func TestDescribeFloats(t *testing.T) {
	zero := math.Copysign(0, -1)
	s, err := Describe(t.Context(), of(column("f", Type{Kind: Float32}, math.NaN(), zero, 0.0, 2.0, math.Inf(-1), nil)))
	require.NoError(t, err)
	f := s.Columns[0]
	assert.Equal(t, []int64{1, 1, 4, 3}, []int64{f.NaNs, f.Nulls, f.Values, f.Distinct})
	assert.Equal(t, []any{float32(math.Inf(-1)), float32(2)}, []any{f.Min, f.Max})
	assert.Equal(t, Count{float32(0), 2}, f.Counts[0])
	assert.Equal(t, math.Inf(-1), f.Mean)
}

// The number of different values: counted up to 4096, then estimated within five standard errors.
func TestDescribeDistinct(t *testing.T) {
	for _, n := range []int{1, maxCounts, maxCounts + 1, 10_000, 100_000} {
		r := new(Rows)
		r.Reset([]Field{{"i", intType, false}, {"s", textType, false}, {"f", Type{Kind: Float64}, false}})
		for i := range n {
			for range 2 {
				r.Columns[0].AppendInt(int64(i))
				r.Columns[1].AppendString(fmt.Sprint("name ", i))
				r.Columns[2].AppendFloat(float64(i) / 3)
			}
		}
		r.N = 2 * n
		s, err := Describe(t.Context(), FromRows("t", r))
		require.NoError(t, err)
		for _, c := range s.Columns {
			if n <= maxCounts {
				assert.EqualValues(t, n, c.Distinct)
				assert.True(t, c.Exact)
				assert.Len(t, c.Counts, n)
				assert.EqualValues(t, 2, c.Counts[n-1].N)
				continue
			}
			assert.False(t, c.Exact)
			assert.Nil(t, c.Counts)
			assert.InDelta(t, 1, float64(c.Distinct)/float64(n), 5*0.0163, "%s of %d: %d", c.Name, n, c.Distinct)
		}
	}
}
