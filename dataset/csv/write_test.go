package csv

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset/table"
)

// A row that could not be written leaves nothing in the one after it.
func TestWriteAfterError(t *testing.T) {
	var out strings.Builder
	day := table.Type{Kind: table.Time, Unit: table.Day}
	s := table.Schema{{Name: "a", Type: table.Type{Kind: table.Text}}, {Name: "t", Type: day}}
	w, err := NewWriter(&out, s, Config{})
	require.NoError(t, err)
	rows := func(text string, day int64) *table.Rows {
		return &table.Rows{N: 1, Columns: []table.Column{
			{Field: s[0], Data: []byte(text), Offsets: []int64{0, int64(len(text))}}, {Field: s[1], Ints: []int64{day}}}}
	}
	require.ErrorContains(t, w.Write(t.Context(), rows("bad", 1<<40)), `column "t"`)
	require.NoError(t, w.Write(t.Context(), rows("good", 0)))
	require.NoError(t, w.Close())
	require.Equal(t, "a,t\ngood,1970-01-01\n", out.String())
}
