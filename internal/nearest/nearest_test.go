package nearest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// kitten and sitting is the textbook's example of 3; ca and abc has 3 in the form of optimal string alignment.
func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ca", "abc", 3}, {"admaw", "adamw", 1},
		{"weight_decay", "WeightDecay", 0}, {"f1-macro", "f1macro", 0},
	} {
		require.Equal(t, c.want, Edits(c.a, c.b), "%s %s", c.a, c.b)
		require.Equal(t, c.want, Edits(c.b, c.a), "%s %s", c.b, c.a)
	}
}

func TestName(t *testing.T) {
	known := []string{"adam", "adamw", "sgd"}
	require.Equal(t, "adamw", Name("AdmaW", known))
	require.Equal(t, "adam", Name("xxxx", known)) // of equally far ones, the first
	require.Equal(t, "", Name("x", nil))
	require.Equal(t, "sgd", Likely("sgdd", known))
	require.Equal(t, "", Likely("lbfgs", known))
	require.Equal(t, "", Likely("x", nil))
}
