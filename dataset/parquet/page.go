package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The types of pages.
const (
	pageData       = 0
	pageDictionary = 2
	pageDataV2     = 3
)

// The encodings.
const (
	encPlain           = 0
	encPlainDictionary = 2
	encRLE             = 3
	encBitPacked       = 4
	encDelta           = 5
	encDeltaLength     = 6
	encDeltaBytes      = 7
	encRLEDictionary   = 8
	encByteStreamSplit = 9
)

// pageHeader is a page's PageHeader.
type pageHeader struct {
	typ          int
	uncompressed int64
	compressed   int64
	crc          uint32
	hasCRC       bool
	values       int64 // nulls too
	rows         int64 // of V2
	encoding     int
	repEncoding  int
	defEncoding  int
	repBytes     int64 // of V2
	defBytes     int64
	plain        bool // of V2: not compressed
	size         int  // of the header, in bytes
}

// maxHeader is how long the header of a page may be: statistics hold two values.
const maxHeader = 16 << 20

// parsePageHeader reads the header that b begins with. If b ends in its midst, the error is io.ErrUnexpectedEOF.
func parsePageHeader(b []byte) (h pageHeader, err error) {
	r := &thrift{b: b}
	h.typ = -1
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 1 && typ == thriftI32:
			h.typ = int(r.int())
		case id == 2 && typ == thriftI32:
			h.uncompressed = r.int()
		case id == 3 && typ == thriftI32:
			h.compressed = r.int()
		case id == 4 && typ == thriftI32:
			h.crc, h.hasCRC = uint32(r.int()), true
		case (id == 5 || id == 7) && typ == thriftStruct:
			r.fields(func(id int, typ byte) bool {
				switch {
				case id == 1 && typ == thriftI32:
					h.values = r.int()
				case id == 2 && typ == thriftI32:
					h.encoding = int(r.int())
				case id == 3 && typ == thriftI32:
					h.defEncoding = int(r.int())
				case id == 4 && typ == thriftI32:
					h.repEncoding = int(r.int())
				default:
					return false
				}
				return true
			})
		case id == 8 && typ == thriftStruct:
			h.repEncoding, h.defEncoding = encRLE, encRLE
			readHeaderV2(r, &h)
		default:
			return false
		}
		return true
	})
	h.size = r.i
	if r.err != nil {
		return h, r.err
	}
	if h.uncompressed < 0 || h.uncompressed > math.MaxInt32 || h.compressed < 0 || h.compressed > math.MaxInt32 ||
		h.values < 0 || h.values > math.MaxInt32 || h.repBytes < 0 || h.defBytes < 0 ||
		h.typ == pageDataV2 && (h.rows < 0 || h.rows > h.values) {
		return h, fmt.Errorf("page of %d values, %d rows, %d bytes, %d compressed", h.values, h.rows, h.uncompressed,
			h.compressed)
	}
	return h, nil
}

func readHeaderV2(r *thrift, h *pageHeader) {
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 1 && typ == thriftI32:
			h.values = r.int()
		case id == 3 && typ == thriftI32:
			h.rows = r.int()
		case id == 4 && typ == thriftI32:
			h.encoding = int(r.int())
		case id == 5 && typ == thriftI32:
			h.defBytes = r.int()
		case id == 6 && typ == thriftI32:
			h.repBytes = r.int()
		case id == 7 && (typ == thriftTrue || typ == thriftFalse):
			h.plain = typ == thriftFalse
		default:
			return false
		}
		return true
	})
}

// readHeader reads the header of the page at offset off. Pages end before end.
func readHeader(r io.ReaderAt, off, end int64) (pageHeader, error) {
	for n := int64(512); ; n *= 8 {
		b := make([]byte, min(n, end-off))
		if err := readFull(r, b, off); err != nil {
			return pageHeader{}, err
		}
		h, err := parsePageHeader(b)
		if errors.Is(err, io.ErrUnexpectedEOF) && n < end-off && n < maxHeader {
			continue
		}
		return h, err
	}
}

// body is what a page holds: where its levels and values lie in memory.
type body struct {
	rep, def []byte
	values   []byte
}

// pageBuffers is memory that goes from page to page.
type pageBuffers struct {
	file  []byte // as read
	raw   []byte // decompressed
	guess int64  // bytes of the next page, with its header
}

