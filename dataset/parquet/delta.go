package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// delta decodes DELTA_BINARY_PACKED as it is read: blocks of differences, each block with the smallest of them, each
// miniblock with a width of its own.
//
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#DELTAENC
type delta struct {
	b        []byte
	narrow   bool   // values are int32 and wrap round at 32 bits
	mini     int    // values of a miniblock
	left     int    // values not read yet
	first    bool   // the next value is the one in the header
	last     int64  // the value before
	smallest int64  // of the block
	widths   []byte // of the miniblocks not begun
	minis    int    // of a block
	bits     []byte // the rest of the miniblock
	pos      int
	inMini   int // values left of it
	width    uint
}

// newDelta reads the header of at most most values.
func newDelta(b []byte, narrow bool, most int) (*delta, error) {
	d := &delta{b: b, narrow: narrow, first: true}
	block, minis, left := d.uvarint(), d.uvarint(), d.uvarint()
	u := d.uvarint()
	if d.b == nil {
		return nil, fmt.Errorf("header of delta values: %w", io.ErrUnexpectedEOF)
	}
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > block || block%minis != 0 ||
		block/minis%32 != 0 || left > uint64(most) {
		return nil, fmt.Errorf("%d delta values in blocks of %d with %d miniblocks", left, block, minis)
	}
	d.last = int64(u>>1) ^ -int64(u&1)
	d.mini, d.minis, d.left = int(block/minis), int(minis), int(left)
	return d, nil
}

// uvarint takes a number off b, and leaves nil when there is none.
func (d *delta) uvarint() uint64 {
	u, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.b = nil
		return 0
	}
	d.b = d.b[n:]
	return u
}

func (d *delta) begin() error {
	if len(d.widths) == 0 {
		u := d.uvarint()
		if len(d.b) < d.minis {
			return errValues
		}
		d.smallest = int64(u>>1) ^ -int64(u&1)
		d.widths, d.b = d.b[:d.minis], d.b[d.minis:]
	}
	d.width = uint(d.widths[0])
	d.widths = d.widths[1:]
	if d.width > 64 {
		return fmt.Errorf("differences of %d bits", d.width)
	}
	d.inMini = d.mini
	size := d.mini / 8 * int(d.width)
	if size > len(d.b) { // the last miniblock may leave out what nobody reads
		if min(d.left, d.mini)*int(d.width) > 8*len(d.b) {
			return errValues
		}
		size = len(d.b)
	}
	d.bits, d.pos, d.b = d.b[:size], 0, d.b[size:]
	return nil
}

func (d *delta) read(dst []int64) error {
	if len(dst) > d.left {
		return errValues
	}
	if d.first && len(dst) > 0 {
		d.first = false
		dst[0] = d.last
		dst = dst[1:]
		d.left--
	}
	var tmp [128]uint64
	for len(dst) > 0 {
		if d.inMini == 0 {
			if err := d.begin(); err != nil {
				return err
			}
		}
		n := min(len(dst), d.inMini, len(tmp))
		unpack(tmp[:n], d.bits, d.pos, d.width)
		last := d.last
		if d.narrow {
			for i, v := range tmp[:n] {
				last = int64(int32(last + d.smallest + int64(v)))
				dst[i] = last
			}
		} else {
			for i, v := range tmp[:n] {
				last += d.smallest + int64(v)
				dst[i] = last
			}
		}
		d.last = last
		d.pos += n * int(d.width)
		d.inMini -= n
		d.left -= n
		dst = dst[n:]
	}
	return nil
}

