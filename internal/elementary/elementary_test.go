package elementary_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/internal/elementary"
)

// The values are mpmath's 1.3, in 300 bits, rounded once:
//
//	from mpmath import mp, mpf
//	mp.prec = 300
//	float(mp.exp(mpf(709.7)))   # and mp.cosh, mp.sinh, mp.log, mpf(x)**mpf(y)
func TestEnds(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name       string
		f          func(float64) float64
		x, want, u float64 // the bound in units of the last place
	}{
		{"Exp", elementary.Exp, 700.5, 1.6721859620674984e+304, 2},
		{"Exp", elementary.Exp, 709.44, 1.2760780590224528e+308, 2},
		{"Exp", elementary.Exp, 709.7, 1.6549840276802644e+308, 2},
		{"Exp", elementary.Exp, 709.782712893384, 1.7976931348622732e+308, 2},
		{"Exp", elementary.Exp, math.Nextafter(709.782712893384, 800), inf, 0},
		{"Exp", elementary.Exp, inf, inf, 0},
		{"Exp", elementary.Exp, -inf, 0, 0},
		{"Exp", elementary.Exp, -745.2, 0, 0},
		{"Exp", elementary.Exp, 1, math.E, 1},
		{"Cosh", elementary.Cosh, 709.5, 6.774931596573164e+307, 2},
		{"Cosh", elementary.Cosh, -710.4758, 1.7975851435895588e+308, 2},
		{"Cosh", elementary.Cosh, 710.475860073943, 1.7976931348605394e+308, 2},
		{"Cosh", elementary.Cosh, -710.476, inf, 0},
		{"Cosh", elementary.Cosh, 0, 1, 0},
		{"Sinh", elementary.Sinh, 701, 1.3784842821134214e+304, 2},
		{"Sinh", elementary.Sinh, -710, -1.1169973830808555e+308, 2},
		{"Sinh", elementary.Sinh, -inf, -inf, 0},
		{"Log", elementary.Log, 5e-324, -744.4400719213812, 1},
		{"Log", elementary.Log, 1e-320, -736.8272408909739, 1},
		{"Log", elementary.Log, 1e-310, -713.8013788281542, 1},
		{"Log", elementary.Log, 2.225073858507201e-308, -708.3964185322641, 1},
		{"Log", elementary.Log, 2.2250738585072014e-308, -708.3964185322641, 1},
		{"Log", elementary.Log, 0, -inf, 0},
		{"Log10", elementary.Log10, 1e-310, -310, 2},
		{"Log10", elementary.Log10, 1000, 3, 1},
		{"Log", elementary.Log, inf, inf, 0},
	} {
		ulp := math.Abs(c.want) - math.Nextafter(math.Abs(c.want), 0)
		if got := c.f(c.x); got != c.want && !(math.Abs(got-c.want) <= c.u*ulp) {
			t.Errorf("%s(%v) = %v, want %v within %v ulp", c.name, c.x, got, c.want, c.u)
		}
	}
	for _, f := range []func(float64) float64{elementary.Exp, elementary.Cosh, elementary.Sinh, elementary.Log} {
		assert.True(t, math.IsNaN(f(math.NaN())))
	}
	assert.True(t, math.IsNaN(elementary.Log(-1e-310)))
	for _, c := range []struct{ x, y, want float64 }{
		{1e-310, .3, 1.000000000000007e-93}, {5e-324, -.9, 9.45352569147208e+290},
		{3e-320, 0.123456789, 3.5705143360881862e-40},
		{2e-308, -0.99, 4.187745728239678e+304}, {2, 0.5, math.Sqrt2},
		{-1e-310, 3, math.Copysign(0, -1)}, {1e-310, -1.5, inf},
	} {
		got := elementary.Pow(c.x, c.y)
		close := got == c.want || math.Abs(got-c.want) <= 1e-14*c.want
		assert.True(t, close, "%v to the %v is %v, want %v", c.x, c.y, got, c.want)
	}
	assert.Equal(t, 4e-323, elementary.Pow(1e-310, 1.04))
	assert.True(t, math.IsNaN(elementary.Pow(-1e-310, 0.3)))
}
