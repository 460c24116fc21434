package parquet

import (
	"encoding/binary"
	"fmt"
)

// source decodes the values of a page, whatever their encoding. One of its decoders is set, by the column's physical
// type.
type source struct {
	ints     decoder[int64]
	floats32 decoder[float32]
	floats   decoder[float64]
	bytes    byteDecoder

	split   []byte  // memory of values that were split by byte
	data    []byte  // memory of bytes on their way to another type
	ends    []int64 //
	scratch []int64 // memory of integers on their way to another type
}

func (s *source) skip(n int) error {
	switch {
	case s.ints != nil:
		return s.ints.skip(n)
	case s.floats32 != nil:
		return s.floats32.skip(n)
	case s.floats != nil:
		return s.floats.skip(n)
	}
	return s.bytes.skip(n)
}

// open begins with the values of a page of at most n of them.
func (s *source) open(l *leaf, encoding int, b []byte, dict *dictionary, n int) (err error) {
	s.ints, s.floats32, s.floats, s.bytes = nil, nil, nil, nil
	if len(b) == 0 { // no values, or nulls only
		encoding = encPlain
	}
	bad := func() error {
		return fmt.Errorf("encoding %d of a %s, which is not supported", encoding, typeNames[l.typ])
	}
	switch encoding {
	case encPlain:
		s.plain(l, b)
	case encPlainDictionary, encRLEDictionary:
		if dict == nil {
			return fmt.Errorf("a page of indexes, but no dictionary")
		}
		index, err := newHybrid(b[1:], uint(b[0]))
		if err != nil {
			return err
		}
		s.lookUp(l, dict, index)
	case encByteStreamSplit:
		size := map[int]int{typeInt32: 4, typeInt64: 8, typeFloat: 4, typeDouble: 8, typeFixed: l.length}[l.typ]
		if size == 0 {
			return bad()
		}
		if s.split, err = unsplit(s.split[:0], b, size); err != nil {
			return err
		}
		s.plain(l, s.split)
	case encRLE:
		if l.typ != typeBoolean {
			return bad()
		}
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errValues
		}
		h, err := newHybrid(b[4:4+binary.LittleEndian.Uint32(b)], 1)
		s.ints = &rleBool{h}
		return err
	case encDelta:
		if l.typ != typeInt32 && l.typ != typeInt64 {
			return bad()
		}
		s.ints, err = newDelta(b, l.typ == typeInt32, n)
	case encDeltaLength:
		if l.typ != typeByteArray {
			return bad()
		}
		s.bytes, err = newDeltaLength(b, n)
	case encDeltaBytes:
		if l.typ != typeByteArray && l.typ != typeFixed {
			return bad()
		}
		s.bytes, err = newDeltaBytes(b, l.length, n)
	default:
		return bad()
	}
	return err
}

func (s *source) plain(l *leaf, b []byte) {
	switch l.typ {
	case typeBoolean:
		s.ints = &plainBool{b: b}
	case typeInt32:
		s.ints = &plainInt32{b}
	case typeInt64:
		s.ints = &plainInt64{b}
	case typeFloat:
		s.floats32 = &plainFloat{b}
	case typeDouble:
		s.floats = &plainDouble{b}
	case typeByteArray:
		s.bytes = &plainBytes{b}
	default:
		s.bytes = &plainFixed{b, l.length}
	}
}

func (s *source) lookUp(l *leaf, dict *dictionary, index hybrid) {
	switch l.typ {
	case typeBoolean, typeInt32, typeInt64:
		s.ints = &looked[int64]{dict.ints, index}
	case typeFloat:
		s.floats32 = &looked[float32]{dict.floats32, index}
	case typeDouble:
		s.floats = &looked[float64]{dict.floats, index}
	default:
		s.bytes = &lookedBytes{dict, index}
	}
}

// newDictionary decodes n values of a dictionary page.
func newDictionary(l *leaf, b []byte, n, limit int) (*dictionary, error) {
	var s source
	s.plain(l, b)
	d := &dictionary{ends: []int64{0}}
	if n > 8*len(b) { // no value takes less than a bit
		return nil, fmt.Errorf("%d values in %d bytes", n, len(b))
	}
	var err error
	switch {
	case s.ints != nil:
		d.ints = make([]int64, n)
		err = s.ints.read(d.ints)
	case s.floats32 != nil:
		d.floats32 = make([]float32, n)
		err = s.floats32.read(d.floats32)
	case s.floats != nil:
		d.floats = make([]float64, n)
		err = s.floats.read(d.floats)
	default:
		d.data, d.ends, err = s.bytes.read(nil, d.ends, n, limit)
	}
	return d, err
}
