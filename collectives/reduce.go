package collectives

import (
	"fmt"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// combine computes dst = dst ∘ src, element by element, for the operation op; Mean adds, its division comes at the end.
// Floating-point addition and multiplication commute, so dst ∘ src and src ∘ dst have the same bits but for the payload
// of a NaN.
func combine(d transport.DType, op Op, dst, src []byte) {
	if len(dst) != len(src) {
		panic(fmt.Sprintf("collectives: combine: %d and %d bytes", len(dst), len(src)))
	}
	switch d {
	case transport.Float32:
		combineElems(op, elemsOf[float32](dst), elemsOf[float32](src))
	case transport.Float64:
		combineElems(op, elemsOf[float64](dst), elemsOf[float64](src))
	case transport.Int32:
		combineElems(op, elemsOf[int32](dst), elemsOf[int32](src))
	case transport.Int64:
		combineElems(op, elemsOf[int64](dst), elemsOf[int64](src))
	case transport.Uint8:
		combineElems(op, dst, src)
	default:
		panic(fmt.Sprintf("collectives: combine: unknown type %v", d))
	}
}

func combineElems[T Elem](op Op, dst, src []T) {
	src = src[:len(dst)]
	switch op {
	case Sum, Mean:
		for i, v := range src {
			dst[i] += v
		}
	case Min:
		for i, v := range src {
			dst[i] = min(dst[i], v)
		}
	case Max:
		for i, v := range src {
			dst[i] = max(dst[i], v)
		}
	case Prod:
		for i, v := range src {
			dst[i] *= v
		}
	default:
		panic(fmt.Sprintf("collectives: combine: unknown operation %v", op))
	}
}

// finish completes a reduction over size ranks: for Mean it divides.
func finish(d transport.DType, op Op, size int, p []byte) {
	if op != Mean {
		return
	}
	switch d {
	case transport.Float32:
		divide(elemsOf[float32](p), float32(size))
	case transport.Float64:
		divide(elemsOf[float64](p), float64(size))
	case transport.Int32:
		divide(elemsOf[int32](p), int32(size))
	case transport.Int64:
		divide(elemsOf[int64](p), int64(size))
	case transport.Uint8:
		divide(p, uint8(size))
	}
}

func divide[T Elem](p []T, by T) {
	for i := range p {
		p[i] /= by
	}
}
