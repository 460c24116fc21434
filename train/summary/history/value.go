package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/train/summary"
)

// float is a number, or the name of one that JSON does not have.
type float float64

// UnmarshalJSON reads what number wrote.
func (f *float) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "null":
	case `"NaN"`:
		*f = float(math.NaN())
	case `"Infinity"`:
		*f = float(math.Inf(1))
	case `"-Infinity"`:
		*f = float(math.Inf(-1))
	default:
		v, err := strconv.ParseFloat(string(b), 64)
		if err != nil {
			return fmt.Errorf("%s, want a number", b)
		}
		*f = float(v)
	}
	return nil
}

// duration is f seconds, as far as a Duration can be; NaN is 0.
func (f float) duration() time.Duration {
	switch ns := math.Round(float64(f) * 1e9); {
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	case ns != ns:
		return 0
	default:
		return time.Duration(ns)
	}
}

// values are the members of an object, in their order.
type values []summary.Value

// UnmarshalJSON reads an object of numbers.
func (v *values) UnmarshalJSON(b []byte) error {
	return members(b, func(name string, value []byte) error {
		var f float
		err := f.UnmarshalJSON(value)
		*v = append(*v, summary.Value{Name: name, Value: float64(f)})
		return err
	})
}

// fields are the members of an object, in their order.
type fields []summary.Field

// UnmarshalJSON reads an object of strings.
func (v *fields) UnmarshalJSON(b []byte) error {
	return members(b, func(name string, value []byte) error {
		text, err := unquote(value)
		*v = append(*v, summary.Field{Name: name, Value: text})
		return err
	})
}

// countOrValues is "train" or "test": of a run how many samples, of an epoch its values.
type countOrValues struct {
	count  int
	values values
}

// UnmarshalJSON reads either.
func (c *countOrValues) UnmarshalJSON(b []byte) error {
	if b[0] == '{' {
		return c.values.UnmarshalJSON(b)
	}
	return json.Unmarshal(b, &c.count)
}

// members calls fn for each member of the object b, which package json has found to be well formed. A member that is
// an object or an array is refused.
func members(b []byte, fn func(name string, value []byte) error) error {
	switch {
	case string(b) == "null":
		return nil
	case b[0] != '{':
		return fmt.Errorf("%s, want an object", b)
	}
	for b = skip(b[1:]); b[0] != '}'; b = skip(b) {
		n := token(b)
		name, err := unquote(b[:n])
		if err != nil {
			return err
		}
		b = skip(b[n:])
		if b[0] == '{' || b[0] == '[' {
			return fmt.Errorf("member %q is an object or an array, want a number or a string", name)
		}
		n = token(b)
		if err := fn(name, b[:n]); err != nil {
			return fmt.Errorf("member %q: %w", name, err)
		}
		b = b[n:]
	}
	return nil
}

// skip gives b from the next token on.
func skip(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n:,") }

// token gives the length of the string, number or word that b begins with.
func token(b []byte) int {
	if b[0] != '"' {
		return bytes.IndexAny(b, " \t\r\n,}")
	}
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// unquote gives the text of a string.
func unquote(b []byte) (text string, err error) {
	if plain := b[1 : len(b)-1]; b[0] == '"' && bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return string(plain), nil
	}
	err = json.Unmarshal(b, &text)
	return text, err
}
