package parquet

import (
	"fmt"
	"io"
	"sort"
	"sync"
)

// pageIndex says where the pages of one column chunk lie, and which rows they hold. It comes from the file's offset
// index, or grows as pages are met: from their headers, or, where rows are lists and pages are V1, from their
// repetition levels.
type pageIndex struct {
	once  sync.Once
	err   error
	mu    sync.Mutex
	whole bool // from the offset index: all pages are there, and each begins with a row
	pages []pageAt
}

// pageAt is where a page begins. A page may begin in the midst of a row: row is then the next.
type pageAt struct {
	offset int64
	row    int64 // of the row group
	values int64 // of the chunk, before it; not known if the index is the file's
	size   int64 // with the header; 0: not known
}

// chunk is one column of one row group.
type chunk struct {
	file  *file
	group *rowGroup
	meta  *columnChunk
	leaf  *leaf
	index *pageIndex
	end   int64 // of its pages
}

// prepare reads the offset index, once.
func (c *chunk) prepare() error {
	x := c.index
	x.once.Do(func() {
		x.err = c.readOffsets()
		if x.err == nil && !x.whole {
			x.pages = []pageAt{{offset: c.meta.start()}}
		}
	})
	return x.err
}

func (c *chunk) readOffsets() error {
	m, x := c.meta, c.index
	if m.index <= 0 || m.indexLen <= 0 {
		return nil
	}
	if m.index > c.file.size || m.indexLen > c.file.size-m.index {
		return fmt.Errorf("offset index: %d bytes from byte %d of a file of %d", m.indexLen, m.index, c.file.size)
	}
	b := make([]byte, m.indexLen)
	if err := readFull(c.file.r, b, m.index); err != nil {
		return fmt.Errorf("offset index: %w", err)
	}
	r := &thrift{b: b}
	r.fields(func(id int, typ byte) bool {
		if id != 1 || typ != thriftList {
			return false
		}
		r.list(thriftStruct, func() {
			var p pageAt
			r.fields(func(id int, typ byte) bool {
				switch {
				case id == 1 && typ == thriftI64:
					p.offset = r.int()
				case id == 2 && typ == thriftI32:
					p.size = r.int()
				case id == 3 && typ == thriftI64:
					p.row = r.int()
				default:
					return false
				}
				return true
			})
			x.pages = append(x.pages, p)
		})
		return true
	})
	if r.err != nil {
		return fmt.Errorf("offset index: %w", r.err)
	}
	at, row := m.start(), int64(-1)
	for i, p := range x.pages {
		if p.offset < at || p.size <= 0 || p.size > c.end-p.offset || p.row <= row || i == 0 && p.row != 0 ||
			p.row >= c.group.rows {
			return fmt.Errorf("offset index: page %d of %d bytes at byte %d holds rows from %d of %d", i, p.size,
				p.offset, p.row, c.group.rows)
		}
		at, row = p.offset+p.size, p.row
	}
	x.whole = len(x.pages) > 0
	return nil
}

// page gives page i, and where its rows end: −1 if that is not known.
func (x *pageIndex) page(i int, rows int64) (p pageAt, endRow int64, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if i >= len(x.pages) {
		return p, 0, false
	}
	switch {
	case i+1 < len(x.pages):
		endRow = x.pages[i+1].row
	case x.whole:
		endRow = rows
	default:
		endRow = -1
	}
	return x.pages[i], endRow, true
}

// note records the page after page i.
func (x *pageIndex) note(i int, p pageAt) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.whole && i+1 == len(x.pages) {
		x.pages = append(x.pages, p)
	}
}

// find is the number of the page in which a row begins. It looks at the headers of pages that were not met yet.
func (c *chunk) find(row int64) (int, error) {
	x, buf := c.index, &pageBuffers{}
	for {
		x.mu.Lock()
		i := sort.Search(len(x.pages), func(i int) bool { return x.pages[i].row > row }) - 1
		last := i == len(x.pages)-1
		p := x.pages[i]
		x.mu.Unlock()
		if !last || x.whole {
			return i, nil
		}
		next, done, err := c.scan(p, buf)
		if err != nil {
			return 0, fmt.Errorf("page at byte %d: %w", p.offset, err)
		}
		if done || next.row > row {
			if !done {
				x.note(i, next)
			}
			return i, nil
		}
		x.note(i, next)
	}
}

// scan finds the page after p; done says that there is none.
func (c *chunk) scan(p pageAt, buf *pageBuffers) (next pageAt, done bool, err error) {
	h, err := readHeader(c.file.r, p.offset, c.end)
	if err != nil {
		return next, false, err
	}
	next = pageAt{offset: p.offset + int64(h.size) + h.compressed, row: p.row, values: p.values}
	if next.offset > c.end {
		return next, false, fmt.Errorf("a page of %d bytes, %d before the end: %w", h.compressed, c.end-p.offset,
			io.ErrUnexpectedEOF)
	}
	if h.typ == pageData || h.typ == pageDataV2 {
		rows, err := c.rows(p, &h, buf)
		if err != nil {
			return next, false, err
		}
		next.row += rows
		next.values += h.values
	}
	return next, next.values >= c.meta.values, nil
}

// rows is the number of rows that begin in a page.
func (c *chunk) rows(p pageAt, h *pageHeader, buf *pageBuffers) (int64, error) {
	switch {
	case len(c.leaf.lists) == 0:
		return h.values, nil
	case h.typ == pageDataV2:
		return h.rows, nil
	}
	head, data, err := buf.readPage(c.file.r, p.offset, c.end)
	if err != nil {
		return 0, err
	}
	b, err := buf.open(&head, data, c.meta.codec, c.leaf, c.file.config.limit())
	if err != nil {
		return 0, err
	}
	levels, err := newHybrid(b.rep, bitsFor(len(c.leaf.lists)))
	if err != nil {
		return 0, err
	}
	var tmp [1024]uint8
	var rows int64
	for left := head.values; left > 0; {
		n := min(left, int64(len(tmp)))
		if err := readHybrid(&levels, tmp[:n]); err != nil {
			return 0, err
		}
		for _, r := range tmp[:n] {
			if r == 0 {
				rows++
			}
		}
		left -= n
	}
	return rows, nil
}
