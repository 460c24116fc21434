package csv

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/tutti-ml/tutti/dataset/table"
)

// number reads v as people write numbers:
//
//	[+-] digits [decimal digits] [e [+-] digits]    nan, inf, infinity in any case
//
// with thousands signs, if there are any, before every third digit and nowhere else. A zero before other digits makes
// it no number but an id, and so does an integer that no int64 holds. An integer past 2⁵³ is no float, for a float would
// be another number.
func (d *dialect) number(v []byte) (i int64, isInt, isFloat bool) {
	s := v
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 || s[0] > '9' {
		return 0, false, len(s) >= 3 && len(s) <= 8 && isWord(s, "nan", "inf", "infinity")
	}
	var value uint64
	overflow := false
	k, digits, group := 0, 0, 0 // group: digits since a thousands sign, counted once there is one
	grouped := false
	for ; k < len(s); k++ {
		c := s[k]
		if c-'0' <= 9 {
			digits++
			group++
			hi := value > (math.MaxUint64-9)/10
			overflow = overflow || hi
			value = value*10 + uint64(c-'0')
			continue
		}
		if c != d.thousands || c == 0 {
			break
		}
		if digits == 0 || !grouped && digits > 3 || grouped && group != 3 {
			return 0, false, false
		}
		grouped, group = true, 0
	}
	if grouped && group != 3 || digits > 1 && s[0] == '0' {
		return 0, false, false
	}
	if k == len(s) {
		limit := uint64(math.MaxInt64)
		if neg {
			limit++
		}
		if digits == 0 || overflow || value > limit {
			return 0, false, false
		}
		if neg {
			return -int64(value), value != 0, value <= 1<<53
		}
		return int64(value), true, value <= 1<<53
	}
	whole := digits
	if s[k] == d.decimal {
		for k++; k < len(s) && s[k]-'0' <= 9; k++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, false, false
	}
	exponent := k < len(s) && (s[k] == 'e' || s[k] == 'E')
	if exponent {
		if k++; k < len(s) && (s[k] == '-' || s[k] == '+') {
			k++
		}
		from := k
		for k < len(s) && s[k]-'0' <= 9 {
			k++
		}
		if k == from {
			return 0, false, false
		}
	}
	if k < len(s) {
		return 0, false, false
	}
	if exponent || whole > 300 {
		_, err := d.float(v, 64)
		return 0, false, err == nil
	}
	return 0, false, true
}

func isWord(s []byte, words ...string) bool {
	for _, w := range words {
		if len(s) == len(w) && bytes.EqualFold(s, []byte(w)) {
			return true
		}
	}
	return false
}

// float returns the float that v, which number takes for one, is nearest to.
func (d *dialect) float(v []byte, bits int) (float64, error) {
	if d.decimal != '.' || d.thousands != 0 {
		plain := make([]byte, 0, 64)
		for _, c := range v {
			switch {
			case c == d.decimal:
				plain = append(plain, '.')
			case c != d.thousands || c == 0:
				plain = append(plain, c)
			}
		}
		v = plain
	}
	return strconv.ParseFloat(string(v), bits)
}

// boolean reads true or false, in any case; loose also t, f, yes, no, y, n, 1 and 0.
func boolean(v []byte, loose bool) (value, ok bool) {
	switch {
	case len(v) > 5 || len(v) == 0:
		return false, false
	case isWord(v, "true"):
		return true, true
	case isWord(v, "false"):
		return false, true
	case loose && isWord(v, "1", "t", "y", "yes"):
		return true, true
	case loose && isWord(v, "0", "f", "n", "no"):
		return false, true
	}
	return false, false
}

// moment is an instant as a file has it.
type moment struct {
	seconds int64 // since 1970
	nanos   int64
	digits  int  // of the fraction
	date    bool // there is no time of day
}

