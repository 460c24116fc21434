package parquet

import (
	"slices"
	"sync"
)

// cache holds cursors that rest where a Read ended, so that the next Read may go on without decoding a page twice. The
// files of a table share one; it holds few bytes, so that the memory of a table does not depend on its files.
type cache struct {
	mu      sync.Mutex
	resting []rested // the oldest first
	bytes   int
	spare   []pageBuffers // of cursors that were given up
}

// chunkKey names a column chunk: a row group's column, by its place among the leaves.
type chunkKey struct {
	file         *file
	group, place int
}

type rested struct {
	key    chunkKey
	cursor *cursor
	bytes  int
}

// The most that rests.
const (
	maxResting      = 64
	maxRestingBytes = 16 << 20
	maxSpare        = 4
)

// wake gives the cursor of a chunk that has the shortest way to a row, or nil.
func (h *cache) wake(key chunkKey, row int64) *cursor {
	h.mu.Lock()
	defer h.mu.Unlock()
	best := -1
	for i, r := range h.resting {
		if r.key == key && r.cursor.row <= row && (best < 0 || r.cursor.row > h.resting[best].cursor.row) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	c := h.resting[best].cursor
	h.drop(best)
	return c
}

// rest takes a cursor after a Read, and gives up the oldest of those that are too many.
func (h *cache) rest(key chunkKey, c *cursor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := c.memory()
	if c.row >= c.group.rows || n > maxRestingBytes/2 { // nothing to go on with, or too much to hold
		h.giveUp(c)
		return
	}
	h.resting = append(h.resting, rested{key, c, n})
	h.bytes += n
	for len(h.resting) > maxResting || h.bytes > maxRestingBytes {
		old := h.resting[0].cursor
		h.drop(0)
		h.giveUp(old)
	}
}

// forget drops the cursors of a file.
func (h *cache) forget(f *file) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.resting) - 1; i >= 0; i-- {
		if h.resting[i].key.file == f {
			h.drop(i)
		}
	}
}

func (h *cache) drop(i int) {
	h.bytes -= h.resting[i].bytes
	h.resting = slices.Delete(h.resting, i, i+1)
}

// giveUp keeps the memory of a cursor for the next.
func (h *cache) giveUp(c *cursor) {
	if len(h.spare) < maxSpare && cap(c.buf.file)+cap(c.buf.raw) <= 4<<20 {
		h.spare = append(h.spare, pageBuffers{file: c.buf.file, raw: c.buf.raw})
	}
}

// buffers are memory for a new cursor.
func (h *cache) buffers() (b pageBuffers) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.spare); n > 0 {
		b = h.spare[n-1]
		h.spare = h.spare[:n-1]
	}
	return b
}

// memory is about what a cursor holds, in bytes.
func (c *cursor) memory() int {
	n := cap(c.buf.file) + cap(c.buf.raw) + cap(c.split) + cap(c.data) + 8*cap(c.ends) + 8*cap(c.scratch) + 4096
	if d := c.dict; d != nil {
		n += 8*cap(d.ints) + 4*cap(d.floats32) + 8*cap(d.floats) + cap(d.data) + 8*cap(d.ends)
	}
	return n
}
