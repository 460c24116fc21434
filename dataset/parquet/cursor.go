package parquet

import (
	"fmt"

	"github.com/tutti-ml/tutti/dataset/table"
)

// cursor reads the rows of one chunk one after the other. It holds a page and the dictionary.
type cursor struct {
	*chunk
	buf  pageBuffers
	dict *dictionary

	// The page: none if page < 0.
	page     int
	header   pageHeader
	endRow   int64 // of the page; −1: not known
	left     int   // values (nulls too) not taken yet
	rep, def hybrid
	source

	row int64 // the next to begin
	// Levels that were decoded and not taken yet: of lists only.
	reps, defs []uint8
	levels     [2][batch]uint8
	full       bool    // the definition levels are all the top, and not in defs
	passed     []uint8 // definition levels of the elements at hand
}

// batch is how many levels are decoded at once.
const batch = 1024

func newCursor(c *chunk) *cursor {
	return &cursor{chunk: c, page: -1, buf: c.file.cache.buffers()}
}

// read appends rows [lo, hi) of the row group to dst.
func (c *cursor) read(lo, hi int64, dst *table.Column) (err error) {
	if err := c.prepare(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.page = -1 // where it stands is not known
		}
	}()
	if err := c.seek(lo); err != nil {
		return err
	}
	if len(c.leaf.lists) > 0 {
		return c.readLists(int(hi-lo), dst)
	}
	return c.readFlat(int(hi-lo), dst)
}

// seek goes to a row.
func (c *cursor) seek(row int64) error {
	if c.page < 0 || row < c.row || c.endRow >= 0 && row > c.endRow || c.endRow < 0 && row > c.row {
		i, err := c.find(row)
		if err != nil {
			return err
		}
		if i != c.page || row < c.row {
			if err := c.load(i); err != nil {
				return err
			}
		}
	}
	for c.row < row {
		if len(c.leaf.lists) > 0 {
			if err := c.readLists(int(row-c.row), nil); err != nil {
				return err
			}
			continue
		}
		n := int(min(row-c.row, int64(c.left)))
		if n == 0 {
			if err := c.load(c.page + 1); err != nil {
				return err
			}
			continue
		}
		if err := c.skipFlat(n); err != nil {
			return err
		}
	}
	return nil
}

// load reads page i. Pages that hold no data are passed over.
func (c *cursor) load(i int) error {
	for {
		at, endRow, ok := c.index.page(i, c.group.rows)
		if !ok {
			return fmt.Errorf("its pages end before row %d of %d", c.row, c.group.rows)
		}
		if c.dict == nil && at.offset > c.meta.start() {
			if err := c.loadDictionary(); err != nil {
				return err
			}
		}
		if err := c.loadAt(i, at); err != nil {
			return fmt.Errorf("page at byte %d: %w", at.offset, err)
		}
		if c.header.typ == pageData || c.header.typ == pageDataV2 {
			c.page, c.row, c.endRow = i, at.row, endRow
			if endRow < 0 && (len(c.leaf.lists) == 0 || c.header.typ == pageDataV2) {
				c.endRow = at.row + c.rowsByHeader()
			}
			return c.checkRows(at)
		}
		if c.index.whole {
			return fmt.Errorf("page at byte %d is of type %d, want data", at.offset, c.header.typ)
		}
		i++
	}
}

func (c *cursor) rowsByHeader() int64 {
	if len(c.leaf.lists) == 0 {
		return c.header.values
	}
	return c.header.rows
}

// checkRows holds the header of a page against the index.
func (c *cursor) checkRows(at pageAt) error {
	if c.endRow > c.group.rows {
		return fmt.Errorf("page at byte %d: rows to %d of %d", at.offset, c.endRow, c.group.rows)
	}
	if c.endRow >= 0 && (len(c.leaf.lists) == 0 || c.header.typ == pageDataV2) &&
		c.endRow-at.row != c.rowsByHeader() {
		return fmt.Errorf("page at byte %d: %d rows, the index says %d", at.offset, c.rowsByHeader(), c.endRow-at.row)
	}
	return nil
}