// parseTime reads a date, 2026-01-31, or an instant of RFC 3339, 2026-01-31T23:59:59.5+01:00, in which a space may stand
// for T and the zone be missing, as pandas and Spark write it: then it is taken as UTC.
func parseTime(v []byte) (m moment, ok bool) {
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
		m.date = true
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
		if m.digits = k - 1; m.digits == 0 || m.digits > 9 {
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

// daysSince1970 counts days in years that begin with March, whose leap day is the last: year·365 and a leap day in four,
// less one in a hundred, more one in four hundred, and 153 days in each five months from March on. It is package time's
// Date in a third of the time.
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

// in returns m in units, if it is a whole number of them that an int64 holds.
func (m moment) in(u table.Unit) (int64, bool) {
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

// value is what a field of text says.
type value struct {
	i int64
	f float64
}

// parse reads v as a value of type t; text stays where it is.
func (d *dialect) parse(t table.Type, v []byte) (value, error) {
	switch t.Kind {
	case table.Text:
		return value{}, nil
	case table.Int:
		i, isInt, _ := d.number(v)
		if !isInt && i == 0 && bytes.Equal(v, []byte("-0")) {
			isInt = true
		}
		if !isInt {
			return value{}, isNot(v, t)
		}
		return value{i: i}, inRange(t, i)
	case table.Float32, table.Float64:
		_, isInt, isFloat := d.number(v)
		if !isFloat && !isInt {
			return value{}, isNot(v, t)
		}
		bits := 64
		if t.Kind == table.Float32 {
			bits = 32
		}
		f, err := d.float(v, bits)
		if err != nil {
			return value{}, fmt.Errorf("%.40q is out of the range of %v", v, t)
		}
		return value{f: f}, nil
	case table.Bool:
		b, ok := boolean(v, true)
		if !ok {
			return value{}, isNot(v, t)
		}
		if b {
			return value{i: 1}, nil
		}
		return value{}, nil
	case table.Time:
		m, ok := parseTime(v)
		if !ok {
			return value{}, isNot(v, t)
		}
		i, whole := m.in(t.Unit)
		if !whole {
			return value{}, fmt.Errorf("%.40q is no whole number of %v, or too far from 1970", v, t.Unit)
		}
		return value{i: i}, nil
	case table.Span:
		i, isInt, _ := d.number(v)
		if !isInt {
			return value{}, isNot(v, t)
		}
		return value{i: i}, nil
	case table.Decimal:
		i, err := d.fixed(v, t)
		return value{i: i}, err
	}
	return value{}, fmt.Errorf("is %v, which CSV has not", t)
}

func isNot(v []byte, t table.Type) error { return fmt.Errorf("%.40q is no %v", v, t) }

func inRange(t table.Type, i int64) error {
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

// fixed reads v as a decimal of t's digits and scale, exactly.
func (d *dialect) fixed(v []byte, t table.Type) (int64, error) {
	if _, isInt, isFloat := d.number(v); !isInt && !isFloat || len(v) > 0 && bytes.ContainsAny(v, "eEnNiI") {
		return 0, isNot(v, t)
	}
	var out int64
	after := -1 // digits since the decimal sign
	neg := v[0] == '-'
	for _, c := range v {
		switch {
		case c == d.decimal:
			after = 0
		case c-'0' <= 9:
			if after >= 0 {
				if after++; after > t.Scale {
					if c != '0' {
						return 0, fmt.Errorf("%.40q %w, %v", v, errDigits, t)
					}
					continue
				}
			}
			if out = out*10 + int64(c-'0'); out > 1e18 {
				return 0, fmt.Errorf("%.40q %w, %v", v, errDigits, t)
			}
		}
	}
	for range t.Scale - max(after, 0) {
		if out *= 10; out > 1e18 {
			return 0, fmt.Errorf("%.40q %w, %v", v, errDigits, t)
		}
	}
	if t.Digits > 0 && out >= int64(math.Pow10(min(t.Digits, 18))) {
		return 0, fmt.Errorf("%.40q %w, %v", v, errDigits, t)
	}
	if neg {
		return -out, nil
	}
	return out, nil
}
