package arrow

import (
	"fmt"
	"math"
	"reflect"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/float16"
)

// This file turns Arrow's arrays into slices of numbers, and those into float32 inputs and int64 labels.

// A valueKind is what elements of an Arrow type are good for.
type valueKind int

const (
	noKind    valueKind = iota
	wholeKind           // integers and booleans: features, labels
	realKind            // floating point and decimals: features, targets
	timeKind            // moments and durations, in seconds: features
	textKind            // strings: labels
)

func kindOf(dt arrow.DataType) valueKind {
	switch id := dt.ID(); {
	case arrow.IsInteger(id), id == arrow.BOOL:
		return wholeKind
	case arrow.IsFloating(id), id == arrow.DECIMAL128, id == arrow.DECIMAL256:
		return realKind
	case id == arrow.TIMESTAMP, id == arrow.DATE32, id == arrow.DATE64, id == arrow.TIME32, id == arrow.TIME64,
		id == arrow.DURATION:
		return timeKind
	case id == arrow.STRING, id == arrow.LARGE_STRING:
		return textKind
	case id == arrow.DICTIONARY:
		return kindOf(dt.(*arrow.DictionaryType).ValueType)
	}
	return noKind
}

// numbers returns elements lo to hi of an array, none of them null, of a type that kindOf calls whole, real or time;
// without a copy where Go has the type. at is the element an error is about, counted from lo.
func numbers(a arrow.Array, lo, hi int) (values any, at int, err error) {
	if lo == hi {
		return []uint8{}, 0, nil
	}
	if d, ok := a.(*array.Dictionary); ok {
		return decode(d, lo, hi)
	}
	bits := a.DataType().(arrow.FixedWidthDataType).BitWidth()
	if have, want := a.Data().Buffers()[1].Len(), ((a.Data().Offset()+hi)*bits+7)/8; have < want {
		return nil, 0, fmt.Errorf("the column holds %d bytes, its length takes %d", have, want)
	}
	switch a := a.(type) {
	case *array.Uint8:
		values = a.Uint8Values()[lo:hi]
	case *array.Int8:
		values = a.Int8Values()[lo:hi]
	case *array.Uint16:
		values = a.Uint16Values()[lo:hi]
	case *array.Int16:
		values = a.Int16Values()[lo:hi]
	case *array.Uint32:
		values = a.Uint32Values()[lo:hi]
	case *array.Int32:
		values = a.Int32Values()[lo:hi]
	case *array.Uint64:
		values = a.Uint64Values()[lo:hi]
	case *array.Int64:
		values = a.Int64Values()[lo:hi]
	case *array.Float16:
		values = a.Values()[lo:hi]
	case *array.Float32:
		values = a.Float32Values()[lo:hi]
	case *array.Float64:
		values = a.Float64Values()[lo:hi]
	case *array.Boolean:
		values = made(lo, hi, func(i int) uint8 {
			if a.Value(i) {
				return 1
			}
			return 0
		})
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		values = made(lo, hi, func(i int) float64 { return a.Value(i).ToFloat64(scale) })
	case *array.Decimal256:
		scale := a.DataType().(*arrow.Decimal256Type).Scale
		values = made(lo, hi, func(i int) float64 { return a.Value(i).ToFloat64(scale) })
	case *array.Timestamp:
		values = seconds(a.TimestampValues()[lo:hi], perSecond(a.DataType().(*arrow.TimestampType).Unit))
	case *array.Time32:
		values = seconds(a.Time32Values()[lo:hi], perSecond(a.DataType().(*arrow.Time32Type).Unit))
	case *array.Time64:
		values = seconds(a.Time64Values()[lo:hi], perSecond(a.DataType().(*arrow.Time64Type).Unit))
	case *array.Duration:
		values = seconds(a.DurationValues()[lo:hi], perSecond(a.DataType().(*arrow.DurationType).Unit))
	case *array.Date32:
		values = seconds(a.Date32Values()[lo:hi], 1.0/(24*60*60))
	case *array.Date64:
		values = seconds(a.Date64Values()[lo:hi], 1e3)
	default:
		panic(fmt.Sprintf("dataset: a column of %s got past the schema", a.DataType()))
	}
	return values, 0, nil
}

// made returns fn of lo to hi-1.
func made[T any](lo, hi int, fn func(i int) T) []T {
	list := make([]T, hi-lo)
	for i := range list {
		list[i] = fn(lo + i)
	}
	return list
}

func seconds[T ~int32 | ~int64](v []T, perSecond float64) []float64 {
	return made(0, len(v), func(i int) float64 { return float64(v[i]) / perSecond })
}