// loadAt reads the page at a place, a dictionary too.
func (c *cursor) loadAt(i int, at pageAt) error {
	if at.size > 0 {
		c.buf.guess = at.size
	} else if c.buf.guess == 0 {
		c.buf.guess = min(64<<10, c.meta.compressed)
	}
	c.page, c.left, c.reps, c.defs = -1, 0, nil, nil
	h, data, err := c.buf.readPage(c.file.r, at.offset, c.end)
	if err != nil {
		return err
	}
	c.header = h
	limit := c.file.config.limit()
	size := int64(h.size) + h.compressed
	switch h.typ {
	case pageDictionary:
		if err := c.readDictionary(&h, data); err != nil {
			return fmt.Errorf("dictionary: %w", err)
		}
		c.index.note(i, pageAt{offset: at.offset + size, row: at.row, values: at.values})
		return nil
	case pageData, pageDataV2:
	default:
		c.index.note(i, pageAt{offset: at.offset + size, row: at.row, values: at.values})
		return nil
	}
	if !c.index.whole && at.values+h.values > c.meta.values {
		return fmt.Errorf("%d values after %d, the column chunk has %d", h.values, at.values, c.meta.values)
	}
	b, err := c.buf.open(&h, data, c.meta.codec, c.leaf, limit)
	if err != nil {
		return err
	}
	if c.rep, err = newHybrid(b.rep, bitsFor(len(c.leaf.lists))); err != nil {
		return err
	}
	if c.def, err = newHybrid(b.def, bitsFor(c.leaf.maxDef)); err != nil {
		return err
	}
	c.left = int(h.values)
	return c.source.open(c.leaf, h.encoding, b.values, c.dict, int(h.values))
}

// loadDictionary reads the dictionary of the chunk, if its first page is one.
func (c *cursor) loadDictionary() error {
	start := c.meta.start()
	h, err := readHeader(c.file.r, start, c.end)
	if err != nil {
		return fmt.Errorf("page at byte %d: %w", start, err)
	}
	if h.typ != pageDictionary {
		c.dict = &dictionary{}
		return nil
	}
	h, data, err := c.buf.readPage(c.file.r, start, c.end)
	if err == nil {
		err = c.readDictionary(&h, data)
	}
	if err != nil {
		return fmt.Errorf("dictionary at byte %d: %w", start, err)
	}
	return nil
}

func (c *cursor) readDictionary(h *pageHeader, data []byte) error {
	if h.encoding != encPlain && h.encoding != encPlainDictionary {
		return fmt.Errorf("encoding %d", h.encoding)
	}
	limit := c.file.config.limit()
	b, err := c.buf.open(h, data, c.meta.codec, c.leaf, limit)
	if err != nil {
		return err
	}
	c.dict, err = newDictionary(c.leaf, b.values, int(h.values), limit)
	return err
}

// readFlat appends n rows to dst.
func (c *cursor) readFlat(n int, dst *table.Column) error {
	var defs [batch]uint8
	top := uint8(c.leaf.maxDef)
	for n > 0 {
		if c.left == 0 {
			if err := c.after(c.row); err != nil {
				return err
			}
			continue
		}
		k := min(n, c.left)
		if top == 0 {
			if err := c.append(c.leaf, dst, nil, top, k, k, c.row); err != nil {
				return err
			}
		} else {
			k = min(k, batch)
			if err := readHybrid(&c.def, defs[:k]); err != nil {
				return fmt.Errorf("definition levels: %w", err)
			}
			valid, err := countValid(defs[:k], top)
			if err != nil {
				return err
			}
			if err := c.append(c.leaf, dst, defs[:k], top, k, valid, c.row); err != nil {
				return err
			}
		}
		c.left -= k
		c.row += int64(k)
		n -= k
	}
	return nil
}

// after loads the page after one that was used up, whose rows end before row.
func (c *cursor) after(row int64) error {
	if err := c.checkEnd(row); err != nil {
		return err
	}
	at, _, _ := c.index.page(c.page, c.group.rows)
	next := pageAt{offset: at.offset + int64(c.header.size) + c.header.compressed, row: row,
		values: at.values + c.header.values}
	if !c.index.whole && next.values < c.meta.values {
		c.index.note(c.page, next)
	}
	if err := c.load(c.page + 1); err != nil {
		return err
	}
	if c.row != row {
		return fmt.Errorf("page %d begins with row %d, want %d", c.page, c.row, row)
	}
	return nil
}

// checkEnd holds the row after a page that was used up against what was known of it.
func (c *cursor) checkEnd(row int64) error {
	if c.endRow >= 0 && row != c.endRow {
		return fmt.Errorf("page %d: its rows end at %d, want %d", c.page, row, c.endRow)
	}
	return nil
}

// skipFlat passes over n rows of the page.
func (c *cursor) skipFlat(n int) error {
	var defs [batch]uint8
	c.left -= n
	c.row += int64(n)
	if c.leaf.maxDef == 0 {
		return c.skip(n)
	}
	for n > 0 {
		k := min(n, batch)
		if err := readHybrid(&c.def, defs[:k]); err != nil {
			return fmt.Errorf("definition levels: %w", err)
		}
		valid, err := countValid(defs[:k], uint8(c.leaf.maxDef))
		if err != nil {
			return err
		}
		if err := c.skip(valid); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// countValid counts the levels that are top.
func countValid(defs []uint8, top uint8) (n int, err error) {
	for _, d := range defs {
		if d == top {
			n++
		} else if d > top {
			return 0, fmt.Errorf("definition level %d, want at most %d", d, top)
		}
	}
	return n, nil
}
