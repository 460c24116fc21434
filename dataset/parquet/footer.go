package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The physical types.
const (
	typeBoolean = iota
	typeInt32
	typeInt64
	typeInt96
	typeFloat
	typeDouble
	typeByteArray
	typeFixed
)

var typeNames = [...]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY",
	"FIXED_LEN_BYTE_ARRAY"}

// The repetitions.
const (
	required = iota
	optional
	repeated
)

// The converted types: the annotations of old.
const (
	noConvertedType = iota - 1
	convertedUTF8
	convertedMap
	convertedMapKeyValue
	convertedList
	convertedEnum
	convertedDecimal
	convertedDate
	convertedTimeMillis
	convertedTimeMicros
	convertedTimestampMillis
	convertedTimestampMicros
	convertedUint8
	convertedUint16
	convertedUint32
	convertedUint64
	convertedInt8
	convertedInt16
	convertedInt32
	convertedInt64
	convertedJSON
	convertedBSON
	convertedInterval
)

// The logical types, by their field in the union.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalNull      = 11
	logicalJSON      = 12
	logicalBSON      = 13
	logicalUUID      = 14
	logicalFloat16   = 15
	logicalVariant   = 16
)

// footer is what a file says about itself: the fields of FileMetaData that reading needs.
//
// Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
type footer struct {
	schema []element
	rows   int64
	groups []rowGroup
	start  int64 // where the footer begins in the file; pages end before it
}

// element is a node of the schema, in depth-first order.
type element struct {
	name       string
	typ        int // -1: a group
	length     int // bytes of typeFixed
	repetition int
	children   int
	converted  int
	scale      int
	precision  int
	logical    logicalType
}

type logicalType struct {
	id        int // 0: none
	scale     int
	precision int
	bits      int
	signed    bool
	unit      int // 1 ms, 2 µs, 3 ns
}

type rowGroup struct {
	columns []columnChunk
	rows    int64
	first   int64 // row of the file
}

type columnChunk struct {
	elsewhere    bool // in another file, or encrypted
	typ          int
	codec        int
	values       int64
	uncompressed int64
	compressed   int64
	data         int64 // offset of the first data page
	dictionary   int64 // offset of the dictionary page, or 0
	index        int64 // offset of the offset index, or 0
	indexLen     int64
}

var magic = [4]byte{'P', 'A', 'R', '1'}

// readFooter reads the metadata at the end of a file of size bytes.
func readFooter(r io.ReaderAt, size int64) (*footer, error) {
	if size < 12 {
		return nil, fmt.Errorf("%d bytes, want at least 12", size)
	}
	var head [4]byte
	var tail [8]byte
	if err := readFull(r, head[:], 0); err != nil {
		return nil, err
	}
	if err := readFull(r, tail[:], size-8); err != nil {
		return nil, err
	}
	if string(head[:]) == "PARE" || string(tail[4:]) == "PARE" {
		return nil, errors.New("an encrypted file, which is not supported")
	}
	if head != magic || [4]byte(tail[4:]) != magic {
		return nil, fmt.Errorf("begins with %q and ends with %q, want %q: not a Parquet file, or a truncated one",
			head[:], tail[4:], magic[:])
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-12 {
		return nil, fmt.Errorf("a footer of %d bytes in a file of %d", n, size)
	}
	b := make([]byte, n)
	if err := readFull(r, b, size-8-n); err != nil {
		return nil, err
	}
	f := &footer{start: size - 8 - n}
	if err := f.parse(b); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	return f, f.check()
}

func (f *footer) parse(b []byte) error {
	r := &thrift{b: b}
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 2 && typ == thriftList:
			r.list(thriftStruct, func() { f.schema = append(f.schema, readElement(r)) })
		case id == 3 && typ == thriftI64:
			f.rows = r.int()
		case id == 4 && typ == thriftList:
			r.list(thriftStruct, func() { f.groups = append(f.groups, readGroup(r)) })
		default:
			return false
		}
		return true
	})
	return r.err
}

// check holds the numbers of the footer against each other and against the file's size.
func (f *footer) check() error {
	var rows int64
	for i := range f.groups {
		g := &f.groups[i]
		g.first = rows
		if g.rows < 0 || rows+g.rows < rows {
			return fmt.Errorf("row group %d has %d rows", i, g.rows)
		}
		rows += g.rows
		for j := range g.columns {
			if err := f.checkChunk(&g.columns[j]); err != nil {
				return fmt.Errorf("row group %d, column chunk %d: %w", i, j, err)
			}
		}
	}
	if rows != f.rows {
		return fmt.Errorf("%d rows in the footer, %d in its row groups", f.rows, rows)
	}
	return nil
}

