package metrics

import "math"

// double is the number hi + lo, where lo is at most half a unit of hi's last place: a float64 with twice the digits.
// Source: Dekker, "A floating-point technique for extending the available precision", 1971.
type double struct{ hi, lo float64 }

// product returns a·b exactly, but for underflow.
func product(a, b float64) double {
	p := float64(a * b)
	return double{p, math.FMA(a, b, -p)}
}

func (x double) squared() double {
	p := product(x.hi, x.hi)
	return double{p.hi, p.lo + float64(2*float64(x.hi*x.lo))}
}

func (x double) over(n float64) double {
	q := x.hi / n
	return double{q, (math.FMA(-q, n, x.hi) + x.lo) / n}
}

// minus returns x − y, rounded to float64.
func (x double) minus(y double) float64 {
	d := x.hi - y.hi
	v := d - x.hi
	lost := (x.hi - (d - v)) - (y.hi + v)
	return d + (lost + (x.lo - y.lo))
}
