package csv

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/tutti-ml/tutti/dataset/internal/textfile"
	"github.com/tutti-ml/tutti/dataset/table"
)

// number reads v as people write numbers:
//
//	[+-] digits [decimal digits] [e [+-] digits]    nan, inf, infinity in any case
//
// with thousands signs, if there are any, before every third digit and nowhere else. A zero before other digits makes
// it no number but an id, and so does an integer that no int64 holds. An integer past 2⁵³ is no float, for a float
// would be another number.
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
		return value{i: i}, textfile.InRange(t, i)
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
		m, ok := textfile.ParseTime(v)
		if !ok {
			return value{}, isNot(v, t)
		}
		i, whole := m.In(t.Unit)
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
		if _, isInt, isFloat := d.number(v); !isInt && !isFloat || bytes.ContainsAny(v, "eEnNiI") {
			return value{}, isNot(v, t)
		}
		i, err := textfile.Fixed(v, d.decimal, t)
		return value{i: i}, err
	}
	return value{}, fmt.Errorf("is %v, which CSV has not", t)
}

func isNot(v []byte, t table.Type) error { return fmt.Errorf("%.40q is no %v", v, t) }
