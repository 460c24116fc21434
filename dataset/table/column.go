package table

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// storage is which slice of a Column holds its values.
type storage uint8

const (
	inInts storage = iota
	inFloats
	inFloats32
	inData
	inElem
	inNothing
)

func (t Type) storage() storage {
	switch t.Kind {
	case Float32:
		return inFloats32
	case Float64:
		return inFloats
	case Text, Binary:
		return inData
	case List:
		return inElem
	case Null:
		return inNothing
	}
	if t.Wide() {
		return inFloats
	}
	return inInts
}

// Reset makes c an empty column. Memory is kept and reused.
func (c *Column) Reset(f Field) {
	c.Field = f
	c.Valid = nil
	c.Ints, c.Floats, c.Floats32, c.Data = c.Ints[:0], c.Floats[:0], c.Floats32[:0], c.Data[:0]
	c.Offsets = c.Offsets[:0]
	switch f.Type.storage() {
	case inData:
		c.Offsets = append(c.Offsets, 0)
	case inElem:
		c.Offsets = append(c.Offsets, 0)
		if c.Elem == nil {
			c.Elem = new(Column)
		}
		c.Elem.Reset(Field{Name: f.Name, Type: *f.Type.Elem, Nullable: true})
	}
}

// Resize makes c n rows, none null (of a Null column: all), whose values are unspecified until they are set; of Text,
// Binary and lists they are empty. Valid is nil. It is called after Reset or on a column of the same Field.
func (c *Column) Resize(n int) {
	c.Reset(c.Field)
	switch c.Type.storage() {
	case inInts:
		c.Ints = slices.Grow(c.Ints, n)[:n]
	case inFloats:
		c.Floats = slices.Grow(c.Floats, n)[:n]
	case inFloats32:
		c.Floats32 = slices.Grow(c.Floats32, n)[:n]
	case inData, inElem:
		c.Offsets = slices.Grow(c.Offsets, n)[:n+1]
		clear(c.Offsets)
	case inNothing:
		c.Valid = make([]bool, n)
	}
}

// Len returns the number of rows.
func (c *Column) Len() int {
	switch c.Type.storage() {
	case inInts:
		return len(c.Ints)
	case inFloats:
		return len(c.Floats)
	case inFloats32:
		return len(c.Floats32)
	case inNothing:
		return len(c.Valid)
	}
	return max(0, len(c.Offsets)-1)
}

// Null reports whether a row is null.
func (c *Column) Null(row int) bool { return c.Valid != nil && !c.Valid[row] }

// AppendNull appends a null: a zero element that is not valid.
func (c *Column) AppendNull() {
	n := c.Len()
	switch c.Type.storage() {
	case inInts:
		c.Ints = append(c.Ints, 0)
	case inFloats:
		c.Floats = append(c.Floats, 0)
	case inFloats32:
		c.Floats32 = append(c.Floats32, 0)
	case inData, inElem:
		c.Offsets = append(c.Offsets, c.Offsets[n])
	}
	c.markValid(n)
	c.Valid = append(c.Valid, false)
}

// Fill in Valid for the first n rows, which had no nulls.
func (c *Column) markValid(n int) {
	for len(c.Valid) < n {
		c.Valid = append(c.Valid, true)
	}
}

// AppendInt appends an element of Ints: Bool, Int, Decimal, Time or Span.
func (c *Column) AppendInt(v int64) {
	c.Ints = append(c.Ints, v)
	c.appendValid()
}

// AppendFloat appends an element of Floats, or rounded of Floats32: Float64, Float32 or a wide Decimal.
func (c *Column) AppendFloat(v float64) {
	if c.Type.Kind == Float32 {
		c.Floats32 = append(c.Floats32, float32(v))
	} else {
		c.Floats = append(c.Floats, v)
	}
	c.appendValid()
}

// AppendBytes appends a value of Text or Binary, copied.
func (c *Column) AppendBytes(v []byte) {
	c.Data = append(c.Data, v...)
	c.Offsets = append(c.Offsets, int64(len(c.Data)))
	c.appendValid()
}

// AppendString is AppendBytes for a string.
func (c *Column) AppendString(v string) {
	c.Data = append(c.Data, v...)
	c.Offsets = append(c.Offsets, int64(len(c.Data)))
	c.appendValid()
}

// AppendList ends a list: its elements are all that were appended to Elem since the list before.
func (c *Column) AppendList() {
	c.Offsets = append(c.Offsets, int64(c.Elem.Len()))
	c.appendValid()
}

func (c *Column) appendValid() {
	if c.Valid != nil {
		c.Valid = append(c.Valid, true)
	}
}

// AppendFrom appends rows [lo, hi) of src. Types must have the same storage, but floats of 32 bits may go to 64, and
// rows of a Null column anywhere, as nulls.
func (c *Column) AppendFrom(src *Column, lo, hi int) {
	if src.Type.Kind == Null {
		for range hi - lo {
			c.AppendNull()
		}
		return
	}
	from, to := src.Type.storage(), c.Type.storage()
	if from != to && !(from == inFloats32 && to == inFloats) {
		panic(fmt.Sprintf("table: Column.AppendFrom: %v to column %q, %v", src.Type, c.Name, c.Type))
	}
	n := c.Len()
	switch from {
	case inInts:
		c.Ints = append(c.Ints, src.Ints[lo:hi]...)
	case inFloats:
		c.Floats = append(c.Floats, src.Floats[lo:hi]...)
	case inFloats32:
		if to == inFloats32 {
			c.Floats32 = append(c.Floats32, src.Floats32[lo:hi]...)
			break
		}
		for _, v := range src.Floats32[lo:hi] {
			c.Floats = append(c.Floats, float64(v))
		}
	case inData, inElem:
		first, shift := src.Offsets[lo], c.Offsets[n]-src.Offsets[lo]
		if from == inData {
			c.Data = append(c.Data, src.Data[first:src.Offsets[hi]]...)
		} else {
			c.Elem.AppendFrom(src.Elem, int(first), int(src.Offsets[hi]))
		}
		for _, at := range src.Offsets[lo+1 : hi+1] {
			c.Offsets = append(c.Offsets, at+shift)
		}
	}
	switch {
	case src.Valid != nil:
		c.markValid(n)
		c.Valid = append(c.Valid, src.Valid[lo:hi]...)
	case c.Valid != nil:
		c.markValid(n + hi - lo)
	}
}