// readPage reads the page at offset off, whole. Its memory is the buffers', until the next call.
func (p *pageBuffers) readPage(r io.ReaderAt, off, end int64) (h pageHeader, data []byte, err error) {
	n := min(max(p.guess, 4096), end-off)
	for {
		p.file = grow(p.file[:0], int(n))
		if err := readFull(r, p.file, off); err != nil {
			return h, nil, err
		}
		h, err = parsePageHeader(p.file)
		if errors.Is(err, io.ErrUnexpectedEOF) && n < end-off && n < maxHeader {
			n = min(8*n, end-off)
			continue
		}
		if err != nil {
			return h, nil, err
		}
		break
	}
	size := int64(h.size) + h.compressed
	if size > end-off {
		return h, nil, fmt.Errorf("a page of %d bytes, %d before the end: %w", size, end-off, io.ErrUnexpectedEOF)
	}
	if have := len(p.file); size > int64(have) {
		p.file = append(p.file, make([]byte, size-int64(have))...)
		if err := readFull(r, p.file[have:], off+int64(have)); err != nil {
			return h, nil, err
		}
	}
	p.guess = min(size+size/8, 1<<20)
	data = p.file[h.size:size]
	if h.hasCRC {
		if sum := crc32.ChecksumIEEE(data); sum != h.crc {
			return h, nil, fmt.Errorf("its checksum is %08x, the header says %08x", sum, h.crc)
		}
	}
	return h, data, nil
}

// open decompresses a page and finds its parts.
func (p *pageBuffers) open(h *pageHeader, data []byte, codec int, l *leaf, limit int) (b body, err error) {
	if h.uncompressed > int64(limit) {
		return b, fmt.Errorf("a page of %d bytes, more than %d; Config.MaxBytes sets the limit", h.uncompressed, limit)
	}
	if h.values > int64(limit/4) { // levels in runs hold any number in some bytes
		return b, fmt.Errorf("a page of %d values; Config.MaxBytes sets the limit", h.values)
	}
	if h.typ == pageDataV2 {
		levels := h.repBytes + h.defBytes
		if levels > int64(len(data)) || levels > h.uncompressed {
			return b, fmt.Errorf("levels of %d bytes in a page of %d", levels, len(data))
		}
		b.rep, b.def, b.values = data[:h.repBytes], data[h.repBytes:levels], data[levels:]
		if codec != codecNone && !h.plain && len(b.values) > 0 {
			p.raw, err = decompress(codec, p.raw[:0], b.values, int(h.uncompressed-levels))
			b.values = p.raw
		}
		if err == nil && int64(len(b.values)) != h.uncompressed-levels {
			err = fmt.Errorf("%d bytes of values, the header says %d", len(b.values), h.uncompressed-levels)
		}
		return b, err
	}
	if codec != codecNone {
		if p.raw, err = decompress(codec, p.raw[:0], data, int(h.uncompressed)); err != nil {
			return b, err
		}
		data = p.raw
	}
	if int64(len(data)) != h.uncompressed {
		return b, fmt.Errorf("a page of %d bytes, the header says %d", len(data), h.uncompressed)
	}
	b.values = data
	if h.typ == pageDictionary {
		return b, nil
	}
	if len(l.lists) > 0 {
		if b.rep, err = b.cutLevels(h.repEncoding); err != nil {
			return b, fmt.Errorf("repetition levels: %w", err)
		}
	}
	if l.maxDef > 0 {
		if b.def, err = b.cutLevels(h.defEncoding); err != nil {
			return b, fmt.Errorf("definition levels: %w", err)
		}
	}
	return b, nil
}

// cutLevels takes levels off the front of a page V1.
func (b *body) cutLevels(encoding int) ([]byte, error) {
	if encoding != encRLE {
		return nil, fmt.Errorf("encoding %d, which is not supported", encoding)
	}
	if len(b.values) < 4 {
		return nil, io.ErrUnexpectedEOF
	}
	n := uint64(binary.LittleEndian.Uint32(b.values))
	if n > uint64(len(b.values)-4) {
		return nil, fmt.Errorf("%d bytes of %d: %w", n, len(b.values)-4, io.ErrUnexpectedEOF)
	}
	levels := b.values[4 : 4+n]
	b.values = b.values[4+n:]
	return levels, nil
}
