package parquet

import (
	"bytes"
	"fmt"

	"github.com/tutti-ml/tutti/dataset/table"
)

// readLists appends n rows of lists to dst, or passes over them if dst is nil. A row ends where the next begins,
// which may be in another page.
//
// Each level of lists has a column: columns[0] is dst, columns[i+1] the elements of columns[i], and the last holds
// the values. A value of repetition level r begins an item in columns[r]; its definition level says how far down it
// goes.
func (c *cursor) readLists(n int, dst *table.Column) error {
	var columns []*table.Column
	for col := dst; col != nil; col = col.Elem {
		columns = append(columns, col)
	}
	begun := 0
	for {
		if len(c.reps) == 0 {
			if c.left == 0 {
				done, err := c.turn(begun == n)
				if done || err != nil {
					return err
				}
				continue
			}
			if err := c.decodeLevels(); err != nil {
				return err
			}
		}
		k, into := 0, columns
		if begun == 0 && c.reps[0] != 0 { // the rest of the row before, which began in another page
			if c.page == 0 || c.index.whole || c.header.typ == pageDataV2 {
				return fmt.Errorf("the page begins in the midst of a row")
			}
			for into = nil; k < len(c.reps) && c.reps[k] != 0; k++ {
			}
		} else {
			for k < len(c.reps) {
				next := bytes.IndexByte(c.reps[k:], 0)
				if next < 0 {
					k = len(c.reps)
					break
				}
				k += next
				if begun == n {
					break
				}
				begun++
				k++
			}
		}
		if err := c.takeLists(k, into); err != nil {
			return err
		}
		c.reps, c.defs = c.reps[k:], c.defs[k:]
		if len(c.reps) > 0 && begun == n {
			return nil
		}
	}
}

// turn goes to the next page. enough says that all rows wanted have begun; then there is a next only if a row may go
// on in it.
func (c *cursor) turn(enough bool) (done bool, err error) {
	if enough && (c.index.whole || c.header.typ == pageDataV2) {
		return true, c.checkEnd(c.row)
	}
	at, _, _ := c.index.page(c.page, c.group.rows)
	if enough && at.values+c.header.values >= c.meta.values {
		return true, nil
	}
	return false, c.after(c.row)
}

func (c *cursor) decodeLevels() error {
	k := min(c.left, batch)
	reps, defs := c.levels[0][:k], c.levels[1][:k]
	if err := readHybrid(&c.rep, reps); err != nil {
		return fmt.Errorf("repetition levels: %w", err)
	}
	top, err := c.def.repeats(k)
	if err == nil && top == c.leaf.maxDef && len(c.leaf.lists) == 1 { // and a level of one bit is no higher than 1
		c.full, c.reps, c.defs = true, reps, defs
		c.left -= k
		return c.def.skip(k)
	}
	c.full = false
	if err := readHybrid(&c.def, defs); err != nil {
		return fmt.Errorf("definition levels: %w", err)
	}
	for i, r := range reps {
		if int(r) > len(c.leaf.lists) || int(defs[i]) > c.leaf.maxDef ||
			r > 0 && int(defs[i]) < c.leaf.lists[r-1] {
			return fmt.Errorf("repetition level %d with definition level %d", r, defs[i])
		}
	}
	c.reps, c.defs = reps, defs
	c.left -= k
	return nil
}

// takeLists appends the first k levels at hand, and their values, to columns; or passes over them if there are none.
func (c *cursor) takeLists(k int, columns []*table.Column) error {
	lists, top := c.leaf.lists, uint8(c.leaf.maxDef)
	deepest := len(lists)
	if deepest == 1 && columns != nil {
		return c.takeList(k, columns[0])
	}
	if c.full { // passed over: the levels were not written out
		c.row += int64(bytes.Count(c.reps[:k], []byte{0}))
		return c.skip(k)
	}
	inner := uint8(lists[deepest-1])
	passed := c.passed[:0]
	valid := 0
	row := c.row - 1
	for i := range k {
		r, d := int(c.reps[i]), c.defs[i]
		if r == 0 {
			c.row++
		}
		if columns != nil {
			for level := r; level < deepest; level++ {
				if level > 0 {
					o := columns[level-1].Offsets
					o[len(o)-1]++
				}
				col := columns[level]
				col.Offsets = append(col.Offsets, col.Offsets[len(col.Offsets)-1])
				there := int(d) >= lists[level]-1
				if !there && col.Valid == nil {
					col.Valid = trues(len(col.Offsets) - 2)
				}
				if col.Valid != nil {
					col.Valid = append(col.Valid, there)
				}
				if int(d) < lists[level] {
					break
				}
			}
			if d >= inner {
				o := columns[deepest-1].Offsets
				o[len(o)-1]++
				passed = append(passed, d)
			}
		}
		if d == top {
			valid++
		}
	}
	c.passed = passed
	if columns == nil {
		return c.skip(valid)
	}
	defs := passed
	if valid == len(passed) {
		defs = nil
	}
	return c.append(c.leaf, columns[deepest], defs, top, len(passed), valid, max(row, 0))
}

// takeList is takeLists for lists of values.
func (c *cursor) takeList(k int, col *table.Column) error {
	inner, top := uint8(c.leaf.lists[0]), uint8(c.leaf.maxDef)
	reps, defs := c.reps[:k], c.defs[:k]
	offsets := col.Offsets
	end := offsets[len(offsets)-1]
	row := max(c.row-1, 0)
	if c.full {
		for i := 0; ; i++ {
			next := bytes.IndexByte(reps[i:], 0)
			if next < 0 {
				break
			}
			i += next
			c.row++
			offsets[len(offsets)-1] = end + int64(i)
			offsets = append(offsets, end+int64(i))
			if col.Valid != nil {
				col.Valid = append(col.Valid, true)
			}
		}
		offsets[len(offsets)-1] = end + int64(k)
		col.Offsets = offsets
		return c.append(c.leaf, col.Elem, nil, top, k, k, row)
	}
	valid, passed := 0, 0
	for i, r := range reps {
		d := defs[i]
		if r == 0 {
			c.row++
			offsets[len(offsets)-1] = end
			offsets = append(offsets, end)
			if d < inner-1 && col.Valid == nil {
				col.Valid = trues(len(offsets) - 2)
			}
			if col.Valid != nil {
				col.Valid = append(col.Valid, d >= inner-1)
			}
		}
		if d >= inner {
			end++
			defs[passed] = d // those before were looked at
			passed++
		}
		if d == top {
			valid++
		}
	}
	offsets[len(offsets)-1] = end
	col.Offsets = offsets
	return c.append(c.leaf, col.Elem, defs[:passed], top, passed, valid, row)
}

// trues are n values that are not null.
func trues(n int) []bool {
	v := make([]bool, n, max(2*n, 64))
	for i := range v {
		v[i] = true
	}
	return v
}
