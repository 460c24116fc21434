package tensor

// This file turns elements into words that are printed in columns, by NumPy's rules.

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// words returns what prints an element, given its offset, as wide as every other that p shows.
func (p *printer) words(precision int, suppress bool) func(off int) string {
	t := p.t
	switch {
	case t.dtype.IsFloat():
		f := floatWords{dtype: t.dtype, precision: precision}
		f.measure(func(fn func(v float64)) { p.visit(0, 0, func(off int) { fn(t.float(off)) }) }, suppress)
		return func(off int) string { return f.word(t.float(off)) }
	case t.dtype == Bool:
		return func(off int) string { return fmt.Sprintf("%5t", *at[bool](t, off)) }
	}
	width := 0
	p.visit(0, 0, func(off int) { width = max(width, len(strconv.FormatInt(t.integer(off), 10))) })
	return func(off int) string { return fmt.Sprintf("%*d", width, t.integer(off)) }
}

// float returns the element at an offset of a float tensor; float64 holds them all.
func (t *Tensor) float(off int) float64 {
	switch t.dtype {
	case Float32:
		return float64(*at[float32](t, off))
	case Float64:
		return *at[float64](t, off)
	case Float16:
		return float64(fromFloat16(*at[uint16](t, off)))
	default:
		return float64(fromBFloat16(*at[uint16](t, off)))
	}
}

// integer returns the element at an offset of an integer tensor.
func (t *Tensor) integer(off int) int64 {
	switch t.dtype {
	case Int32:
		return int64(*at[int32](t, off))
	case Int64:
		return *at[int64](t, off)
	case Uint8:
		return int64(*at[uint8](t, off))
	default:
		return int64(*at[int8](t, off))
	}
}

// scalarWord prints the only element of t: a float in as many digits as it takes, from 1e-4 to 1e16 without an exponent.
func scalarWord(t *Tensor) string {
	switch {
	case t.dtype == Bool:
		return strconv.FormatBool(*at[bool](t, 0))
	case !t.dtype.IsFloat():
		return strconv.FormatInt(t.integer(0), 10)
	}
	v := t.float(0)
	switch a := math.Abs(v); {
	case !finite(v):
		return nonFinite(v)
	case a != 0 && (a < 1e-4 || a >= 1e16):
		return shortest(t.dtype, v, 'e')
	}
	s := shortest(t.dtype, v, 'f')
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// floatWords prints floats with their points in one column: left characters before it, right behind.
type floatWords struct {
	dtype       DType
	precision   int  // most decimals; once measured, if scientific, those of each
	scientific  bool // then exponents are equally long
	left, right int
	exponent    int // its digits
}

// measure looks at all numbers that will be printed.
func (f *floatWords) measure(each func(fn func(v float64)), suppress bool) {
	least, most := math.Inf(1), 0.0
	each(func(v float64) {
		if v != 0 && finite(v) {
			least, most = min(least, math.Abs(v)), max(most, math.Abs(v))
		}
	})
	f.scientific = most >= 1e8 || most > 0 && !suppress && (least < 1e-4 || f.ratio(most, least) > 1000)
	nan, inf := 0, 0
	each(func(v float64) {
		if !finite(v) {
			nan, inf = 3, max(inf, len(nonFinite(v)))
			return
		}
		whole, frac, exp := f.split(v)
		f.left, f.right, f.exponent = max(f.left, len(whole)), max(f.right, len(frac)), max(f.exponent, len(exp)-1)
	})
	if f.scientific {
		f.precision = f.right
		f.right += 2 + f.exponent
	}
	f.left = max(f.left, max(nan, inf)-f.right-1)
}

// ratio returns a/b, rounded to the dtype.
func (f *floatWords) ratio(a, b float64) float64 {
	switch f.dtype {
	case Float64:
		return a / b
	case Float16:
		return float64(fromFloat16(toFloat16(float32(a) / float32(b))))
	default:
		return float64(float32(a) / float32(b))
	}
}

// split returns the digits of v before the point, with its sign, those behind it without trailing zeros, and the signed exponent.
func (f *floatWords) split(v float64) (whole, frac, exp string) {
	verb := byte('f')
	if f.scientific {
		verb = 'e'
	}
	whole, frac, exp = cutNumber(shortest(f.dtype, v, verb))
	if len(frac) > f.precision || frac == "" { // whole numbers are printed in full, not with zeros for digits beyond the dtype's
		whole, frac, exp = cutNumber(strconv.FormatFloat(v, verb, min(len(frac), f.precision), 64))
	}
	return whole, strings.TrimRight(frac, "0"), exp
}

// cutNumber cuts a number at its point and its e.
func cutNumber(s string) (whole, frac, exp string) {
	s, exp, _ = strings.Cut(s, "e")
	whole, frac, _ = strings.Cut(s, ".")
	return whole, frac, exp
}

func (f *floatWords) word(v float64) string {
	if !finite(v) {
		return fmt.Sprintf("%*s", f.left+1+f.right, nonFinite(v))
	}
	if !f.scientific {
		whole, frac, _ := f.split(v)
		return fmt.Sprintf("%*s.%-*s", f.left, whole, f.right, frac)
	}
	whole, frac, exp := cutNumber(strconv.FormatFloat(v, 'e', f.precision, 64))
	return fmt.Sprintf("%*s.%se%c%0*s", f.left, whole, frac, exp[0], f.exponent, exp[1:])
}

// shortest returns the fewest digits that a float of the dtype nearest to them is v, as strconv's 'e' or 'f'.
func shortest(d DType, v float64, verb byte) string {
	switch d {
	case Float64:
		return strconv.FormatFloat(v, verb, -1, 64)
	case Float32:
		return strconv.FormatFloat(v, verb, -1, 32)
	}
	round, middle := toFloat16, v*(1+0x1p-13)
	if d == BFloat16 {
		round, middle = toBFloat16, v*(1+0x1p-10)
	}
	for digits := 0; ; digits++ {
		for _, c := range [2]float64{v, middle} { // a power of two is not in the middle of what rounds to it
			near, _ := strconv.ParseFloat(strconv.FormatFloat(c, 'e', digits, 64), 64)
			if round(float32(near)) == round(float32(v)) {
				return strconv.FormatFloat(near, verb, -1, 64)
			}
		}
	}
}

func finite(v float64) bool { return v-v == 0 }

func nonFinite(v float64) string {
	switch {
	case v != v:
		return "nan"
	case v > 0:
		return "inf"
	default:
		return "-inf"
	}
}
