package arrow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// maxClasses bounds the classes of a file that are counted and not declared, so that one wild label is an error and not
// a model with billions of outputs.
const maxClasses = 1 << 20

// classNames numbers the classes of a label column of strings. Without names from outside, a class's number is first
// the order in which its name was met, and in the end that of the names.
type classNames struct {
	number map[string]int64
	fixed  bool // the names are the caller's
}

func newClassNames(names []string) (*classNames, error) {
	c := &classNames{number: make(map[string]int64, len(names)), fixed: names != nil}
	for i, name := range names {
		if _, ok := c.number[name]; ok {
			return nil, fmt.Errorf("ClassNames has %q twice", name)
		}
		c.number[name] = int64(i)
	}
	return c, nil
}

// of returns the number of a class.
func (c *classNames) of(name string, limit int) (int64, error) {
	n, ok := c.number[name]
	switch {
	case ok:
		return n, nil
	case c.fixed:
		return 0, fmt.Errorf("label %q is none of the %d ClassNames", name, len(c.number))
	case len(c.number) >= limit:
		return 0, fmt.Errorf("label %q is one more than %d different ones", name, limit)
	}
	n = int64(len(c.number))
	c.number[strings.Clone(name)] = n
	return n, nil
}

// sort puts the classes into the order of their names, labels with them, and returns the names.
func (c *classNames) sort(labels []int64) []string {
	if c.fixed {
		names := make([]string, len(c.number))
		for name, n := range c.number {
			names[n] = name
		}
		return names
	}
	names := slices.Sorted(maps.Keys(c.number))
	place := make([]int64, len(names))
	for i, name := range names {
		place[c.number[name]] = int64(i)
	}
	for i, label := range labels {
		labels[i] = place[label]
	}
	return names
}

// labelsOf returns the classes of a column of whole numbers or strings.
func (t *arrowTable) labelsOf(col arrow.Array, rows, from int) ([]int64, error) {
	limit := cmp.Or(t.config.Classes, maxClasses)
	if kindOf(t.label.elem) != textKind {
		values, err := t.label.values(col, rows, from)
		if err != nil {
			return nil, err
		}
		labels := integers(values)
		if i := slices.IndexFunc(labels, func(v int64) bool { return v < 0 || v >= int64(limit) }); i >= 0 {
			return nil, fmt.Errorf("column %q, row %d: label %v, want 0 … %d", t.label.name, from+i,
				element(values, i), limit-1)
		}
		return labels, nil
	}
	if col.Len() != rows {
		return nil, fmt.Errorf("column %q: claims %d rows, its batch %d", t.label.name, col.Len(), rows)
	}
	if i := firstNull(col, 0, rows); i >= 0 {
		return nil, fmt.Errorf("column %q, row %d: is null", t.label.name, from+i)
	}
	var places []int64 // in words
	words := col
	if d, ok := col.(*array.Dictionary); ok {
		var at int
		var err error
		if places, at, err = indices(d, 0, rows); err != nil {
			return nil, fmt.Errorf("column %q, row %d: %w", t.label.name, from+at, err)
		}
		words = d.Dictionary()
	}
	labels := make([]int64, rows)
	for i := range labels {
		place := i
		if places != nil {
			place = int(places[i])
		}
		var err error
		if labels[i], err = t.classes.of(words.(interface{ Value(int) string }).Value(place), limit); err != nil {
			return nil, fmt.Errorf("column %q, row %d: %w", t.label.name, from+i, err)
		}
	}
	return labels, nil
}
