package transport

import "fmt"

// DType is the type of a buffer's elements, as native collectives and the agreement check need to know it.
type DType uint8

// The element types that can be reduced. The values travel on the wire: do not renumber.
const (
	Float32 DType = 1 + iota
	Float64
	Int32
	Int64
	Uint8
)

// Size returns the size of one element in bytes.
func (d DType) Size() int {
	switch d {
	case Float32, Int32:
		return 4
	case Float64, Int64:
		return 8
	case Uint8:
		return 1
	}
	panic(fmt.Sprintf("transport: DType.Size: unknown type %d", uint8(d)))
}

// String returns Go's name of the type.
func (d DType) String() string {
	switch d {
	case Float32:
		return "float32"
	case Float64:
		return "float64"
	case Int32:
		return "int32"
	case Int64:
		return "int64"
	case Uint8:
		return "uint8"
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// Op is how a reduction combines two elements.
type Op uint8

// The reductions. The values travel on the wire: do not renumber.
const (
	// Sum adds. Integers wrap around.
	Sum Op = iota
	// Mean adds, then divides by the number of ranks; integers truncate towards zero after wrapping.
	Mean
	// Min keeps the smaller, as Go's min: a NaN on any rank gives NaN.
	Min
	// Max keeps the larger, as Go's max: a NaN on any rank gives NaN.
	Max
	// Prod multiplies. Integers wrap around.
	Prod
)

// String returns the operation's name in lower case.
func (o Op) String() string {
	switch o {
	case Sum:
		return "sum"
	case Mean:
		return "mean"
	case Min:
		return "min"
	case Max:
		return "max"
	case Prod:
		return "prod"
	}
	return fmt.Sprintf("Op(%d)", uint8(o))
}
