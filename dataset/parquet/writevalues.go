package parquet

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	parquetgo "github.com/parquet-go/parquet-go"

	"github.com/tutti-ml/tutti/dataset/table"
)

// record is a schema's root. parquet-go's own orders its fields by name.
type record struct {
	parquetgo.Group
	fields []parquetgo.Field
}

// Fields implements parquetgo.Node.
func (r *record) Fields() []parquetgo.Field { return r.fields }

func newRecord(s table.Schema) (*record, error) {
	r := &record{Group: parquetgo.Group{}}
	if len(s) == 0 {
		return nil, errors.New("a schema without columns")
	}
	for _, f := range s {
		node, err := nodeOf(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		if f.Name == "" || r.Group[f.Name] != nil {
			return nil, fmt.Errorf("column %q: names must be unique, and not empty", f.Name)
		}
		if f.Nullable || f.Type.Kind == table.Null {
			node = parquetgo.Optional(node)
		}
		r.Group[f.Name] = node
	}
	byName := map[string]parquetgo.Field{}
	for _, f := range r.Group.Fields() {
		byName[f.Name()] = f
	}
	for _, f := range s {
		r.fields = append(r.fields, byName[f.Name])
	}
	return r, nil
}

// maxDigits is the largest precision that is written: what 16 bytes hold.
const maxDigits = 38

// nodeOf is the node of a column that is not nullable.
func nodeOf(t table.Type) (parquetgo.Node, error) {
	unit := parquetgo.Millisecond
	switch t.Unit {
	case table.Microsecond:
		unit = parquetgo.Microsecond
	case table.Nanosecond:
		unit = parquetgo.Nanosecond
	}
	switch t.Kind {
	case table.Bool:
		return parquetgo.Leaf(parquetgo.BooleanType), nil
	case table.Int, table.Null:
		bits := t.Bits
		if bits == 0 {
			bits = 64
		}
		if t.Unsigned {
			return parquetgo.Uint(bits), nil
		}
		return parquetgo.Int(bits), nil
	case table.Float32:
		return parquetgo.Leaf(parquetgo.FloatType), nil
	case table.Float64:
		return parquetgo.Leaf(parquetgo.DoubleType), nil
	case table.Decimal:
		if t.Digits < 1 || t.Digits > maxDigits || t.Scale < 0 || t.Scale > t.Digits {
			return nil, fmt.Errorf("a decimal of %d digits, %d of them after the point, want 1 to %d", t.Digits, t.Scale,
				maxDigits)
		}
		switch {
		case t.Digits <= 9:
			return parquetgo.Decimal(t.Scale, t.Digits, parquetgo.Int32Type), nil
		case !t.Wide():
			return parquetgo.Decimal(t.Scale, t.Digits, parquetgo.Int64Type), nil
		}
		return parquetgo.Decimal(t.Scale, t.Digits, parquetgo.FixedLenByteArrayType(16)), nil
	case table.Text:
		return parquetgo.Encoded(parquetgo.String(), &parquetgo.RLEDictionary), nil
	case table.Binary:
		if t.Size > 0 {
			return parquetgo.Leaf(parquetgo.FixedLenByteArrayType(t.Size)), nil
		}
		return parquetgo.Leaf(parquetgo.ByteArrayType), nil
	case table.Time:
		if t.Unit == table.Day {
			return parquetgo.Date(), nil
		}
		return parquetgo.TimestampAdjusted(unit, true), nil
	case table.Span:
		return parquetgo.TimeAdjusted(unit, true), nil
	case table.List:
		elem, err := nodeOf(*t.Elem)
		if err != nil {
			return nil, err
		}
		return parquetgo.List(parquetgo.Optional(elem)), nil
	}
	return nil, fmt.Errorf("columns of type %v are not written", t)
}

// columnWriter turns rows of a column into Parquet's values and levels.
type columnWriter struct {
	field  table.Field
	place  int
	buf    []parquetgo.Value
	fixed  []byte // memory of decimals
	bytes  int64
	narrow bool // physical type INT32
}

func newColumnWriter(f table.Field, place int) *columnWriter {
	t := f.Type
	for t.Kind == table.List {
		t = *t.Elem
	}
	narrow := t.Kind == table.Int && t.Bits != 0 && t.Bits < 64 || t.Kind == table.Decimal && t.Digits <= 9 ||
		t.Kind == table.Time && t.Unit == table.Day || t.Kind == table.Span && t.Unit >= table.Millisecond
	return &columnWriter{field: f, place: place, narrow: narrow}
}

// write sends rows [lo, hi) of c, in whole rows, and returns about how many bytes they are.
func (w *columnWriter) write(to *parquetgo.ColumnWriter, c *table.Column, lo, hi int) (int64, error) {
	w.bytes = 0
	for i := lo; i < hi; i++ {
		if err := w.emit(c, i, 0, 0, 0, w.field.Nullable || c.Type.Kind == table.Null); err != nil {
			var v *valueError
			if errors.As(err, &v) {
				v.at = i
			}
			return 0, err
		}
		if len(w.buf) >= 4096 || i == hi-1 {
			if _, err := to.WriteRowValues(w.buf); err != nil {
				return 0, err
			}
			w.buf, w.fixed = w.buf[:0], w.fixed[:0]
		}
	}
	return w.bytes, nil
}

// emit appends value i of c: depth is the number of lists around it, rep its repetition level, def the definition
// level that its place alone gives.
func (w *columnWriter) emit(c *table.Column, i, rep, def, depth int, nullable bool) error {
	null := c.Null(i)
	if null && !nullable {
		return &valueError{err: errors.New("is null, and the column is not nullable")}
	}
	if nullable && !null {
		def++
	}
	switch {
	case null:
		w.add(parquetgo.Value{}, rep, def)
	case c.Type.Kind == table.List:
		from, to := int(c.Offsets[i]), int(c.Offsets[i+1])
		if from == to {
			w.add(parquetgo.Value{}, rep, def)
		}
		for j := from; j < to; j++ {
			if err := w.emit(c.Elem, j, rep, def+1, depth+1, true); err != nil {
				return err
			}
			rep = depth + 1
		}
	default:
		v, err := w.value(c, i)
		if err != nil {
			return &valueError{err: err}
		}
		w.add(v, rep, def)
	}
	return nil
}

func (w *columnWriter) add(v parquetgo.Value, rep, def int) {
	w.buf = append(w.buf, v.Level(rep, def, w.place))
	w.bytes++
}

func (w *columnWriter) value(c *table.Column, i int) (v parquetgo.Value, err error) {
	w.bytes += 8
	switch t := c.Type; t.Kind {
	case table.Bool:
		w.bytes -= 7
		return parquetgo.BooleanValue(c.Ints[i] != 0), nil
	case table.Float32:
		w.bytes -= 4
		return parquetgo.FloatValue(c.Floats32[i]), nil
	case table.Float64:
		return parquetgo.DoubleValue(c.Floats[i]), nil
	case table.Text:
		w.bytes += int64(len(c.Bytes(i)))
		return parquetgo.ByteArrayValue(c.Bytes(i)), nil
	case table.Binary:
		b := c.Bytes(i)
		w.bytes += int64(len(b))
		if t.Size > 0 {
			if len(b) != t.Size {
				return v, fmt.Errorf("%d bytes, want %d", len(b), t.Size)
			}
			return parquetgo.FixedLenByteArrayValue(b), nil
		}
		return parquetgo.ByteArrayValue(b), nil
	case table.Decimal:
		if t.Wide() {
			return w.decimal(c.Floats[i], t)
		}
		if limit := pow10(t.Digits); c.Ints[i] <= -limit || c.Ints[i] >= limit {
			return v, fmt.Errorf("%d has more than %d digits", c.Ints[i], t.Digits)
		}
		return w.int(c.Ints[i]), nil
	case table.Time, table.Span:
		x := c.Ints[i]
		if t.Unit == table.Second {
			if x > math.MaxInt64/1000 || x < math.MinInt64/1000 {
				return v, fmt.Errorf("%d seconds in milliseconds: %w", x, errRange)
			}
			x *= 1000
		}
		if t.Kind == table.Span && (x < 0 || c.Ints[i] >= int64(table.Day/max(t.Unit, 1))) {
			return v, fmt.Errorf("a span of %d units of %d ns, and Parquet has times of day only", c.Ints[i], t.Unit)
		}
		return w.int(x), w.fits(x, 32)
	}
	return w.int(c.Ints[i]), w.fits(c.Ints[i], c.Type.Bits)
}

func (w *columnWriter) int(v int64) parquetgo.Value {
	if w.narrow {
		return parquetgo.Int32Value(int32(v))
	}
	return parquetgo.Int64Value(v)
}

// fits checks that a value survives in the bits of its column.
func (w *columnWriter) fits(v int64, bits int) error {
	if !w.narrow {
		return nil
	}
	t := w.field.Type
	for t.Kind == table.List {
		t = *t.Elem
	}
	if lo, hi := int64(-1)<<(bits-1), int64(1)<<(bits-1)-1; !t.Unsigned && (v < lo || v > hi) {
		return fmt.Errorf("%d does not fit %d bits", v, bits)
	}
	if t.Unsigned && (v < 0 || v >= int64(1)<<bits) {
		return fmt.Errorf("%d does not fit %d bits without sign", v, bits)
	}
	return nil
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// decimal is the decimal of 16 bytes nearest to f.
func (w *columnWriter) decimal(f float64, t table.Type) (v parquetgo.Value, err error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return v, fmt.Errorf("%v is no decimal", f)
	}
	w.bytes += 8
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)
	x := new(big.Rat).SetFloat64(f)
	x.Mul(x, new(big.Rat).SetInt(ten))
	// round half away from zero: ⌊|x| + ½⌋
	n := new(big.Int).Abs(x.Num())
	n.Lsh(n, 1).Add(n, x.Denom())
	n.Quo(n, new(big.Int).Lsh(x.Denom(), 1))
	if n.Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Digits)), nil)) >= 0 {
		return v, fmt.Errorf("%v has more than %d digits", f, t.Digits)
	}
	if x.Sign() < 0 {
		n.Sub(new(big.Int).Lsh(big.NewInt(1), 128), n)
		n.And(n, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1)))
	}
	at := len(w.fixed)
	if cap(w.fixed)-at < 16 {
		w.fixed, at = make([]byte, 0, 4096*16), 0 // values of before keep theirs
	}
	w.fixed = w.fixed[:at+16]
	n.FillBytes(w.fixed[at : at+16])
	return parquetgo.FixedLenByteArrayValue(w.fixed[at : at+16]), nil
}
