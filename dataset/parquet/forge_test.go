package parquet

import (
	"bytes"
	"encoding/binary"

	"github.com/tutti-ml/tutti/dataset/table"
)

// forger writes Thrift's compact protocol, true or not.
type forger struct {
	b    []byte
	last []int
}

func (o *forger) begin() { o.last = append(o.last, 0) }
func (o *forger) end()   { o.b = append(o.b, 0); o.last = o.last[:len(o.last)-1] }

func (o *forger) field(id, typ int) {
	o.b = append(o.b, byte((id-o.last[len(o.last)-1])<<4|typ))
	o.last[len(o.last)-1] = id
}

func (o *forger) int(id, typ int, v int64) {
	o.field(id, typ)
	o.b = binary.AppendVarint(o.b, v)
}

func (o *forger) text(id int, s string) {
	o.field(id, thriftBinary)
	o.b = append(binary.AppendUvarint(o.b, uint64(len(s))), s...)
}

func (o *forger) list(id, n int) {
	o.field(id, thriftList)
	o.b = append(o.b, 0xf0|thriftStruct)
	o.b = binary.AppendUvarint(o.b, uint64(n))
}

// forged is a file of one column. Its fields are written as they are, whether they agree or not.
type forged struct {
	schema       []element // without the root
	rows, values int64
	codec        int
	dictionary   bool // the first page is one
	pages        [][]byte
}

// forgedPage is a page with a header of its own.
func forgedPage(typ int, values int64, encoding, uncompressed int, body []byte) []byte {
	o := &forger{}
	o.begin()
	o.int(1, thriftI32, int64(typ))
	o.int(2, thriftI32, int64(uncompressed))
	o.int(3, thriftI32, int64(len(body)))
	o.field(map[int]int{pageData: 5, pageDictionary: 7}[typ], thriftStruct)
	o.begin()
	o.int(1, thriftI32, values)
	o.int(2, thriftI32, int64(encoding))
	o.int(3, thriftI32, encRLE)
	o.int(4, thriftI32, encRLE)
	o.end()
	o.end()
	return append(o.b, body...)
}

func (f forged) bytes() []byte {
	b := []byte("PAR1")
	for _, p := range f.pages {
		b = append(b, p...)
	}
	size := len(b) - 4
	o := &forger{}
	o.begin()
	o.list(2, 1+len(f.schema))
	root := element{name: "root", typ: -1, children: 1, converted: noConvertedType}
	for _, e := range append([]element{root}, f.schema...) {
		o.begin()
		if e.typ >= 0 {
			o.int(1, thriftI32, int64(e.typ))
		}
		if e.length > 0 {
			o.int(2, thriftI32, int64(e.length))
		}
		o.int(3, thriftI32, int64(e.repetition))
		o.text(4, e.name)
		if e.children > 0 {
			o.int(5, thriftI32, int64(e.children))
		}
		if e.converted >= 0 {
			o.int(6, thriftI32, int64(e.converted))
		}
		o.end()
	}
	o.int(3, thriftI64, f.rows)
	o.list(4, 1)
	o.begin()
	o.list(1, 1)
	o.begin()
	o.field(3, thriftStruct)
	o.begin()
	o.int(1, thriftI32, int64(f.schema[len(f.schema)-1].typ))
	o.int(4, thriftI32, int64(f.codec))
	o.int(5, thriftI64, f.values)
	o.int(6, thriftI64, int64(size))
	o.int(7, thriftI64, int64(size))
	data := int64(4)
	if f.dictionary {
		data += int64(len(f.pages[0]))
	}
	o.int(9, thriftI64, data)
	if f.dictionary {
		o.int(11, thriftI64, 4)
	}
	o.end()
	o.end()
	o.int(3, thriftI64, f.rows)
	o.end()
	o.end()
	b = append(b, o.b...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(o.b)))
	return append(b, "PAR1"...)
}

// openBytes opens a file in memory.
func openBytes(b []byte, c *Config) (table.Table, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	f, err := open("forged", bytes.NewReader(b), int64(len(b)), c, &cache{})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// column is an element of a schema that is a value.
func column(typ, repetition int) element {
	return element{name: "c", typ: typ, repetition: repetition, converted: noConvertedType}
}

// runs are levels in runs: pairs of a count and a value, after their length.
func runs(pairs ...int) []byte {
	var b []byte
	for i := 0; i < len(pairs); i += 2 {
		b = binary.AppendUvarint(b, uint64(pairs[i])<<1)
		b = append(b, byte(pairs[i+1]))
	}
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// plainInts are INT32 values.
func plainInts(values ...int32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}
