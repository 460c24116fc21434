package table

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/tensor"
)

// This file turns numbers of tables into elements of tensors, with every value checked.

type number interface {
	~float32 | ~float64 | ~int64 | ~int32 | ~int8 | ~uint8
}

// put sets rows·width elements of dst, row i's from at+i·stride on, to the elements of leaf from from on. It returns
// the row of the first that cannot be.
func (p *part) put(dst *tensor.Tensor, at, stride int, leaf *Column, from, rows, width int) (row int, err error) {
	if rows*width == 0 {
		return 0, nil
	}
	g := grid{stride, rows, width}
	switch dst.DType() {
	case tensor.Float32:
		return put(p, tensor.Data[float32](dst)[at:], g, leaf, from)
	case tensor.Float64:
		return put(p, tensor.Data[float64](dst)[at:], g, leaf, from)
	case tensor.Int64:
		return put(p, tensor.Data[int64](dst)[at:], g, leaf, from)
	case tensor.Int32:
		return put(p, tensor.Data[int32](dst)[at:], g, leaf, from)
	case tensor.Int8:
		return put(p, tensor.Data[int8](dst)[at:], g, leaf, from)
	case tensor.Uint8:
		return put(p, tensor.Data[uint8](dst)[at:], g, leaf, from)
	}
	out := tensor.Data[bool](dst)[at:]
	for i := range rows * width {
		v := int64(p.pick.Fill)
		if !leaf.Null(from + i) {
			v = leaf.Ints[from+i]
		} else if p.pick.Null == NullError {
			return i / width, ErrNull
		}
		if v != 0 && v != 1 {
			return i / width, fmt.Errorf("%d is no boolean", v)
		}
		out[g.at(i)] = v != 0
	}
	return 0, nil
}

// grid is where the elements of some rows lie: width side by side, rows stride apart.
type grid struct{ stride, rows, width int }

func (g grid) at(i int) int { return i/g.width*g.stride + i%g.width }

func put[T number](p *part, dst []T, g grid, leaf *Column, from int) (row int, err error) {
	n := g.rows * g.width
	missing := missingOf[T](p)
	mayMiss := p.pick.Null != NullError
	bad := -1
	switch t := leaf.Type; t.storage() {
	case inFloats32:
		bad = move(dst, g, leaf.Floats32[from:from+n], missing, mayMiss)
	case inFloats:
		bad = move(dst, g, leaf.Floats[from:from+n], missing, mayMiss)
	case inData:
		bad = move(dst, g, leaf.Data[from:from+n], missing, false)
	case inInts:
		ints := leaf.Ints[from : from+n]
		switch {
		case t.Kind == Bool || t.Kind == Int:
			bad = move(dst, g, ints, missing, false)
		case isWhole[T]():
			var whole []int64
			if whole, bad = wholes(ints, t); bad < 0 {
				bad = move(dst, g, whole, missing, false)
			}
		default:
			bad = move(dst, g, reals(ints, t), missing, false)
		}
	}
	if bad >= 0 {
		return bad / g.width, p.refuse(leaf, from+bad)
	}
	if leaf.Valid != nil && leaf.Type.storage() != inData {
		for i, ok := range leaf.Valid[from : from+n] {
			if ok {
				continue
			}
			if !mayMiss {
				return i / g.width, ErrNull
			}
			dst[g.at(i)] = missing
		}
	}
	if p.pick.Scale != 1 {
		scale(dst, g, p.pick.Scale, p.bytes)
	}
	return 0, nil
}

// refuse says why an element of leaf is none of the column's DType.
func (p *part) refuse(leaf *Column, i int) error {
	var v any
	if leaf.Type.storage() == inData {
		v = leaf.Data[i]
	} else if v = leaf.At(i); fmt.Sprint(v) == "NaN" {
		return errNaN
	}
	if d := p.column.DType; d != tensor.Float32 && d != tensor.Float64 {
		return fmt.Errorf("%v is no %v", v, d)
	}
	return fmt.Errorf("%v is not a finite %v", v, p.column.DType)
}

// missingOf returns what a missing number becomes.
func missingOf[T number](p *part) T {
	if p.pick.Null == NullNaN {
		nan := math.NaN()
		return T(nan)
	}
	return T(p.pick.Fill)
}

func isWhole[T number]() bool { return T(1)/T(2) == 0 }

// move sets elements of dst to src, and returns the place of the first that T does not hold, or -1. A NaN becomes
// missing, if that may be. Between floats, and from integers to floats, values are rounded to the nearest.
func move[T, S number](dst []T, g grid, src []S, missing T, mayMiss bool) int {
	whole, fromFloat := isWhole[T](), !isWhole[S]()
	if same, ok := any(dst).([]S); ok && whole {
		if g.stride == g.width {
			copy(same[:len(src)], src)
			return -1
		}
		for i := 0; i < len(src); i += g.width {
			copy(same[i/g.width*g.stride:][:g.width], src[i:])
		}
		return -1
	}
	if bytes, ok := any(src).([]uint8); ok && !whole {
		for i := 0; i < len(bytes); i += g.width {
			d := dst[i/g.width*g.stride:][:g.width]
			for j, b := range bytes[i:][:g.width] {
				d[j] = T(b)
			}
		}
		return -1
	}
	for i := 0; i < len(src); i += g.width {
		d := dst[i/g.width*g.stride:][:g.width]
		for j, s := range src[i : i+g.width] {
			v := T(s)
			var good bool
			if whole {
				good = S(v) == s && v < 0 == (s < 0) && !(fromFloat && float64(s) >= 1<<63)
			} else {
				good = v-v == 0
			}
			if !good {
				if s == s || !mayMiss {
					return i + j
				}
				v = missing
			}
			d[j] = v
		}
	}
	return -1
}

// scale multiplies: bytes in float64, rounded once, all others in T.
func scale[T number](dst []T, g grid, by float64, bytes bool) {
	for r := range g.rows {
		d := dst[r*g.stride:][:g.width]
		for j := range d {
			if bytes {
				d[j] = T(float64(d[j]) * by)
			} else {
				d[j] *= T(by)
			}
		}
	}
}

// reals returns times in seconds, and decimals with their scale applied.
func reals(ints []int64, t Type) []float64 {
	out := make([]float64, len(ints))
	for i, v := range ints {
		switch {
		case t.Kind == Decimal && t.Scale < 0:
			out[i] = float64(v) * math.Pow10(-t.Scale)
		case t.Kind == Decimal:
			out[i] = float64(v) / math.Pow10(t.Scale)
		case t.Unit >= Second:
			out[i] = float64(v) * float64(t.Unit/Second)
		default:
			out[i] = float64(v) / float64(Second/t.Unit)
		}
	}
	return out
}

// wholes returns times in whole seconds, rounded down, and decimals that are integers; else the place of one that is
// not, or is past int64.
func wholes(ints []int64, t Type) (out []int64, bad int) {
	mul, div := int64(1), int64(1)
	switch {
	case t.Kind == Decimal && t.Scale < 0:
		mul = int64(math.Pow10(min(-t.Scale, 18)))
	case t.Kind == Decimal:
		div = int64(math.Pow10(min(t.Scale, 18)))
	case t.Unit >= Second:
		mul = int64(t.Unit / Second)
	default:
		div = int64(Second / t.Unit)
	}
	out = make([]int64, len(ints))
	for i, v := range ints {
		rest := v % div
		if t.Kind == Decimal && rest != 0 || v > math.MaxInt64/mul || v < math.MinInt64/mul {
			return nil, i
		}
		out[i] = v / div * mul
		if rest < 0 {
			out[i]--
		}
	}
	return out, -1
}
