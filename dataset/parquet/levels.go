package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
)

// hybrid decodes the RLE / bit-packing hybrid: levels, indexes into a dictionary, booleans. It decodes as it is read,
// so that a run of two thousand million costs nothing until somebody asks for them.
//
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
type hybrid struct {
	b      []byte
	width  uint
	run    int    // values left of this run
	value  uint32 // of a repeated run
	packed bool
	bits   []byte // of a packed run
	pos    int    // bit of the next value in bits
}

func newHybrid(b []byte, width uint) (hybrid, error) {
	if width > 32 {
		return hybrid{}, fmt.Errorf("values of %d bits, want at most 32", width)
	}
	return hybrid{b: b, width: width}, nil
}

// begin reads the header of the next run.
func (h *hybrid) begin() error {
	u, n := binary.Uvarint(h.b)
	if n <= 0 {
		return fmt.Errorf("header of a run: %w", io.ErrUnexpectedEOF)
	}
	h.b = h.b[n:]
	count := u >> 1
	if count > 1<<31 {
		return fmt.Errorf("a run of %d values", count)
	}
	h.packed = u&1 != 0
	if h.packed {
		h.run = int(count) * 8
		size := int(count) * int(h.width)
		if size > len(h.b) { // the last run may leave out what nobody reads
			size = len(h.b)
			h.run = size * 8 / int(h.width)
		}
		h.bits, h.pos = h.b[:size], 0
		h.b = h.b[size:]
		return nil
	}
	h.run = int(count)
	size := int(h.width+7) / 8
	if size > len(h.b) {
		return fmt.Errorf("a repeated value: %w", io.ErrUnexpectedEOF)
	}
	h.value = 0
	for i := range size {
		h.value |= uint32(h.b[i]) << (8 * i)
	}
	h.b = h.b[size:]
	return nil
}

// readHybrid fills dst.
func readHybrid[T uint8 | uint32](h *hybrid, dst []T) error {
	for len(dst) > 0 {
		if h.run == 0 {
			if err := h.begin(); err != nil {
				return err
			}
			continue
		}
		n := min(h.run, len(dst))
		if h.packed {
			unpack(dst[:n], h.bits, h.pos, h.width)
			h.pos += n * int(h.width)
		} else {
			for i := range dst[:n] {
				dst[i] = T(h.value)
			}
		}
		h.run -= n
		dst = dst[n:]
	}
	return nil
}

func (h *hybrid) skip(n int) error {
	for n > 0 {
		if h.run == 0 {
			if err := h.begin(); err != nil {
				return err
			}
			continue
		}
		k := min(h.run, n)
		h.pos += k * int(h.width)
		h.run -= k
		n -= k
	}
	return nil
}

// repeats gives the value that the next n have in common, or −1 if that is not plain to see.
func (h *hybrid) repeats(n int) (int, error) {
	for h.run == 0 {
		if err := h.begin(); err != nil {
			return -1, err
		}
	}
	if h.packed || h.run < n {
		return -1, nil
	}
	return int(h.value), nil
}

// unpack reads len(dst) values of width bits, the lowest bit first, from bit pos of src.
func unpack[T uint8 | uint32 | uint64](dst []T, src []byte, pos int, width uint) {
	if width == 0 {
		clear(dst)
		return
	}
	mask := ^uint64(0) >> (64 - width)
	i := 0
	if width <= 8 && pos&7 == 0 { // eight values in a load
		for ; i+8 <= len(dst) && pos>>3+8 <= len(src); i += 8 {
			v := binary.LittleEndian.Uint64(src[pos>>3:])
			d := dst[i : i+8]
			d[0], d[1], d[2], d[3] = T(v&mask), T(v>>width&mask), T(v>>(2*width)&mask), T(v>>(3*width)&mask)
			v >>= 4 * width
			d[4], d[5], d[6], d[7] = T(v&mask), T(v>>width&mask), T(v>>(2*width)&mask), T(v>>(3*width)&mask)
			pos += 8 * int(width)
		}
	}
	if width <= 57 {
		for ; i < len(dst); i++ {
			at := pos >> 3
			if at+8 > len(src) {
				break
			}
			dst[i] = T(binary.LittleEndian.Uint64(src[at:]) >> (pos & 7) & mask)
			pos += int(width)
		}
	}
	for ; i < len(dst); i++ {
		at, shift := pos>>3, uint(pos&7)
		var lo, hi uint64
		for j := range 8 {
			if at+j < len(src) {
				lo |= uint64(src[at+j]) << (8 * j)
			}
		}
		if at+8 < len(src) {
			hi = uint64(src[at+8])
		}
		v := lo >> shift
		if shift > 0 {
			v |= hi << (64 - shift)
		}
		dst[i] = T(v & mask)
		pos += int(width)
	}
}

// bitsFor is how many bits the levels up to top take.
func bitsFor(top int) uint {
	n := uint(0)
	for ; top > 0; top >>= 1 {
		n++
	}
	return n
}
