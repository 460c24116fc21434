package textfile

import (
	"errors"
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file reads values that more than one format of text has.

// Moment is an instant as a file has it.
type Moment struct {
	seconds int64 // since 1970
	nanos   int64
	Digits  int  // of the fraction
	Date    bool // there is no time of day
}

// ParseTime reads a date, 2026-01-31, or an instant of RFC 3339, 2026-01-31T23:59:59.5+01:00, in which a space may
// stand for T and the zone be missing, as pandas and Spark write it: then it is taken as UTC.
func ParseTime(v []byte) (m Moment, ok bool) {
	two := func(at int) int {
		if at+2 > len(v) || v[at]-'0' > 9 || v[at+1]-'0' > 9 {
			return -1 << 20
		}
		return int(v[at]-'0')*10 + int(v[at+1]-'0')
	}
	if len(v) < 10 || v[4] != '-' || v[7] != '-' {
		return m, false
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return m, false
	}
	m.seconds = 24 * 3600 * daysSince1970(year, month, day)
	if len(v) == 10 {
		m.Date = true
		return m, true
	}
	if len(v) < 19 || v[10] != 'T' && v[10] != ' ' && v[10] != 't' || v[13] != ':' || v[16] != ':' {
		return m, false
	}
	hour, minute, second := two(11), two(14), two(17)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return m, false
	}
	m.seconds += int64(hour*3600 + minute*60 + second)
	v = v[19:]
	if len(v) > 0 && v[0] == '.' {
		scale := int64(1e9)
		k := 1
		for ; k < len(v) && v[k]-'0' <= 9; k++ {
			scale /= 10
			m.nanos += int64(v[k]-'0') * scale
		}
		if m.Digits = k - 1; m.Digits == 0 || m.Digits > 9 {
			return m, false
		}
		v = v[k:]
	}
	switch {
	case len(v) == 0 || len(v) == 1 && (v[0] == 'Z' || v[0] == 'z'):
		return m, true
	case len(v) == 6 && (v[0] == '+' || v[0] == '-') && v[3] == ':':
		h, min := two(1), two(4)
		if h < 0 || h > 23 || min < 0 || min > 59 {
			return m, false
		}
		offset := int64(h*3600 + min*60)
		if v[0] == '+' {
			offset = -offset
		}
		m.seconds += offset
		return m, true
	}
	return m, false
}

// daysIn returns the days of a month.
func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	}
	return 30 + (month+month/8)%2
}

// daysSince1970 counts days in years that begin with March, whose leap day is the last: year·365 and a leap day in
// four, less one in a hundred, more one in four hundred, and 153 days in each five months from March on. It is package
// time's Date in a third of the time.
func daysSince1970(year, month, day int) int64 {
	if month -= 3; month < 0 {
		month, year = month+12, year-1
	}
	century := year
	if year < 0 { // January and February of the year 0
		century = year - 399
	}
	era := century / 400
	of := year - era*400
	return int64(era*146097 + of*365 + of/4 - of/100 + (153*month+2)/5 + day - 1 - 719468)
}

// In returns m in units, if it is a whole number of them that an int64 holds.
func (m Moment) In(u table.Unit) (int64, bool) {
	if u >= table.Second {
		per := int64(u / table.Second)
		return m.seconds / per, m.seconds%per == 0 && m.nanos == 0
	}
	per := int64(table.Second / u)
	rest := m.nanos / int64(u)
	if m.nanos%int64(u) != 0 || m.seconds > math.MaxInt64/per-1 || m.seconds < math.MinInt64/per+1 {
		return 0, false
	}
	return m.seconds*per + rest, true
}

// InRange returns an error if an Int of type t has not the bits for i.
func InRange(t table.Type, i int64) error {
	if t.Unsigned && i < 0 {
		return fmt.Errorf("%d is out of the range of %v", i, t)
	}
	if t.Bits == 0 || t.Bits == 64 {
		return nil
	}
	bits := t.Bits - 1
	if t.Unsigned {
		bits++
	}
	if i>>bits != 0 && (t.Unsigned || i>>bits != -1) {
		return fmt.Errorf("%d is out of the range of %v", i, t)
	}
	return nil
}

var errDigits = errors.New("has more digits than its type")

// Fixed reads v, a number with a sign and without an exponent, as a decimal of t's digits and scale, exactly. decimal
// is the sign before the fraction; other characters between digits are left out.
func Fixed(v []byte, decimal byte, t table.Type) (int64, error) {
	tooLong := func() (int64, error) { return 0, fmt.Errorf("%.40q %w, %v", v, errDigits, t) }
	const most = 1e17 - 1 // a further digit is the eighteenth
	var out int64
	after, scale := -1, max(t.Scale, 0) // digits since the decimal sign
	for _, c := range v {
		if c == decimal {
			after = 0
			continue
		}
		if c-'0' > 9 {
			continue
		}
		if after >= 0 {
			if after++; after > scale {
				if c != '0' {
					return tooLong()
				}
				continue
			}
		}
		if out > most {
			return tooLong()
		}
		out = out*10 + int64(c-'0')
	}
	for range scale - max(after, 0) {
		if out > most {
			return tooLong()
		}
		out *= 10
	}
	for range -t.Scale { // a scale below zero: the last digits are zeros that are not kept
		if out%10 != 0 {
			return tooLong()
		}
		out /= 10
	}
	if t.Digits > 0 && out >= int64(math.Pow10(min(t.Digits, 18))) {
		return tooLong()
	}
	if v[0] == '-' {
		return -out, nil
	}
	return out, nil
}
