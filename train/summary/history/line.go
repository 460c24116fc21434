package history

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

// A line is an object in the making. Its methods append a member.
type line []byte

// begin starts the object of an event.
func (l line) begin(event string, at time.Time) line {
	l = append(l[:0], `{"event":"`...)
	l = append(l, event...)
	l = append(l, `","time":"`...)
	l = at.UTC().AppendFormat(l, time.RFC3339Nano)
	return append(l, '"')
}

// at appends where in the run something happened.
func (l line) at(epoch, step, global int) line {
	return l.int("epoch", int64(epoch)).int("step", int64(step)).int("global", int64(global))
}

func (l line) key(key string) line {
	if last := l[len(l)-1]; last != '{' {
		l = append(l, ',')
	}
	l = quoted(l, key)
	return append(l, ':')
}

// int appends a member that is left out where it is 0.
func (l line) int(key string, v int64) line {
	if v == 0 {
		return l
	}
	return strconv.AppendInt(l.key(key), v, 10)
}

func (l line) bool(key string, v bool) line {
	if !v {
		return l
	}
	return append(l.key(key), "true"...)
}

func (l line) text(key, v string) line {
	if v == "" {
		return l
	}
	return quoted(l.key(key), v)
}

func (l line) error(err error) line {
	if err == nil {
		return l
	}
	return l.text("error", err.Error())
}

func (l line) float(key string, v float64) line { return number(l.key(key), v) }

func (l line) seconds(d time.Duration) line {
	if d == 0 {
		return l
	}
	return l.float("seconds", d.Seconds())
}

func (l line) values(key string, values []summary.Value) line {
	if len(values) == 0 {
		return l
	}
	l = append(l.key(key), '{')
	for _, v := range values {
		l = l.float(v.Name, v.Value)
	}
	return append(l, '}')
}

func (l line) phases(p summary.Phases) line {
	if p == (summary.Phases{}) {
		return l
	}
	l = append(l.key("phases"), '{')
	for i, d := range p.List() {
		l = l.float(summary.PhaseNames[i], d.Seconds())
	}
	return append(l, '}')
}

func (l line) fields(key string, fields []summary.Field) line {
	if len(fields) == 0 {
		return l
	}
	l = append(l.key(key), '{')
	for _, f := range fields {
		l = quoted(l.key(f.Name), f.Value)
	}
	return append(l, '}')
}

// number appends v, or its name where JSON has none for it.
func number(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// quoted appends s as a JSON string. Plain ones, as names are, allocate nothing.
func quoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			q, _ := json.Marshal(s) // a string always has a form
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
