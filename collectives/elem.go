package collectives

import (
	"unsafe"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Elem is the type of a buffer's elements.
type Elem interface {
	float32 | float64 | int32 | int64 | uint8
}

// Op is how a reduction combines elements: Sum, Mean, Min, Max or Prod.
type Op = transport.Op

// The reductions. Sum and Prod of integers wrap around; Mean is the Sum divided by the number of ranks, truncated for
// integers; Min and Max give NaN where any rank has one.
const (
	Sum  = transport.Sum
	Mean = transport.Mean
	Min  = transport.Min
	Max  = transport.Max
	Prod = transport.Prod
)

// dtypeOf returns the wire's name of T.
func dtypeOf[T Elem]() transport.DType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return transport.Float32
	case float64:
		return transport.Float64
	case int32:
		return transport.Int32
	case int64:
		return transport.Int64
	default:
		return transport.Uint8
	}
}

// bytesOf returns the memory of s. The ranks have one byte order between them: the transports see to that.
func bytesOf[T Elem | uint64](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// elemsOf is the inverse of bytesOf. p is aligned for T wherever it came from a []T or from scratch.
func elemsOf[T Elem | uint16](p []byte) []T {
	var zero T
	if len(p) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&p[0])), len(p)/int(unsafe.Sizeof(zero)))
}
