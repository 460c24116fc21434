package option

import (
	"math"
	"testing"
)

func TestFloat(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{
		{0, 7}, {Zero, 0}, {math.Copysign(0, -1), 7}, {-1, -1}, {1e-300, 1e-300}, {3, 3}, {math.Inf(1), math.Inf(1)},
	} {
		if got := Float(c.v, 7); got != c.want || math.Signbit(got) != math.Signbit(c.want) {
			t.Errorf("Float(%v, 7) = %v, want %v", c.v, got, c.want)
		}
	}
	if got := Float(math.NaN(), 7); !math.IsNaN(got) {
		t.Errorf("Float(NaN, 7) = %v: it must be left for the check that comes after", got)
	}
}
