package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/tutti-ml/tutti/dataset/table"
)

// convert says what becomes of a physical value. At most one function is set; without one, a value stays as its
// physical type reads: integers in Ints, FLOAT in Floats32, DOUBLE in Floats, bytes in Data.
type convert struct {
	fixInts  func(v []int64) (int, error)        // of integers, in place; returns the place of a value that is wrong
	toInt    func(b []byte) (int64, error)       // of bytes
	toFloat  func(b []byte) (float64, error)     // of bytes
	intFloat func(v int64) float64               // of integers
	toHalf   bool                                // of bytes: float16 to Floats32
	toBytes  func(dst, b []byte) ([]byte, error) // of bytes: appends what stands for b
	utf8     bool                                // bytes must be UTF-8
}

var errRange = errors.New("out of the range of an int64")

// choose finds the table's type of a leaf, and how its values are converted.
func (l *leaf) choose(e *element, c *Config) error {
	lt := e.logicalType()
	bad := func() error { return fmt.Errorf("logical type %d of a %s", lt.id, typeNames[e.typ]) }
	switch lt.id {
	case logicalDecimal:
		return l.chooseDecimal(lt)
	case logicalDate:
		if e.typ != typeInt32 {
			return bad()
		}
		l.value = table.Type{Kind: table.Time, Unit: table.Day}
		return nil
	case logicalTime, logicalTimestamp:
		if lt.unit < 1 || lt.unit > 3 || e.typ != typeInt32 && e.typ != typeInt64 {
			return bad()
		}
		l.value = table.Type{Kind: table.Time, Unit: []table.Unit{table.Millisecond, table.Microsecond,
			table.Nanosecond}[lt.unit-1]}
		if lt.id == logicalTime {
			l.value.Kind = table.Span
		}
		return nil
	case logicalString, logicalEnum, logicalJSON:
		if e.typ != typeByteArray && e.typ != typeFixed {
			return bad()
		}
		l.value, l.utf8 = table.Type{Kind: table.Text}, true
		return nil
	case logicalUUID:
		if e.typ != typeFixed || e.length != 16 {
			return bad()
		}
		l.value, l.toBytes = table.Type{Kind: table.Text}, appendUUID
		return nil
	case logicalFloat16:
		if e.typ != typeFixed || e.length != 2 {
			return bad()
		}
		l.value, l.toHalf = table.Type{Kind: table.Float32}, true
		return nil
	case logicalInteger:
		if e.typ != typeInt32 && e.typ != typeInt64 || e.typ == typeInt32 && lt.bits > 32 {
			return bad()
		}
		l.value = table.Type{Kind: table.Int, Bits: lt.bits, Unsigned: !lt.signed}
		switch {
		case lt.bits != 8 && lt.bits != 16 && lt.bits != 32 && lt.bits != 64:
			return fmt.Errorf("integers of %d bits", lt.bits)
		case lt.bits == 64 && !lt.signed:
			l.fixInts = checkUint64
		case !lt.signed:
			mask := int64(1)<<lt.bits - 1
			l.fixInts = func(v []int64) (int, error) {
				for i := range v {
					v[i] &= mask
				}
				return 0, nil
			}
		}
		return nil
	}
	if lt.id == logicalNull {
		l.value = table.Type{Kind: table.Null}
		return nil
	}
	switch e.typ { // no annotation, or one that says nothing here
	case typeBoolean:
		l.value = table.Type{Kind: table.Bool}
	case typeInt32:
		l.value = table.Type{Kind: table.Int, Bits: 32}
	case typeInt64:
		l.value = table.Type{Kind: table.Int, Bits: 64}
	case typeInt96:
		unit := c.Int96
		l.value, l.toInt = table.Type{Kind: table.Time, Unit: unit}, int96(unit)
	case typeFloat:
		l.value = table.Type{Kind: table.Float32}
	case typeDouble:
		l.value = table.Type{Kind: table.Float64}
	case typeByteArray, typeFixed:
		l.value = table.Type{Kind: table.Binary, Size: l.length}
		if c.BinaryAsText && e.typ == typeByteArray && lt.id == 0 {
			l.value, l.utf8 = table.Type{Kind: table.Text}, true
		}
	}
	return nil
}

// logicalType is e's, or what its converted type means.
func (e *element) logicalType() logicalType {
	if e.logical.id != 0 {
		return e.logical
	}
	integer := func(bits int, signed bool) logicalType {
		return logicalType{id: logicalInteger, bits: bits, signed: signed}
	}
	switch e.converted {
	case convertedUTF8:
		return logicalType{id: logicalString}
	case convertedEnum:
		return logicalType{id: logicalEnum}
	case convertedDecimal:
		return logicalType{id: logicalDecimal, scale: e.scale, precision: e.precision}
	case convertedDate:
		return logicalType{id: logicalDate}
	case convertedTimeMillis:
		return logicalType{id: logicalTime, unit: 1}
	case convertedTimeMicros:
		return logicalType{id: logicalTime, unit: 2}
	case convertedTimestampMillis:
		return logicalType{id: logicalTimestamp, unit: 1}
	case convertedTimestampMicros:
		return logicalType{id: logicalTimestamp, unit: 2}
	case convertedUint8, convertedUint16, convertedUint32, convertedUint64:
		return integer(8<<(e.converted-convertedUint8), false)
	case convertedInt8, convertedInt16, convertedInt32, convertedInt64:
		return integer(8<<(e.converted-convertedInt8), true)
	case convertedJSON:
		return logicalType{id: logicalJSON}
	case convertedBSON:
		return logicalType{id: logicalBSON}
	}
	return logicalType{}
}

