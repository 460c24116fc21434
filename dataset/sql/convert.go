package sql

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file makes a driver's value one of a column's type, or says why it is none.

// advice ends the messages about values that are of another type than those before.
const advice = "give its type in Config.Types, or CAST it in the query"

// appendValue appends v, which is not nil.
func appendValue(dst *table.Column, v any, c *found) error {
	switch t := dst.Type; t.Kind {
	case table.Bool:
		b, err := boolOf(v)
		if err == nil {
			dst.AppendInt(b)
		}
		return err
	case table.Int, table.Span:
		n, err := intOf(v, c.fromText())
		if err == nil {
			err = within(n, t)
		}
		if err == nil {
			dst.AppendInt(n)
		}
		return err
	case table.Float32, table.Float64:
		x, err := floatOf(v, c.fromText())
		if err == nil && t.Kind == table.Float32 && math.IsInf(float64(float32(x)), 0) && !math.IsInf(x, 0) {
			err = fmt.Errorf("%v is past float32's range", x)
		}
		if err == nil {
			dst.AppendFloat(x)
		}
		return err
	case table.Decimal:
		return appendDecimal(dst, v)
	case table.Text:
		s, ok := stringOf(v)
		if !ok {
			return mismatch(v, t)
		}
		if !utf8.ValidString(s) {
			return fmt.Errorf("%q is not UTF-8; convert it in the query, or set the encoding of the connection", clip(s))
		}
		dst.AppendString(s)
		return nil
	case table.Binary:
		s, ok := stringOf(v)
		if !ok {
			return mismatch(v, t)
		}
		if t.Size > 0 && len(s) != t.Size {
			return fmt.Errorf("has %d bytes, want %d", len(s), t.Size)
		}
		dst.AppendString(s)
		return nil
	case table.Time:
		at, ok := v.(time.Time)
		if s, isText := stringOf(v); isText && c.given {
			var err error
			if at, err = parseTime(s); err != nil {
				return err
			}
			ok = true
		}
		if !ok {
			return mismatch(v, t)
		}
		n, err := unitsOf(at, t.Unit)
		if err == nil {
			dst.AppendInt(n)
		}
		return err
	}
	return mismatch(v, dst.Type)
}

// fromText reports whether a text may stand for a number: the type is given, or declared and the driver writes it so.
func (c *found) fromText() bool { return c.given || c.hint.is == integer || c.hint.is == floating }

func mismatch(v any, t table.Type) error {
	if s, ok := stringOf(v); ok {
		return fmt.Errorf("%q, a %T, is no %v; %s", clip(s), v, t, advice)
	}
	return fmt.Errorf("%v, a %T, is no %v; %s", v, v, t, advice)
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60]
	}
	return s
}

// stringOf returns a text or bytes.
func stringOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

func boolOf(v any) (int64, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case int64:
		if v>>1 == 0 {
			return v, nil
		}
	case string, []byte:
		s, _ := stringOf(v)
		if len(s) == 1 && s[0] <= 1 { // MySQL's BIT(1)
			return int64(s[0]), nil
		}
		switch strings.ToLower(s) {
		case "t", "true", "1":
			return 1, nil
		case "f", "false", "0":
			return 0, nil
		}
	}
	return 0, mismatch(v, table.Type{Kind: table.Bool})
}

func intOf(v any, fromText bool) (int64, error) {
	switch r := plain(v); {
	case r.CanInt():
		return r.Int(), nil
	case r.CanUint():
		if r.Uint() > math.MaxInt64 {
			return 0, fmt.Errorf("%d is past the largest int64", r.Uint())
		}
		return int64(r.Uint()), nil
	}
	if s, ok := stringOf(v); ok && fromText {
		n, err := strconv.ParseInt(s, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Errorf("%s is past the range of int64", clip(s))
		}
		if err == nil {
			return n, nil
		}
	}
	return 0, mismatch(v, table.Type{Kind: table.Int})
}

