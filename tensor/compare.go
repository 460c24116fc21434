package tensor

// This file compares tensors, element by element, and combines the Bool tensors that this gives. Shapes broadcast, and
// dtypes must be equal, as in arithmetic. A NaN is unequal to everything, itself included, and neither less nor greater.

// Eq returns a Bool tensor: where a = b. Shapes broadcast. For the question whether whole tensors are the same, see the
// method Equal.
func Eq(a, b *Tensor) *Tensor { return eqOp.make(a, b) }

// EqTo stores where a = b in dst, a Bool tensor.
func EqTo(dst, a, b *Tensor) { eqOp.to(dst, a, b) }

// Ne returns a Bool tensor: where a ≠ b. Shapes broadcast.
func Ne(a, b *Tensor) *Tensor { return neOp.make(a, b) }

// NeTo stores where a ≠ b in dst, a Bool tensor.
func NeTo(dst, a, b *Tensor) { neOp.to(dst, a, b) }

// Lt returns a Bool tensor: where a < b. Shapes broadcast.
func Lt(a, b *Tensor) *Tensor { return ltOp.make(a, b) }

// LtTo stores where a < b in dst, a Bool tensor.
func LtTo(dst, a, b *Tensor) { ltOp.to(dst, a, b) }

// Le returns a Bool tensor: where a ≤ b. Shapes broadcast.
func Le(a, b *Tensor) *Tensor { return leOp.make(a, b) }

// LeTo stores where a ≤ b in dst, a Bool tensor.
func LeTo(dst, a, b *Tensor) { leOp.to(dst, a, b) }

// Gt returns a Bool tensor: where a > b. Shapes broadcast.
func Gt(a, b *Tensor) *Tensor { return gtOp.make(a, b) }

// GtTo stores where a > b in dst, a Bool tensor.
func GtTo(dst, a, b *Tensor) { gtOp.to(dst, a, b) }

// Ge returns a Bool tensor: where a ≥ b. Shapes broadcast.
func Ge(a, b *Tensor) *Tensor { return geOp.make(a, b) }

// GeTo stores where a ≥ b in dst, a Bool tensor.
func GeTo(dst, a, b *Tensor) { geOp.to(dst, a, b) }

// And returns a Bool tensor: where both Bool tensors are true. Shapes broadcast.
func And(a, b *Tensor) *Tensor { return andOp.make(a, b) }

// AndTo stores where both a and b are true in dst; all are Bool.
func AndTo(dst, a, b *Tensor) { andOp.to(dst, a, b) }

// Or returns a Bool tensor: where either Bool tensor is true. Shapes broadcast.
func Or(a, b *Tensor) *Tensor { return orOp.make(a, b) }

// OrTo stores where a or b is true in dst; all are Bool.
func OrTo(dst, a, b *Tensor) { orOp.to(dst, a, b) }

// Xor returns a Bool tensor: where exactly one of two Bool tensors is true. Shapes broadcast.
func Xor(a, b *Tensor) *Tensor { return xorOp.make(a, b) }

// XorTo stores where exactly one of a and b is true in dst; all are Bool.
func XorTo(dst, a, b *Tensor) { xorOp.to(dst, a, b) }

var (
	eqOp = &binaryOp{"Eq", cheap, Bool, loopsByDType{Float32: binaryRow(eq[float32]), Float64: binaryRow(eq[float64]),
		Int32: binaryRow(eq[int32]), Int64: binaryRow(eq[int64]), Uint8: binaryRow(eq[uint8]), Int8: binaryRow(eq[int8]),
		Bool: binaryRow(eq[bool])}}
	neOp = &binaryOp{"Ne", cheap, Bool, loopsByDType{Float32: binaryRow(ne[float32]), Float64: binaryRow(ne[float64]),
		Int32: binaryRow(ne[int32]), Int64: binaryRow(ne[int64]), Uint8: binaryRow(ne[uint8]), Int8: binaryRow(ne[int8]),
		Bool: binaryRow(ne[bool])}}
	ltOp = &binaryOp{"Lt", cheap, Bool, loopsByDType{Float32: binaryRow(lt[float32]), Float64: binaryRow(lt[float64]),
		Int32: binaryRow(lt[int32]), Int64: binaryRow(lt[int64]), Uint8: binaryRow(lt[uint8]), Int8: binaryRow(lt[int8])}}
	leOp = &binaryOp{"Le", cheap, Bool, loopsByDType{Float32: binaryRow(le[float32]), Float64: binaryRow(le[float64]),
		Int32: binaryRow(le[int32]), Int64: binaryRow(le[int64]), Uint8: binaryRow(le[uint8]), Int8: binaryRow(le[int8])}}
	gtOp = &binaryOp{"Gt", cheap, Bool, loopsByDType{Float32: binaryRow(gt[float32]), Float64: binaryRow(gt[float64]),
		Int32: binaryRow(gt[int32]), Int64: binaryRow(gt[int64]), Uint8: binaryRow(gt[uint8]),
		Int8: binaryRow(gt[int8])}}
	geOp = &binaryOp{"Ge", cheap, Bool, loopsByDType{Float32: binaryRow(ge[float32]), Float64: binaryRow(ge[float64]),
		Int32: binaryRow(ge[int32]), Int64: binaryRow(ge[int64]), Uint8: binaryRow(ge[uint8]),
		Int8: binaryRow(ge[int8])}}
	andOp = &binaryOp{"And", cheap, Bool, loopsByDType{Bool: binaryRow(and)}}
	orOp  = &binaryOp{"Or", cheap, Bool, loopsByDType{Bool: binaryRow(either)}}
	xorOp = &binaryOp{"Xor", cheap, Bool, loopsByDType{Bool: binaryRow(ne[bool])}}
)

func eq[T comparable](dst []bool, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] == b[i]
	}
}

func ne[T comparable](dst []bool, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] != b[i]
	}
}

func lt[T number](dst []bool, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] < b[i]
	}
}

func le[T number](dst []bool, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] <= b[i]
	}
}

func gt[T number](dst []bool, a, b []T) { lt(dst, b, a) }
func ge[T number](dst []bool, a, b []T) { le(dst, b, a) }

func and(dst, a, b []bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] && b[i]
	}
}

func either(dst, a, b []bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] || b[i]
	}
}