func (f *footer) checkChunk(c *columnChunk) error {
	start, n := c.start(), c.compressed
	if c.values == 0 {
		return nil // an empty row group: offsets mean nothing
	}
	if c.elsewhere {
		return errors.New("its pages are encrypted or in another file, which is not supported")
	}
	if c.values < 0 || n < 0 || start < 4 || start >= f.start || n > f.start-start || c.data < start {
		return fmt.Errorf("%d values in %d bytes from byte %d, of %d before the footer", c.values, n, start, f.start)
	}
	return nil
}

// start is where the first page of a chunk lies.
func (c *columnChunk) start() int64 {
	if c.dictionary > 0 && c.dictionary < c.data {
		return c.dictionary
	}
	return c.data
}

func readElement(r *thrift) element {
	e := element{typ: -1, converted: noConvertedType}
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 1 && typ == thriftI32:
			e.typ = int(r.int())
		case id == 2 && typ == thriftI32:
			e.length = int(r.int())
		case id == 3 && typ == thriftI32:
			e.repetition = int(r.int())
		case id == 4 && typ == thriftBinary:
			e.name = string(r.bytes())
		case id == 5 && typ == thriftI32:
			e.children = int(r.int())
		case id == 6 && typ == thriftI32:
			e.converted = int(r.int())
		case id == 7 && typ == thriftI32:
			e.scale = int(r.int())
		case id == 8 && typ == thriftI32:
			e.precision = int(r.int())
		case id == 10 && typ == thriftStruct:
			e.logical = readLogical(r)
		default:
			return false
		}
		return true
	})
	return e
}

func readLogical(r *thrift) (l logicalType) {
	r.fields(func(id int, typ byte) bool {
		if typ != thriftStruct {
			return false
		}
		l.id = id
		r.fields(func(field int, typ byte) bool {
			switch {
			case id == logicalDecimal && field == 1 && typ == thriftI32:
				l.scale = int(r.int())
			case id == logicalDecimal && field == 2 && typ == thriftI32:
				l.precision = int(r.int())
			case (id == logicalTime || id == logicalTimestamp) && field == 2 && typ == thriftStruct:
				r.fields(func(unit int, _ byte) bool { l.unit = unit; return false })
			case id == logicalInteger && field == 1 && typ == thriftByte:
				l.bits = int(r.byte())
			case id == logicalInteger && field == 2 && (typ == thriftTrue || typ == thriftFalse):
				l.signed = typ == thriftTrue
			default:
				return false
			}
			return true
		})
		return true
	})
	return l
}

func readGroup(r *thrift) (g rowGroup) {
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 1 && typ == thriftList:
			r.list(thriftStruct, func() { g.columns = append(g.columns, readChunk(r)) })
		case id == 3 && typ == thriftI64:
			g.rows = r.int()
		default:
			return false
		}
		return true
	})
	return g
}

func readChunk(r *thrift) columnChunk {
	c := columnChunk{typ: -1}
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 1 && typ == thriftBinary:
			c.elsewhere = len(r.bytes()) > 0 || c.elsewhere
		case id == 3 && typ == thriftStruct:
			readChunkMetadata(r, &c)
		case id == 4 && typ == thriftI64:
			c.index = r.int()
		case id == 5 && typ == thriftI32:
			c.indexLen = r.int()
		case id == 8 && typ == thriftStruct:
			c.elsewhere = true
			return false
		default:
			return false
		}
		return true
	})
	return c
}

func readChunkMetadata(r *thrift, c *columnChunk) {
	r.fields(func(id int, typ byte) bool {
		switch {
		case id == 1 && typ == thriftI32:
			c.typ = int(r.int())
		case id == 4 && typ == thriftI32:
			c.codec = int(r.int())
		case id == 5 && typ == thriftI64:
			c.values = r.int()
		case id == 6 && typ == thriftI64:
			c.uncompressed = r.int()
		case id == 7 && typ == thriftI64:
			c.compressed = r.int()
		case id == 9 && typ == thriftI64:
			c.data = r.int()
		case id == 11 && typ == thriftI64:
			c.dictionary = r.int()
		default:
			return false
		}
		return true
	})
}

// readFull fills p from offset off; a file that ends before is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		return fmt.Errorf("%d bytes from byte %d: %w", len(p), off, io.ErrUnexpectedEOF)
	}
	return &ioError{fmt.Errorf("%d bytes from byte %d: %w", len(p), off, err)}
}

// ioError is a file that cannot be read, whatever its bytes are.
type ioError struct{ error }

func (e *ioError) Unwrap() error { return e.error }
