package web

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// clip gives a copy of s that has at most n bytes, cut between characters, the last of which is then "…".
func clip(s string, n int) string {
	if len(s) <= n {
		return strings.Clone(s)
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// number is a float64 that JSON shows with six digits, and as null if it is not finite.
type number float64

// column is a list of numbers.
type column []float64

// MarshalJSON writes the number, or null.
func (x number) MarshalJSON() ([]byte, error) { return appendNumber(nil, float64(x)), nil }

// MarshalJSON writes an array of numbers and nulls.
func (c column) MarshalJSON() ([]byte, error) {
	out := append(make([]byte, 0, 10*len(c)+2), '[')
	for i, x := range c {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendNumber(out, x)
	}
	return append(out, ']'), nil
}

func appendNumber(out []byte, x float64) []byte {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return append(out, "null"...)
	case x == math.Trunc(x) && math.Abs(x) < 1e15: // steps keep all their digits
		return strconv.AppendInt(out, int64(x), 10)
	}
	return strconv.AppendFloat(out, x, 'g', 6, 64)
}
