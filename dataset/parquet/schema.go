package parquet

import (
	"fmt"
	"strings"

	"github.com/tutti-ml/tutti/dataset/table"
)

// leaf is a column of the file: a path from the root of the schema to a value. Structs on the way became part of the
// name, lists part of the type.
type leaf struct {
	field  table.Field
	place  int   // among the leaves of the file
	lists  []int // for each list, outermost first: the definition level from which an element is there
	maxDef int
	value  table.Type // of the innermost element
	typ    int        // physical
	length int        // bytes of a typeFixed or INT96
	refuse string     // why the column cannot be read, if it cannot
	convert
}

// schema is the walk over a file's schema.
type schemaWalk struct {
	elements []element
	next     int
	config   *Config
	leaves   []*leaf
	refuse   string // set below a map or the like
}

// readSchema turns the elements of a footer into leaves.
func readSchema(elements []element, c *Config) ([]*leaf, error) {
	if len(elements) == 0 {
		return nil, fmt.Errorf("the file has no schema")
	}
	w := &schemaWalk{elements: elements, next: 1, config: c}
	root := &elements[0]
	for range root.children {
		if err := w.node("", place{}, 0); err != nil {
			return nil, err
		}
	}
	if w.next != len(elements) {
		return nil, fmt.Errorf("the schema has %d nodes, %d of them below its root", len(elements), w.next)
	}
	return w.leaves, nil
}

// place is where a node lies: its levels.
type place struct {
	def   int
	lists []int
}

func (p place) in(e *element) place {
	switch e.repetition {
	case optional:
		p.def++
	case repeated:
		p.def++
		p.lists = append(p.lists[:len(p.lists):len(p.lists)], p.def)
	}
	return p
}

func (w *schemaWalk) take() (*element, error) {
	if w.next >= len(w.elements) {
		return nil, fmt.Errorf("the schema ends after %d nodes, in the midst of a group", len(w.elements))
	}
	w.next++
	return &w.elements[w.next-1], nil
}

// node reads the next node and all below it. prefix is the names of the structs around it.
func (w *schemaWalk) node(prefix string, p place, depth int) error {
	e, err := w.take()
	if err != nil {
		return err
	}
	return w.named(e, prefix+e.name, p.in(e), depth)
}

// named reads what is below e, whose column is called name.
func (w *schemaWalk) named(e *element, name string, p place, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("column %q lies more than %d groups deep", name, maxDepth)
	}
	if e.repetition < required || e.repetition > repeated {
		return fmt.Errorf("column %q has repetition %d", name, e.repetition)
	}
	if e.typ >= 0 {
		return w.leaf(e, name, p)
	}
	if e.children <= 0 || e.children > len(w.elements) {
		return fmt.Errorf("group %q has %d children", name, e.children)
	}
	if e.isList() && e.children == 1 {
		return w.list(e, name, p, depth)
	}
	why := ""
	switch {
	case e.isMap():
		why = "a map"
	case e.logical.id == logicalVariant:
		why = "a variant"
	}
	if why != "" && w.refuse == "" {
		w.refuse = why
		defer func() { w.refuse = "" }()
	}
	for range e.children {
		if err := w.node(name+".", p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// list reads the one child of a list, by the rules for files of all ages: the repeated node is the element itself, or
// a group around it.
//
// Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
func (w *schemaWalk) list(e *element, name string, p place, depth int) error {
	r, err := w.take()
	if err != nil {
		return err
	}
	if r.repetition != repeated { // not the form of a list: a struct
		return w.named(r, name+"."+r.name, p.in(r), depth+1)
	}
	p = p.in(r)
	switch {
	case r.typ >= 0, r.isList(), r.children > 1:
		return w.named(r, name, p, depth+1)
	case r.children == 1 && r.name != "array" && r.name != e.name+"_tuple":
		child, err := w.take()
		if err != nil {
			return err
		}
		return w.named(child, name, p.in(child), depth+1)
	}
	return w.named(r, name, p, depth+1)
}

func (e *element) isList() bool {
	return e.logical.id == logicalList || e.logical.id == 0 && e.converted == convertedList
}

func (e *element) isMap() bool {
	return e.logical.id == logicalMap ||
		e.logical.id == 0 && (e.converted == convertedMap || e.converted == convertedMapKeyValue)
}

func (w *schemaWalk) leaf(e *element, name string, p place) error {
	if e.children != 0 {
		return fmt.Errorf("column %q has a type and %d children", name, e.children)
	}
	if e.typ > typeFixed {
		return fmt.Errorf("column %q has type %d, want 0 to %d", name, e.typ, typeFixed)
	}
	l := &leaf{place: len(w.leaves), lists: p.lists, maxDef: p.def, typ: e.typ, length: e.length, refuse: w.refuse}
	if e.typ == typeInt96 {
		l.length = 12
	}
	if e.typ == typeFixed && e.length <= 0 {
		return fmt.Errorf("column %q has values of %d bytes", name, e.length)
	}
	if p.def > 255 {
		return fmt.Errorf("column %q has %d definition levels, want at most 255", name, p.def)
	}
	if err := l.choose(e, w.config); err != nil {
		return fmt.Errorf("column %q: %w", name, err)
	}
	typ := l.value
	for range l.lists {
		elem := typ
		typ = table.Type{Kind: table.List, Elem: &elem}
	}
	l.field = table.Field{Name: strings.Clone(name), Type: typ, Nullable: l.nullable(0)}
	w.leaves = append(w.leaves, l)
	return nil
}

// nullable reports whether there may be nulls in list i of a leaf, or in its values, for i = len(l.lists).
func (l *leaf) nullable(i int) bool {
	above := 0
	if i > 0 {
		above = l.lists[i-1]
	}
	if i == len(l.lists) {
		return l.maxDef > above
	}
	return l.lists[i]-1 > above
}