// within checks that an integer is in its type's range.
func within(n int64, t table.Type) error {
	if t.Kind != table.Int || t.Bits == 0 || t.Bits == 64 && !t.Unsigned {
		return nil
	}
	if t.Unsigned && (n < 0 || t.Bits < 64 && n>>t.Bits != 0) || !t.Unsigned && n>>(t.Bits-1) != n>>63 {
		return fmt.Errorf("%d is no %v", n, t)
	}
	return nil
}

func floatOf(v any, fromText bool) (float64, error) {
	switch r := plain(v); {
	case r.CanFloat():
		return r.Float(), nil
	case r.CanInt() || r.CanUint():
		n, err := intOf(v, false)
		if x := float64(n); err == nil && int64(x) == n && x != 1<<63 {
			return x, nil
		}
		return 0, fmt.Errorf("%v among floats is an integer that no float64 holds; %s", v, advice)
	}
	if s, ok := stringOf(v); ok && fromText {
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return x, nil
		}
	}
	return 0, mismatch(v, table.Type{Kind: table.Float64})
}

// number is a decimal as it is written: digits·10^−scale.
type number struct {
	minus  bool
	digits string // without zeros before them
	scale  int    // without zeros at the end
}

// parseDecimal reads an optional sign, digits, and a point and digits.
func parseDecimal(s string) (number, error) {
	var d number
	rest := s
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		d.minus, rest = rest[0] == '-', rest[1:]
	}
	before, behind, _ := strings.Cut(rest, ".")
	d.digits = before + behind
	if d.digits == "" || strings.Trim(d.digits, "0123456789") != "" {
		return d, fmt.Errorf("%q is no decimal number", clip(s))
	}
	behind = strings.TrimRight(behind, "0")
	d.scale = len(behind)
	d.digits = strings.TrimLeft(before+behind, "0")
	return d, nil
}

func appendDecimal(dst *table.Column, v any) error {
	t := dst.Type
	s, ok := stringOf(v)
	if !ok {
		switch r := plain(v); {
		case r.CanFloat() && t.Wide():
			dst.AppendFloat(r.Float())
			return nil
		case r.CanInt() || r.CanUint():
			s = fmt.Sprint(v)
		default:
			return mismatch(v, t)
		}
	}
	d, err := parseDecimal(s)
	if err != nil {
		return err
	}
	if d.scale > t.Scale || len(d.digits)-d.scale > t.Digits-t.Scale {
		return fmt.Errorf("%s is no %v; %s", clip(s), t, advice)
	}
	if t.Wide() {
		x, err := strconv.ParseFloat(s, 64)
		if err == nil {
			dst.AppendFloat(x)
		}
		return err
	}
	n, err := strconv.ParseInt("0"+d.digits+strings.Repeat("0", t.Scale-d.scale), 10, 64)
	if d.minus {
		n = -n
	}
	if err == nil {
		dst.AppendInt(n)
	}
	return err
}

// parseTime reads a time as a date, a date and a time of day (UTC), or as RFC 3339 has it.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.DateTime, time.RFC3339, "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", clip(s))
}

// unitsOf returns a time in units since 1970. A day is the one that the time has where it is.
func unitsOf(at time.Time, u table.Unit) (int64, error) {
	if u == table.Day {
		if !at.Equal(midnight(at)) {
			return 0, fmt.Errorf("%v has a time of day, and the column is of days; %s", at.Format(time.RFC3339Nano), advice)
		}
		day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		return day.Unix() / int64(table.Day/table.Second), nil
	}
	second, rest := at.Unix(), int64(at.Nanosecond())
	if u >= table.Second {
		per := int64(u / table.Second)
		if rest != 0 || second%per != 0 {
			return 0, inexact(at, u)
		}
		return second / per, nil
	}
	per := int64(table.Second / u)
	if rest%int64(u) != 0 {
		return 0, inexact(at, u)
	}
	if second > math.MaxInt64/per-1 || second < math.MinInt64/per+1 {
		return 0, fmt.Errorf("%v is out of the range of int64 in %v; %s", at.Format(time.RFC3339Nano), u, advice)
	}
	return second*per + rest/int64(u), nil
}

func inexact(at time.Time, u table.Unit) error {
	return fmt.Errorf("%v is no whole number of %v; %s", at.Format(time.RFC3339Nano), u, advice)
}
