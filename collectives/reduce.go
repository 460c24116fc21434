package collectives

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
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
	switch op {
	case Sum, Mean:
		vec.AddTo(dst, src)
	case Min:
		vec.MinTo(dst, src)
	case Max:
		vec.MaxTo(dst, src)
	case Prod:
		vec.MulTo(dst, src)
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
		divideFloats(elemsOf[float32](p), size)
	case transport.Float64:
		divideFloats(elemsOf[float64](p), size)
	case transport.Int32:
		divideInts(elemsOf[int32](p), size)
	case transport.Int64:
		divideInts(elemsOf[int64](p), size)
	case transport.Uint8:
		divideInts(p, size)
	}
}

func divideFloats[T float32 | float64](p []T, by int) {
	for i := range p {
		p[i] /= T(by)
	}
}

// divideInts divides in 64 bits, as 256 ranks are too many for a uint8.
func divideInts[T int32 | int64 | uint8](p []T, by int) {
	for i := range p {
		p[i] = T(int64(p[i]) / int64(by))
	}
}
