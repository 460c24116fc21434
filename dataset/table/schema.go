package table

import (
	"cmp"
	"fmt"

	"github.com/tutti-ml/tutti/internal/nearest"
)

// Names returns the names of the columns, in order.
func (s Schema) Names() []string {
	names := make([]string, len(s))
	for i, f := range s {
		names[i] = f.Name
	}
	return names
}

// Takes returns an error if r has another number of columns, or one of another type: what a Writer of s refuses.
func (s Schema) Takes(r *Rows) error {
	if len(r.Columns) != len(s) {
		return fmt.Errorf("%d columns, want %d", len(r.Columns), len(s))
	}
	for i := range r.Columns {
		if f := &r.Columns[i].Field; !f.Type.Equal(s[i].Type) {
			return fmt.Errorf("column %q is %v, want %v", f.Name, f.Type, s[i].Type)
		}
	}
	return nil
}

// Find returns the place of the column of a name. The error lists the names there are, and the nearest.
func (s Schema) Find(name string) (int, error) {
	for i, f := range s {
		if f.Name == name {
			return i, nil
		}
	}
	if near := nearest.Likely(name, s.Names()); near != "" {
		return -1, fmt.Errorf("no column %q among %q; did you mean %q?", name, s.Names(), near)
	}
	return -1, fmt.Errorf("no column %q among %q", name, s.Names())
}

// Pick returns the fields at the given places, in that order.
func (s Schema) Pick(columns []int) Schema {
	picked := make(Schema, len(columns))
	for i, c := range columns {
		picked[i] = s[c]
	}
	return picked
}

// All returns the places of all columns: 0, 1, … len(s)-1.
func (s Schema) All() []int {
	all := make([]int, len(s))
	for i := range all {
		all[i] = i
	}
	return all
}

// Check returns an error if two columns have one name, or a list's type says no element.
func (s Schema) Check() error {
	seen := map[string]bool{}
	for _, f := range s {
		if seen[f.Name] {
			return fmt.Errorf("two columns are named %q", f.Name)
		}
		seen[f.Name] = true
		for t := f.Type; t.Kind == List; t = *t.Elem {
			if t.Elem == nil {
				return fmt.Errorf("column %q is a list of no type", f.Name)
			}
		}
	}
	return nil
}

// Equal reports whether two types are the same in all that they say. An Int's 0 Bits are 64.
func (t Type) Equal(u Type) bool {
	if t.Kind == Int && u.Kind == Int {
		t.Bits, u.Bits = cmp.Or(t.Bits, 64), cmp.Or(u.Bits, 64)
	}
	if t.Elem != nil && u.Elem != nil {
		te, ue := t.Elem, u.Elem
		t.Elem, u.Elem = nil, nil
		return t == u && te.Equal(*ue)
	}
	return t == u
}

// Wide reports whether a Decimal has more digits than an int64 holds: its values are in Floats.
func (t Type) Wide() bool { return t.Kind == Decimal && t.Digits > 18 }

// String returns the type as people write it: int16, decimal(10,2), time[ms], list<float32>[3].
func (t Type) String() string {
	sized := func(s string) string {
		if t.Size > 0 {
			return fmt.Sprintf("%s[%d]", s, t.Size)
		}
		return s
	}
	switch t.Kind {
	case Bool:
		return "bool"
	case Int:
		bits := cmp.Or(t.Bits, 64)
		if t.Unsigned {
			return fmt.Sprintf("uint%d", bits)
		}
		return fmt.Sprintf("int%d", bits)
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Digits, t.Scale)
	case Text:
		return "text"
	case Binary:
		return sized("binary")
	case Time:
		return fmt.Sprintf("time[%v]", t.Unit)
	case Span:
		return fmt.Sprintf("span[%v]", t.Unit)
	case List:
		if t.Elem == nil {
			return sized("list<?>")
		}
		return sized(fmt.Sprintf("list<%v>", *t.Elem))
	case Null:
		return "null"
	}
	return fmt.Sprintf("Kind(%d)", t.Kind)
}

// String returns ns, us, ms, s or d.
func (u Unit) String() string {
	switch u {
	case Nanosecond:
		return "ns"
	case Microsecond:
		return "us"
	case Millisecond:
		return "ms"
	case Second:
		return "s"
	case Day:
		return "d"
	}
	return fmt.Sprintf("%dns", int64(u))
}

// wider returns the type that holds the values of both: the wider of two integers or of two floats, any type beside
// columns without values, a list of unknown size beside one of another size. All else is drift, and ok is false: an
// integer does not become a float, nor a time one of another unit.
func wider(a, b Type) (t Type, ok bool) {
	switch {
	case a.Equal(b) || b.Kind == Null:
		return a, true
	case a.Kind == Null:
		return b, true
	case a.Kind == Int && b.Kind == Int:
		return widerInt(a, b), true
	case a.Kind == Float32 && b.Kind == Float64:
		return b, true
	case a.Kind == Float64 && b.Kind == Float32:
		return a, true
	case a.Kind == Binary && b.Kind == Binary:
		return Type{Kind: Binary}, true
	case a.Kind == List && b.Kind == List:
		elem, ok := wider(*a.Elem, *b.Elem)
		t = Type{Kind: List, Elem: &elem}
		if a.Size == b.Size {
			t.Size = a.Size
		}
		return t, ok
	}
	return Type{}, false
}

func widerInt(a, b Type) Type {
	bitsOf := func(t Type) int { return cmp.Or(t.Bits, 64) }
	t := Type{Kind: Int, Bits: max(bitsOf(a), bitsOf(b)), Unsigned: a.Unsigned && b.Unsigned}
	for _, u := range []Type{a, b} {
		if u.Unsigned && !t.Unsigned && bitsOf(u) >= t.Bits {
			t.Bits = min(64, 2*bitsOf(u))
		}
	}
	return t
}