func (d *delta) skip(n int) error {
	var tmp [256]int64
	for n > 0 {
		k := min(n, len(tmp))
		if err := d.read(tmp[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// rest is what follows the values. It reads all of them, and gives their sum.
func (d *delta) rest() (after []byte, sum int64, err error) {
	var tmp [256]int64
	for d.left > 0 {
		k := min(d.left, len(tmp))
		if err := d.read(tmp[:k]); err != nil {
			return nil, 0, err
		}
		for _, v := range tmp[:k] {
			if v < 0 || v > 1<<31 {
				return nil, 0, fmt.Errorf("a length of %d", v)
			}
			sum += v
		}
	}
	return d.b, sum, nil
}

// lengths is a decoder of lengths whose rest is known.
func lengths(b []byte, most int) (d *delta, after []byte, sum int64, err error) {
	scout, err := newDelta(b, true, most)
	if err != nil {
		return nil, nil, 0, err
	}
	if after, sum, err = scout.rest(); err != nil {
		return nil, nil, 0, err
	}
	d, err = newDelta(b, true, most)
	return d, after, sum, err
}

// deltaLength is DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.
type deltaLength struct {
	lens *delta
	b    []byte
}

func newDeltaLength(b []byte, most int) (*deltaLength, error) {
	lens, after, sum, err := lengths(b, most)
	if err != nil {
		return nil, err
	}
	if sum > int64(len(after)) {
		return nil, fmt.Errorf("values of %d bytes in %d: %w", sum, len(after), io.ErrUnexpectedEOF)
	}
	return &deltaLength{lens: lens, b: after}, nil
}

func (d *deltaLength) skip(n int) error {
	var tmp [256]int64
	for n > 0 {
		k := min(n, len(tmp))
		if err := d.lens.read(tmp[:k]); err != nil {
			return err
		}
		for _, size := range tmp[:k] {
			d.b = d.b[size:]
		}
		n -= k
	}
	return nil
}

func (d *deltaLength) read(data []byte, ends []int64, n, limit int) ([]byte, []int64, error) {
	var tmp [256]int64
	for n > 0 {
		k := min(n, len(tmp))
		if err := d.lens.read(tmp[:k]); err != nil {
			return data, ends, err
		}
		var sum int64
		for _, size := range tmp[:k] {
			sum += size
			ends = append(ends, int64(len(data))+sum)
		}
		if sum > int64(limit-len(data)) {
			return data, ends, errLimit(limit)
		}
		data = append(data, d.b[:sum]...)
		d.b = d.b[sum:]
		n -= k
	}
	return data, ends, nil
}

// deltaBytes is DELTA_BYTE_ARRAY: how much of the value before each begins with, then what follows it.
type deltaBytes struct {
	prefix *delta
	suffix *deltaLength
	last   []byte
	size   int // of every value; 0: any
}

func newDeltaBytes(b []byte, size, most int) (*deltaBytes, error) {
	prefix, after, _, err := lengths(b, most)
	if err != nil {
		return nil, err
	}
	suffix, err := newDeltaLength(after, most)
	if err != nil {
		return nil, err
	}
	if prefix.left != suffix.lens.left {
		return nil, fmt.Errorf("%d prefixes and %d suffixes", prefix.left, suffix.lens.left)
	}
	return &deltaBytes{prefix: prefix, suffix: suffix, size: size}, nil
}

// next makes d.last the next value.
func (d *deltaBytes) next(limit int) error {
	var n, m [1]int64
	if err := d.prefix.read(n[:]); err != nil {
		return err
	}
	if err := d.suffix.lens.read(m[:]); err != nil {
		return err
	}
	if n[0] > int64(len(d.last)) {
		return fmt.Errorf("a prefix of %d bytes of a value of %d", n[0], len(d.last))
	}
	if n[0]+m[0] > int64(limit) {
		return errLimit(limit)
	}
	d.last = append(d.last[:n[0]], d.suffix.b[:m[0]]...)
	d.suffix.b = d.suffix.b[m[0]:]
	if d.size > 0 && len(d.last) != d.size {
		return fmt.Errorf("a value of %d bytes, want %d", len(d.last), d.size)
	}
	return nil
}

func (d *deltaBytes) skip(n int) error {
	for range n {
		if err := d.next(math.MaxInt32); err != nil {
			return err
		}
	}
	return nil
}

func (d *deltaBytes) read(data []byte, ends []int64, n, limit int) ([]byte, []int64, error) {
	for range n {
		if err := d.next(limit - len(data)); err != nil {
			return data, ends, err
		}
		data = append(data, d.last...)
		ends = append(ends, int64(len(data)))
	}
	return data, ends, nil
}
