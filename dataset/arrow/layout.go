package arrow

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/tutti-ml/tutti/dataset/table"
)

// This file finds where a column lies in a batch. A batch is a list of nodes (lengths and nulls) and a list of buffers,
// those of each column, and of the columns within it, one after the other.

// node is a column of a batch, or the elements of one.
type node struct {
	typ     arrow.DataType // of how it is stored: no extension
	value   table.Type     // what its values become
	at      int            // place among the nodes
	buf     int            // place of its first buffer, which says what is null
	buffers int            // without those of kids
	kids    []*node
	size    int64 // of a fixed-size list its elements, of binary of one size its bytes

	dict  int64 // the number of its dictionary
	words *node // of a dictionary: the only column of its batch

	refuse string // why a Table cannot hold it
}

// column is a column of the table.
type column struct {
	table.Field
	node  *node
	above []*node // the structs that it is a field of, the outermost first
}

// layout is how the columns of a schema lie.
type layout struct {
	columns []column
	top     []*node         // of the schema's fields
	names   []string        // of the schema's fields
	nodes   int             // of a batch
	buffers int             // of a batch
	words   map[int64]*node // of each dictionary
	dense   bool            // unions have no buffer for nulls: since metadata V5
}

// newLayout lays out a schema; fields are those of its message, nil if it comes from none.
func newLayout(s *arrow.Schema, fields []field, v5 bool, c Config) (*layout, error) {
	l := &layout{words: map[int64]*node{}, dense: v5}
	skip := map[string]bool{}
	if !c.PandasIndex {
		var err error
		if skip, err = indexColumns(s); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for i, f := range s.Fields() {
		var own *field
		if fields != nil {
			if i >= len(fields) {
				return nil, fmt.Errorf("the schema has %d fields, its message %d", len(s.Fields()), len(fields))
			}
			own = &fields[i]
		}
		n, err := l.add(f.Type, own)
		if err != nil {
			return nil, fmt.Errorf("column %q is %s: %w", f.Name, f.Type, err)
		}
		l.top, l.names = append(l.top, n), append(l.names, f.Name)
		if skip[f.Name] {
			continue
		}
		if err := l.flatten(column{Field: table.Field{Name: f.Name, Nullable: f.Nullable}, node: n}, seen, c); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// flatten adds a column, or those of a struct's fields.
func (l *layout) flatten(c column, seen map[string]bool, config Config) error {
	if s, ok := c.node.typ.(*arrow.StructType); ok {
		for i, f := range s.Fields() {
			sub := column{Field: table.Field{Name: c.Name + "." + f.Name, Nullable: c.Nullable || f.Nullable},
				node: c.node.kids[i], above: append(c.above[:len(c.above):len(c.above)], c.node)}
			if err := l.flatten(sub, seen, config); err != nil {
				return err
			}
		}
		return nil
	}
	if c.node.refuse != "" {
		if config.SkipUnsupported {
			return nil
		}
		return fmt.Errorf("column %q is %s, which is not supported; Config.SkipUnsupported leaves it out", c.Name,
			c.node.refuse)
	}
	if seen[c.Name] {
		return fmt.Errorf("two columns are named %q", c.Name)
	}
	seen[c.Name] = true
	c.Type = c.node.value
	l.columns = append(l.columns, c)
	return nil
}

// add lays out a column of type t and what lies within it.
func (l *layout) add(t arrow.DataType, own *field) (*node, error) {
	for t.ID() == arrow.EXTENSION {
		t = t.(arrow.ExtensionType).StorageType()
	}
	n := &node{typ: t, at: l.nodes, buf: l.buffers, dict: -1}
	l.nodes++
	var kids []arrow.DataType
	buffers := 2 // what is null, values
	switch t := t.(type) {
	case *arrow.DictionaryType:
		if err := l.coded(n, t, own); err != nil {
			return nil, err
		}
	case *arrow.ListType:
		kids = []arrow.DataType{t.Elem()}
	case *arrow.LargeListType:
		kids = []arrow.DataType{t.Elem()}
	case *arrow.MapType:
		kids, n.refuse = []arrow.DataType{t.Elem()}, "a map"
	case *arrow.ListViewType:
		kids, n.refuse, buffers = []arrow.DataType{t.Elem()}, "a list view", 3
	case *arrow.LargeListViewType:
		kids, n.refuse, buffers = []arrow.DataType{t.Elem()}, "a list view", 3
	case *arrow.FixedSizeListType:
		kids, n.size, buffers = []arrow.DataType{t.Elem()}, int64(t.Len()), 1
	case *arrow.StructType:
		for _, f := range t.Fields() {
			kids = append(kids, f.Type)
		}
		buffers = 1
	case arrow.UnionType:
		for _, f := range t.Fields() {
			kids = append(kids, f.Type)
		}
		if n.refuse, buffers = "a union", 1; t.Mode() == arrow.DenseMode {
			buffers = 2
		}
		if !l.dense {
			buffers++
		}
	case *arrow.RunEndEncodedType:
		kids, n.refuse, buffers = []arrow.DataType{t.RunEnds(), t.Encoded()}, "run-end encoded", 0
	case *arrow.FixedSizeBinaryType:
		n.size = int64(t.ByteWidth)
	case arrow.BinaryViewDataType: // their number of buffers stands in the batch
		return nil, fmt.Errorf("a view, which is not supported; polars writes none with compat_level 0")
	case arrow.BinaryDataType:
		buffers = 3
	case *arrow.NullType:
		buffers = 0
	case arrow.FixedWidthDataType:
	default:
		return nil, fmt.Errorf("not supported")
	}
	n.buffers = buffers
	l.buffers += buffers
	for i, kid := range kids {
		var below *field
		if own != nil {
			if i >= len(own.fields) {
				return nil, fmt.Errorf("has %d fields in the schema's message", len(own.fields))
			}
			below = &own.fields[i]
		}
		k, err := l.add(kid, below)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	n.valued()
	return n, nil
}

// coded lays out the words of a dictionary, in their own batch.
func (l *layout) coded(n *node, t *arrow.DictionaryType, own *field) error {
	inner := &layout{words: l.words, dense: l.dense}
	var below *field
	if own != nil {
		below = &field{fields: own.fields}
		n.dict = own.dict
	}
	words, err := inner.add(t.ValueType, below)
	if err != nil {
		return err
	}
	n.words = words
	words.at, words.buf = 0, 0
	if own == nil {
		return nil
	}
	if before := l.words[n.dict]; before != nil && !arrow.TypeEqual(before.typ, words.typ) {
		return fmt.Errorf("its dictionary %d is one of %s too", n.dict, before.typ)
	}
	l.words[n.dict] = words
	return nil
}

// valued finds what the values become, or why they cannot.
func (n *node) valued() {
	refuse := func(why string) {
		if n.refuse == "" {
			n.refuse = why
		}
	}
	for _, kid := range n.kids {
		if kid.refuse != "" {
			refuse(kid.refuse + " in a list")
		}
		if _, ok := kid.typ.(*arrow.StructType); ok {
			refuse("a struct in a list")
		}
	}
	list := func(size int64) table.Type {
		elem := n.kids[0].value
		return table.Type{Kind: table.List, Size: int(size), Elem: &elem}
	}
	switch t := n.typ.(type) {
	case *arrow.StructType:
		n.refuse = "" // its fields speak for themselves
	case *arrow.DictionaryType:
		if n.value = n.words.value; n.words.refuse != "" || n.words.typ.ID() == arrow.DICTIONARY ||
			n.words.typ.ID() == arrow.STRUCT || n.value.Kind == table.Null {
			refuse("a dictionary of " + t.ValueType.String())
		}
		if !arrow.IsInteger(t.IndexType.ID()) {
			refuse("a dictionary with indices of " + t.IndexType.String())
		}
	case *arrow.ListType, *arrow.LargeListType:
		n.value = list(0)
	case *arrow.FixedSizeListType:
		n.value = list(n.size)
		total := n.size
		for k := n.kids[0]; k.typ.ID() == arrow.FIXED_SIZE_LIST && total <= math.MaxInt32; k = k.kids[0] {
			total *= k.size
		}
		if total < 1 || total > math.MaxInt32 {
			refuse(fmt.Sprintf("%s, not a list length this machine can hold", t))
		}
	case *arrow.FixedSizeBinaryType:
		if n.value = (table.Type{Kind: table.Binary, Size: t.ByteWidth}); t.ByteWidth < 1 {
			refuse("binary of no bytes")
		}
	default:
		var ok bool
		if n.value, ok = flatType(t); !ok {
			refuse(t.String())
		}
	}
}

// flatType returns what values of a type without others in it become.
func flatType(t arrow.DataType) (table.Type, bool) {
	unit := func(u arrow.TimeUnit) table.Unit {
		return [...]table.Unit{table.Second, table.Millisecond, table.Microsecond, table.Nanosecond}[u&3]
	}
	switch id := t.ID(); id {
	case arrow.NULL:
		return table.Type{Kind: table.Null}, true
	case arrow.BOOL:
		return table.Type{Kind: table.Bool}, true
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64:
		return table.Type{Kind: table.Int, Bits: t.(arrow.FixedWidthDataType).BitWidth()}, true
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return table.Type{Kind: table.Int, Bits: t.(arrow.FixedWidthDataType).BitWidth(), Unsigned: true}, true
	case arrow.FLOAT16, arrow.FLOAT32:
		return table.Type{Kind: table.Float32}, true
	case arrow.FLOAT64:
		return table.Type{Kind: table.Float64}, true
	case arrow.DECIMAL128, arrow.DECIMAL256:
		d := t.(arrow.DecimalType)
		digits, scale := d.GetPrecision(), d.GetScale()
		return table.Type{Kind: table.Decimal, Digits: int(digits), Scale: int(scale)},
			digits > 0 && scale > -300 && scale < 300
	case arrow.STRING, arrow.LARGE_STRING:
		return table.Type{Kind: table.Text}, true
	case arrow.BINARY, arrow.LARGE_BINARY:
		return table.Type{Kind: table.Binary}, true
	case arrow.DATE32:
		return table.Type{Kind: table.Time, Unit: table.Day}, true
	case arrow.DATE64:
		return table.Type{Kind: table.Time, Unit: table.Millisecond}, true
	case arrow.TIMESTAMP:
		return table.Type{Kind: table.Time, Unit: unit(t.(*arrow.TimestampType).Unit)}, true
	case arrow.TIME32:
		return table.Type{Kind: table.Span, Unit: unit(t.(*arrow.Time32Type).Unit)}, true
	case arrow.TIME64:
		return table.Type{Kind: table.Span, Unit: unit(t.(*arrow.Time64Type).Unit)}, true
	case arrow.DURATION:
		return table.Type{Kind: table.Span, Unit: unit(t.(*arrow.DurationType).Unit)}, true
	}
	return table.Type{}, false
}