// Bytes returns a value of Text or Binary, of which the caller only reads.
func (c *Column) Bytes(row int) []byte {
	return c.Data[c.Offsets[row]:c.Offsets[row+1]:c.Offsets[row+1]]
}

// At returns a row's value: nil for a null, bool, int64, float32, float64, string (Text, and a Decimal as it is
// written), []byte, time.Time in UTC, time.Duration, or []any of a list. It is for messages and small data.
func (c *Column) At(row int) any {
	if c.Null(row) {
		return nil
	}
	switch c.Type.storage() {
	case inFloats:
		return c.Floats[row]
	case inFloats32:
		return c.Floats32[row]
	case inData:
		if c.Type.Kind == Text {
			return string(c.Bytes(row))
		}
		return bytes.Clone(c.Bytes(row))
	case inElem:
		lo, hi := int(c.Offsets[row]), int(c.Offsets[row+1])
		list := make([]any, 0, hi-lo)
		for i := lo; i < hi; i++ {
			list = append(list, c.Elem.At(i))
		}
		return list
	}
	switch v := c.Ints[row]; c.Type.Kind {
	case Bool:
		return v != 0
	case Decimal:
		return formatDecimal(v, c.Type.Scale)
	case Time:
		return Moment(v, c.Type.Unit)
	case Span:
		return time.Duration(v) * time.Duration(c.Type.Unit)
	default:
		return v
	}
}

// Moment returns the instant that a Time of v units since 1970 is, in UTC.
func Moment(v int64, u Unit) time.Time {
	if u >= Second {
		return time.Unix(v*int64(u/Second), 0).UTC()
	}
	perSecond := int64(Second / u)
	second, rest := v/perSecond, v%perSecond
	if rest < 0 {
		second, rest = second-1, rest+perSecond
	}
	return time.Unix(second, rest*int64(u)).UTC()
}

// formatDecimal writes v·10^−scale without loss.
func formatDecimal(v int64, scale int) string {
	digits := strconv.FormatInt(v, 10)
	if scale <= 0 {
		if v == 0 {
			return digits
		}
		return digits + strings.Repeat("0", -scale)
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if short := scale + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// Equal reports whether two columns have the same name, type and values, as Rows.Equal has it.
func (c *Column) Equal(d *Column) bool {
	if c.Name != d.Name || !c.Type.Equal(d.Type) || c.Len() != d.Len() {
		return false
	}
	for row := range c.Len() {
		if !c.equalAt(row, d, row) {
			return false
		}
	}
	return true
}

func (c *Column) equalAt(i int, d *Column, j int) bool {
	if c.Null(i) || d.Null(j) {
		return c.Null(i) == d.Null(j)
	}
	switch c.Type.storage() {
	case inFloats:
		return sameFloat(c.Floats[i], d.Floats[j])
	case inFloats32:
		return sameFloat(float64(c.Floats32[i]), float64(d.Floats32[j]))
	case inData:
		return bytes.Equal(c.Bytes(i), d.Bytes(j))
	case inElem:
		n, from, to := int(c.Offsets[i+1]-c.Offsets[i]), int(c.Offsets[i]), int(d.Offsets[j])
		if n != int(d.Offsets[j+1])-to {
			return false
		}
		for k := range n {
			if !c.Elem.equalAt(from+k, d.Elem, to+k) {
				return false
			}
		}
		return true
	}
	return c.Ints[i] == d.Ints[j]
}

func sameFloat(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// Check returns an error unless c holds n well-formed rows: slices of the right lengths, offsets that do not fall.
func (c *Column) Check(n int) error {
	if c.Len() != n {
		return fmt.Errorf("has %d rows, want %d", c.Len(), n)
	}
	if c.Valid != nil && len(c.Valid) != n {
		return fmt.Errorf("has %d rows and says of %d whether they are null", n, len(c.Valid))
	}
	s := c.Type.storage()
	if s != inData && s != inElem {
		return nil
	}
	if len(c.Offsets) != n+1 {
		return fmt.Errorf("has %d offsets for %d rows", len(c.Offsets), n)
	}
	for i := range n {
		if c.Offsets[i] > c.Offsets[i+1] || c.Offsets[i] < 0 {
			return fmt.Errorf("row %d begins at %d and ends at %d", i, c.Offsets[i], c.Offsets[i+1])
		}
	}
	if s == inData {
		if c.Offsets[n] > int64(len(c.Data)) {
			return fmt.Errorf("rows end at byte %d of %d", c.Offsets[n], len(c.Data))
		}
		return nil
	}
	if c.Elem == nil || c.Offsets[n] > int64(c.Elem.Len()) {
		return fmt.Errorf("its lists end at element %d, and there are fewer", c.Offsets[n])
	}
	return c.Elem.Check(c.Elem.Len())
}
