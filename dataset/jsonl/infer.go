package jsonl

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/dataset/table"
)

// kinds is a set of what values were.
type kinds uint16

const (
	isBool kinds = 1 << iota
	isInt
	isLarge // an integer past 2⁵³, which no float64 holds
	isHuge  // an integer past int64
	isFloat
	isText
	isList
	isObject
	isGiven // of a type that the Config gives
)

// shape is what is known of the values at one path, or of the elements of its lists.
type shape struct {
	name  string
	row   int64 // that touched it last; of elements unused
	first int64 // that had its first value
	file  string
	kinds kinds
	count int64 // rows that have it
	nulls bool
	size  int // of lists: elements of all; -1: they differ
	elem  *shape
	given *table.Type // Config.Types'
}

// number returns what a number is.
func number(raw []byte) (kinds, error) {
	if bytes.ContainsAny(raw, ".eEN") || raw[len(raw)-1] == 'y' || string(raw) == "-0" {
		if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
			return 0, fmt.Errorf("%.40q is out of the range of float64", raw)
		}
		return isFloat, nil
	}
	v, err := strconv.ParseInt(string(raw), 10, 64)
	switch {
	case err != nil:
		return isHuge, nil
	case v > 1<<53 || v < -1<<53:
		return isLarge, nil
	}
	return isInt, nil
}

// add takes kind k of a value in row into account.
func (s *shape) add(k kinds, row int64, file string) error {
	was := s.kinds
	if was == 0 {
		s.first, s.file = row, file
	}
	if s.kinds |= k; s.kinds == was {
		return nil
	}
	if s.kinds.clash() {
		return fmt.Errorf("is %v, and %v in row %d of %s", k, was, s.first, s.file)
	}
	return nil
}

// clash reports whether no type has values of all these kinds. Integers past int64 are ids, and stand beside integers
// alone; those past 2⁵³ do not stand beside fractions.
func (k kinds) clash() bool {
	numbers := k & (isInt | isLarge | isHuge | isFloat)
	switch {
	case numbers&isFloat != 0 && numbers&(isLarge|isHuge) != 0:
		return true
	case numbers != 0:
		return k != numbers
	}
	return k&(k-1) != 0
}

func (k kinds) String() string {
	var names []string
	for i, name := range []string{"a boolean", "an integer", "an integer past 2⁵³", "an integer past int64", "a fraction",
		"a text", "a list", "an object", "a value"} {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// join adds what another file says.
func (s *shape) join(t *shape) error {
	if t.kinds != 0 {
		if err := s.add(t.kinds, t.first, t.file); err != nil {
			return &table.Error{File: t.file, Column: s.name, Row: t.first, Err: err}
		}
	}
	s.nulls = s.nulls || t.nulls
	s.count += t.count
	switch {
	case s.elem == nil:
		s.elem, s.size = t.elem, t.size
	case t.elem != nil:
		if s.size != t.size {
			s.size = -1
		}
		return s.elem.join(t.elem)
	}
	return nil
}

// typ returns the type of the values.
func (s *shape) typ() table.Type {
	switch {
	case s.kinds&isList != 0:
		elem := table.Type{Kind: table.Null}
		if s.elem != nil {
			elem = s.elem.typ()
		}
		return table.Type{Kind: table.List, Elem: &elem, Size: max(s.size, 0)}
	case s.kinds&(isHuge|isText) != 0:
		return table.Type{Kind: table.Text}
	case s.kinds&isFloat != 0:
		return table.Type{Kind: table.Float64}
	case s.kinds&(isInt|isLarge) != 0:
		return table.Type{Kind: table.Int}
	case s.kinds&isBool != 0:
		return table.Type{Kind: table.Bool}
	}
	return table.Type{Kind: table.Null}
}