func perSecond(u arrow.TimeUnit) float64 {
	return map[arrow.TimeUnit]float64{arrow.Second: 1, arrow.Millisecond: 1e3, arrow.Microsecond: 1e6,
		arrow.Nanosecond: 1e9}[u]
}

// decode returns elements of a dictionary's column as the dictionary's values: int64 if they are whole, else float64.
func decode(d *array.Dictionary, lo, hi int) (values any, at int, err error) {
	places, at, err := indices(d, lo, hi)
	if err != nil {
		return nil, at, err
	}
	words := d.Dictionary()
	all, _, err := numbers(words, 0, words.Len())
	if err != nil {
		return nil, 0, err
	}
	if kindOf(words.DataType()) == wholeKind {
		if v, ok := all.([]uint64); ok {
			for i := range places {
				if v[places[i]] > math.MaxInt64 {
					return nil, i, fmt.Errorf("%d is too large", v[places[i]])
				}
			}
		}
		whole := integers(all)
		return made(0, len(places), func(i int) int64 { return whole[places[i]] }), 0, nil
	}
	return made(0, len(places), func(i int) float64 { return real64(all, int(places[i])) }), 0, nil
}

// indices returns the places in the dictionary of a column's elements lo to hi. None is out of range or null.
func indices(d *array.Dictionary, lo, hi int) (places []int64, at int, err error) {
	raw, at, err := numbers(d.Indices(), lo, hi)
	if err != nil {
		return nil, at, err
	}
	words := d.Dictionary()
	places = integers(raw)
	for i, p := range places {
		if p < 0 || p >= int64(words.Len()) {
			return nil, i, fmt.Errorf("entry %d of a dictionary of %d", p, words.Len())
		}
		if words.IsNull(int(p)) {
			return nil, i, fmt.Errorf("is null")
		}
	}
	return places, 0, nil
}

// real64 returns element i of a slice of floating-point numbers.
func real64(values any, i int) float64 {
	switch v := values.(type) {
	case []float16.Num:
		return float64(v[i].Float32())
	case []float32:
		return float64(v[i])
	}
	return values.([]float64)[i]
}

// scatter writes values, rows of width elements, into dst, whose rows lie stride apart, rounded to float32. It returns
// the position of the first that is not finite as a float32, or -1.
func scatter(dst []float32, values any, stride, width int) int {
	switch v := values.(type) {
	case []uint8:
		return scatterNumbers(dst, v, stride, width)
	case []int8:
		return scatterNumbers(dst, v, stride, width)
	case []uint16:
		return scatterNumbers(dst, v, stride, width)
	case []int16:
		return scatterNumbers(dst, v, stride, width)
	case []uint32:
		return scatterNumbers(dst, v, stride, width)
	case []int32:
		return scatterNumbers(dst, v, stride, width)
	case []uint64:
		return scatterNumbers(dst, v, stride, width)
	case []int64:
		return scatterNumbers(dst, v, stride, width)
	case []float16.Num:
		wide := make([]float32, len(v))
		for i, h := range v {
			wide[i] = h.Float32()
		}
		return scatterNumbers(dst, wide, stride, width)
	case []float32:
		return scatterNumbers(dst, v, stride, width)
	case []float64:
		return scatterNumbers(dst, v, stride, width)
	}
	panic(fmt.Sprintf("dataset: scatter of %T", values))
}

type number interface {
	uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64 | int64 | float32 | float64
}

func scatterNumbers[T number](dst []float32, v []T, stride, width int) int {
	for i := 0; i*width < len(v); i++ {
		for j, x := range v[i*width : (i+1)*width] {
			f := float32(x)
			if math.IsInf(float64(f), 0) || f != f {
				return i*width + j
			}
			dst[i*stride+j] = f
		}
	}
	return -1
}

// integers returns integer values as int64. A uint64 past the largest int64 comes out negative, which no label is.
func integers(values any) []int64 {
	switch v := values.(type) {
	case []uint8:
		return widen(v)
	case []int8:
		return widen(v)
	case []uint16:
		return widen(v)
	case []int16:
		return widen(v)
	case []uint32:
		return widen(v)
	case []int32:
		return widen(v)
	case []uint64:
		return widen(v)
	case []int64:
		return v
	}
	panic(fmt.Sprintf("dataset: integers of %T", values))
}

func widen[T uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64](v []T) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}

// element returns element i of a slice of numbers as it was stored, for messages.
func element(values any, i int) any { return reflect.ValueOf(values).Index(i).Interface() }
