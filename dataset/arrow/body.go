package arrow

import (
	"bytes"
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file reads the buffers of a batch in a file.

// body is a batch in a file, of which only what is asked for is read.
type body struct {
	f       *file
	m       *message
	at      place
	seq     int // dictionaries of the file that come before it
	scratch []byte
}

func (b *body) node(i int) (n, nulls, first int64) { return b.m.nodes[i][0], b.m.nodes[i][1], 0 }

func (b *body) empty(buffer int) bool { return b.m.buffers[buffer][1] == 0 }

func (b *body) bytes(buffer int, lo, hi int64) ([]byte, error) {
	r := b.m.buffers[buffer]
	if b.m.codec == codecNone {
		if hi > r[1] {
			return nil, fmt.Errorf("the column holds %d bytes, its length takes %d", r[1], hi)
		}
		return b.read(b.at.body+r[0]+lo, hi-lo)
	}
	whole, err := b.plain(buffer)
	if err != nil {
		return nil, err
	}
	if hi > int64(len(whole)) {
		return nil, fmt.Errorf("the column holds %d bytes, its length takes %d", len(whole), hi)
	}
	return whole[lo:hi], nil
}

// read returns n bytes of the file, which it has.
func (b *body) read(at, n int64) ([]byte, error) {
	b.scratch = slices.Grow(b.scratch[:0], int(n))[:n]
	if got, err := b.f.r.ReadAt(b.scratch, at); got < int(n) {
		return nil, cutShort(err)
	}
	return b.scratch, nil
}

// plain returns a compressed buffer, decompressed: its length, int64, and what the codec made of it; or length -1 and the
// bytes as they are.
func (b *body) plain(buffer int) ([]byte, error) {
	r := b.m.buffers[buffer]
	if r[1] == 0 {
		return nil, nil
	}
	key := [2]int64{b.at.meta, int64(buffer)}
	if whole, ok := b.f.cache.get(key); ok {
		return whole.([]byte), nil
	}
	if r[1] < 8 {
		return nil, fmt.Errorf("a compressed buffer of %d bytes", r[1])
	}
	packed, err := b.read(b.at.body+r[0], r[1])
	if err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint64(packed))
	packed = packed[8:]
	var whole []byte
	switch limit := b.f.config.MaxBytes; {
	case size == -1:
		return packed, nil
	case size < 0 || size > limit:
		return nil, fmt.Errorf("a buffer claims %d bytes, the limit is %d", size, limit)
	case b.m.codec == codecLZ4:
		whole, err = inflate(lz4.NewReader(bytes.NewReader(packed)), size, len(packed))
	case b.m.codec == codecZstd:
		var z *zstd.Decoder
		if z, err = zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20)); err == nil {
			whole, err = inflate(z, size, len(packed))
			z.Close()
		}
	default:
		err = fmt.Errorf("codec %d, which is not supported", b.m.codec)
	}
	if err != nil {
		return nil, err
	}
	b.f.cache.put(key, whole, size)
	return whole, nil
}

// inflate reads size bytes of r, in steps that double, for the size may be a lie, and checks that there are no more.
func inflate(r io.Reader, size int64, packed int) ([]byte, error) {
	var whole []byte
	for step := int64(max(8*packed, 64<<10)); int64(len(whole)) < size; step = int64(len(whole)) {
		from := len(whole)
		to := from + int(min(step, size-int64(from)))
		whole = slices.Grow(whole, to-from)[:to]
		if n, err := io.ReadFull(r, whole[from:]); err != nil {
			return nil, fmt.Errorf("%d bytes decompressed, want %d: %w", from+n, size, cutShort(err))
		}
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 {
		return nil, fmt.Errorf("more than %d bytes decompressed", size)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return whole, nil
}

// words returns the words of a dictionary as they are before this batch: its last words that replace those before, and
// the deltas behind them. In a file, unlike a stream, they may also come after it.
func (b *body) words(n *node) (*table.Column, error) {
	all := b.f.dicts[n.dict]
	end := len(all)
	for end > 0 && all[end-1].seq >= b.seq {
		end--
	}
	if end == 0 && b.f.random {
		end = len(all)
	}
	first := end - 1
	for first > 0 && all[first].delta {
		first--
	}
	if first < 0 {
		return nil, fmt.Errorf("its dictionary %d is missing", n.dict)
	}
	key := [3]int64{n.dict, int64(first), int64(end)}
	if c, ok := b.f.cache.get(key); ok {
		return c.(*table.Column), nil
	}
	words := &table.Column{}
	words.Reset(table.Field{Name: "dictionary", Type: n.words.value, Nullable: true})
	size := int64(0)
	for _, at := range all[first:end] {
		m, err := b.f.message(at.place)
		if err != nil {
			return nil, err
		}
		if len(m.nodes) < 1 || m.nodes[0][0] != m.rows {
			return nil, fmt.Errorf("its dictionary %d claims %d words", n.dict, m.rows)
		}
		inner := &body{f: b.f, m: m, at: at.place}
		if err := b.f.complete(m, n.words); err != nil {
			return nil, err
		}
		d := decoder{batch: inner, limit: b.f.config.MaxBytes}
		if bad, err := d.append(words, n.words, 0, m.rows); err != nil {
			return nil, fmt.Errorf("its dictionary %d, word %d: %w", n.dict, bad, err)
		}
		size += at.bytes
	}
	b.f.cache.put(key, words, max(size, int64(8*words.Len()+len(words.Data))))
	return words, nil
}

// cache keeps what was decompressed or decoded last, up to a number of bytes, for reads of the same batch.
type cache struct {
	mu    sync.Mutex
	bytes int64
	order list.List // of *entry, the latest first
	at    map[any]*list.Element
}

type entry struct {
	key, value any
	bytes      int64
}

// cacheBytes is what a file keeps of buffers and dictionaries. One that alone is larger is decoded at every read.
const cacheBytes = 64 << 20

func (c *cache) get(key any) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[key]
	if e == nil {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).value, true
}

func (c *cache) put(key, value any, bytes int64) {
	if bytes > cacheBytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil {
		c.at = map[any]*list.Element{}
	}
	if c.at[key] != nil {
		return
	}
	c.at[key] = c.order.PushFront(&entry{key, value, bytes})
	for c.bytes += bytes; c.bytes > cacheBytes; {
		last := c.order.Back()
		e := c.order.Remove(last).(*entry)
		delete(c.at, e.key)
		c.bytes -= e.bytes
	}
}