func checkUint64(v []int64) (int, error) {
	for i, x := range v {
		if x < 0 {
			return i, fmt.Errorf("%d: %w", uint64(x), errRange)
		}
	}
	return 0, nil
}

// exactDigits is the largest precision whose unscaled values an int64 holds.
const exactDigits = 18

func (l *leaf) chooseDecimal(lt logicalType) error {
	if lt.precision < 1 || lt.precision > 1000 || lt.scale < 0 || lt.scale > lt.precision {
		return fmt.Errorf("a decimal of %d digits, %d of them after the point", lt.precision, lt.scale)
	}
	l.value = table.Type{Kind: table.Decimal, Digits: lt.precision, Scale: lt.scale}
	scale := lt.scale
	switch l.typ {
	case typeInt32, typeInt64:
		if lt.precision > exactDigits {
			l.intFloat = func(v int64) float64 { return scaled(v, scale) }
		}
	case typeByteArray, typeFixed:
		if lt.precision > exactDigits {
			l.toFloat = func(b []byte) (float64, error) { return decimalFloat(b, scale) }
		} else {
			l.toInt = decimalInt
		}
	default:
		return fmt.Errorf("a decimal in a %s", typeNames[l.typ])
	}
	return nil
}

// decimalInt is the integer of two's complement, big-endian bytes.
func decimalInt(b []byte) (int64, error) {
	if len(b) == 0 {
		return 0, errors.New("a decimal of 0 bytes")
	}
	var v int64
	if b[0]&0x80 != 0 {
		v = -1
	}
	for i, x := range b {
		if i < len(b)-8 && int64(int8(x)) != v || i == len(b)-8 && int64(int8(x))>>7 != v {
			return 0, fmt.Errorf("a decimal of %d bytes: %w", len(b), errRange)
		}
		v = v<<8 | int64(x)
	}
	return v, nil
}

// maxDecimalBytes bounds the cost of one decimal: 1000 digits take 416 bytes.
const maxDecimalBytes = 512

// decimalFloat is the float64 nearest to the number in two's complement, big-endian bytes, times 10^−scale.
func decimalFloat(b []byte, scale int) (float64, error) {
	if len(b) <= 8 {
		v, err := decimalInt(b)
		return scaled(v, scale), err
	}
	if len(b) > maxDecimalBytes {
		return 0, fmt.Errorf("a decimal of %d bytes, want at most %d", len(b), maxDecimalBytes)
	}
	v := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return scaled(v.Int64(), scale), nil
	}
	f, _ := strconv.ParseFloat(v.String()+"e-"+strconv.Itoa(scale), 64)
	return f, nil
}

// scaled is the float64 nearest to v·10^−scale.
func scaled(v int64, scale int) float64 {
	if scale <= 22 && v > -1<<53 && v < 1<<53 { // both exact, so the quotient is rounded once
		return float64(v) / math.Pow10(scale)
	}
	f, _ := strconv.ParseFloat(strconv.FormatInt(v, 10)+"e-"+strconv.Itoa(scale), 64)
	return f
}

// int96 reads the timestamps that Spark, Impala and Hive wrote of old: nanoseconds of the day, then the Julian day.
// They are counted in unit, rounded down.
func int96(unit table.Unit) func(b []byte) (int64, error) {
	const day = int64(table.Day)
	return func(b []byte) (int64, error) {
		inDay := int64(binary.LittleEndian.Uint64(b))
		days := int64(binary.LittleEndian.Uint32(b[8:])) - 2440588 // the Julian day of 1970-01-01
		if inDay < -day || inDay > 2*day {
			return 0, fmt.Errorf("%d ns within a day", inDay)
		}
		u := int64(unit)
		perDay := day / u
		rest := inDay / u
		if inDay%u < 0 {
			rest--
		}
		if days > (math.MaxInt64-2*perDay)/perDay || days < (math.MinInt64+2*perDay)/perDay {
			return 0, fmt.Errorf("day %d since 1970 in units of %d ns: %w; Config.Int96 sets a coarser unit", days, u,
				errRange)
		}
		return days*perDay + rest, nil
	}
}

// appendUUID appends the canonical form, 36 characters.
func appendUUID(dst, b []byte) ([]byte, error) {
	for i, part := range [...][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst, nil
}

// half is the value of an IEEE 754 binary16.
func half(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&31), uint32(h&0x3ff)
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case 0:
		f := float32(frac) * (1.0 / (1 << 24)) // exact
		return math.Float32frombits(math.Float32bits(f) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// checkText returns the place of the first value that is not UTF-8, or −1. ends[0] is where the first begins.
func checkText(data []byte, ends []int64) int {
	first := ends[0]
	whole := data[first:ends[len(ends)-1]]
	if utf8.Valid(whole) {
		// a character may still be cut in two
		for i, end := range ends[1:] {
			if end > ends[i] && !utf8.RuneStart(data[ends[i]]) {
				return i
			}
		}
		return -1
	}
	for i := range len(ends) - 1 {
		if !utf8.Valid(data[ends[i]:ends[i+1]]) {
			return i
		}
	}
	return -1
}
