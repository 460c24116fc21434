package table

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// maxClasses bounds the classes that are counted and not declared, so that one wild label is an error and not a model
// with billions of outputs.
const maxClasses = 1 << 20

// classesOf finds the number and the names of p's classes: the Pick's, or by one pass over the column.
func (s *Source) classesOf(ctx context.Context, p *part, column int, t Type) error {
	limit := cmp.Or(p.pick.Classes, maxClasses)
	names := p.pick.ClassNames
	switch leaf := p.from[0].leaf.Kind; {
	case leaf == Bool:
		p.column.Classes = cmp.Or(p.pick.Classes, 2)
		return nil
	case leaf == Int && names == nil:
		if p.column.Classes = p.pick.Classes; p.column.Classes > 0 {
			return nil
		}
		largest := int64(0)
		err := s.each(ctx, column, func(c *Column, _, _ int) (int, error) {
			for leaf := c; ; leaf = leaf.Elem {
				if leaf.Type.Kind != List {
					if len(leaf.Ints) > 0 {
						largest = max(largest, slices.Max(leaf.Ints))
					}
					if leaf != c {
						return 0, nil // which row it is, reading finds
					}
					return inClasses(leaf.Ints, limit, 1)
				}
			}
		})
		if err == nil && largest >= int64(limit) {
			err = fmt.Errorf("column %q: label %d, want 0 … %d", p.from[0].name, largest, limit-1)
		}
		p.column.Classes = int(largest) + 1
		return err
	default:
		if names == nil {
			found := map[string]int64{}
			err := s.each(ctx, column, func(c *Column, _, _ int) (int, error) {
				for row := range c.Len() {
					if c.Null(row) {
						continue
					}
					if _, ok := found[string(c.Bytes(row))]; ok {
						continue
					}
					if len(found) >= limit {
						return row, fmt.Errorf("label %q is one more than %d different ones", c.Bytes(row), limit)
					}
					found[string(c.Bytes(row))] = 0
				}
				return 0, nil
			})
			if err != nil {
				return err
			}
			if p.pick.Null == NullFill {
				found[p.pick.FillText] = 0
			}
			names = slices.Sorted(maps.Keys(found))
		}
		if len(names) > limit {
			return fmt.Errorf("%d ClassNames for %d classes", len(names), limit)
		}
		p.classes = make(map[string]int64, len(names))
		for i, n := range names {
			if _, ok := p.classes[n]; ok {
				return fmt.Errorf("ClassNames has %q twice", n)
			}
			p.classes[n] = int64(i)
		}
		p.column.ClassNames = names
		p.column.Classes = max(1, cmp.Or(p.pick.Classes, len(names)))
		if _, ok := p.classes[p.pick.FillText]; p.pick.Null == NullFill && !ok {
			return fmt.Errorf("FillText %q is none of the %d ClassNames", p.pick.FillText, len(names))
		}
		return nil
	}
}

// names sets the classes of a column of text, or of integers that are written as their names.
func (p *part) names(dst []int64, c *Column) (row int, err error) {
	var number []byte
	for row := range dst {
		var name []byte
		switch {
		case c.Null(row) && p.pick.Null == NullError:
			return row, ErrNull
		case c.Null(row):
			name = []byte(p.pick.FillText)
		case c.Type.Kind == Int:
			number = strconv.AppendInt(number[:0], c.Ints[row], 10)
			name = number
		default:
			name = c.Bytes(row)
		}
		class, ok := p.classes[string(name)]
		if !ok {
			return row, fmt.Errorf("label %q is none of the %d ClassNames", name, len(p.classes))
		}
		dst[row] = class
	}
	return 0, nil
}
