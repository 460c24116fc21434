package tensor

// This file holds arithmetic on two tensors, element by element. Shapes broadcast; dtypes must be equal, for nothing is
// promoted silently. F(a, b) returns a new tensor; FTo(dst, a, b) writes to dst, which has the broadcast shape and may be a
// or b themselves, but must not overlap one in any other way.
//
// Integers wrap around, as Go's do.

import (
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Add returns a + b. Shapes broadcast.
func Add(a, b *Tensor) *Tensor { return addOp.make(a, b) }

// AddTo stores a + b in dst.
func AddTo(dst, a, b *Tensor) { addOp.to(dst, a, b) }

// Sub returns a − b. Shapes broadcast.
func Sub(a, b *Tensor) *Tensor { return subOp.make(a, b) }

// SubTo stores a − b in dst.
func SubTo(dst, a, b *Tensor) { subOp.to(dst, a, b) }

// Mul returns a·b, element by element. Shapes broadcast.
func Mul(a, b *Tensor) *Tensor { return mulOp.make(a, b) }

// MulTo stores a·b, element by element, in dst.
func MulTo(dst, a, b *Tensor) { mulOp.to(dst, a, b) }

// Div returns a/b, element by element, for Float32 and Float64. Shapes broadcast. For integers, see FloorDiv.
func Div(a, b *Tensor) *Tensor { return divOp.make(a, b) }

// DivTo stores a/b, element by element, in dst.
func DivTo(dst, a, b *Tensor) { divOp.to(dst, a, b) }

// FloorDiv returns ⌊a/b⌋ for the exact quotient, as Python's a // b: 1 // 0.2 is 4, for the number next to 0.2 is above
// it. Shapes broadcast. A float divided by zero is ±Inf or NaN, as in NumPy; an integer panics, as in Python and
// PyTorch (NumPy makes it 0). The least integer divided by −1 is itself.
func FloorDiv(a, b *Tensor) *Tensor { return floorDivOp.make(a, b) }

// FloorDivTo stores ⌊a/b⌋ in dst.
func FloorDivTo(dst, a, b *Tensor) { floorDivOp.to(dst, a, b) }

// Mod returns a − b·⌊a/b⌋, rounded once, as Python's a % b: it has the sign of b, also where it is zero. Shapes
// broadcast. A float modulo zero is NaN, and so is ±Inf modulo anything; it panics for an integer modulo zero.
func Mod(a, b *Tensor) *Tensor { return modOp.make(a, b) }

// ModTo stores a modulo b in dst.
func ModTo(dst, a, b *Tensor) { modOp.to(dst, a, b) }

// Pow returns aᵇ. Floats are math.Pow's; integers wrap around, 0⁰ is 1, and a negative exponent panics, as in NumPy.
// Shapes broadcast. See PowScalar for a constant exponent.
func Pow(a, b *Tensor) *Tensor { return powOp.make(a, b) }

// PowTo stores aᵇ in dst.
func PowTo(dst, a, b *Tensor) { powOp.to(dst, a, b) }

// Atan2 returns the angle of the point (b, a), in (−π, π], for Float32 and Float64. Shapes broadcast.
func Atan2(a, b *Tensor) *Tensor { return atan2Op.make(a, b) }

// Atan2To stores the angle of the point (b, a) in dst.
func Atan2To(dst, a, b *Tensor) { atan2Op.to(dst, a, b) }

// Maximum returns the larger of a and b, element by element; a NaN in either gives NaN. Shapes broadcast.
func Maximum(a, b *Tensor) *Tensor { return maximumOp.make(a, b) }

// MaximumTo stores the larger of a and b, element by element, in dst.
func MaximumTo(dst, a, b *Tensor) { maximumOp.to(dst, a, b) }

// Minimum returns the smaller of a and b, element by element; a NaN in either gives NaN. Shapes broadcast.
func Minimum(a, b *Tensor) *Tensor { return minimumOp.make(a, b) }

// MinimumTo stores the smaller of a and b, element by element, in dst.
func MinimumTo(dst, a, b *Tensor) { minimumOp.to(dst, a, b) }

// A binaryOp is an operation on two tensors: what it is called in panics, and a loop for each dtype that it takes.
type binaryOp struct {
	name   string
	grain  int
	result DType // 0: that of the operands
	rows   loopsByDType
}

// loopsByDType holds a loop for each dtype of the first operand, nil where there is none.
type loopsByDType [len(dtypes)]rowFunc

var (
	addOp = &binaryOp{"Add", cheap, 0, numeric(vec.Add[float32], vec.Add[float64],
		addInt[int32], addInt[int64], addInt[uint8], addInt[int8])}
	subOp = &binaryOp{"Sub", cheap, 0, numeric(vec.Sub[float32], vec.Sub[float64],
		subInt[int32], subInt[int64], subInt[uint8], subInt[int8])}
	mulOp = &binaryOp{"Mul", cheap, 0, numeric(vec.Mul[float32], vec.Mul[float64],
		mulInt[int32], mulInt[int64], mulInt[uint8], mulInt[int8])}
	divOp      = &binaryOp{"Div", cheap, 0, floats(vec.Div[float32], vec.Div[float64])}
	floorDivOp = &binaryOp{"FloorDiv", costly, 0, numeric(floorDivFloat[float32], floorDivFloat[float64],
		floorDivInt[int32], floorDivInt[int64], floorDivInt[uint8], floorDivInt[int8])}
	modOp = &binaryOp{"Mod", costly, 0, numeric(modFloat[float32], modFloat[float64],
		modInt[int32], modInt[int64], modInt[uint8], modInt[int8])}
	powOp = &binaryOp{"Pow", costly, 0, numeric(pow[float32], pow[float64],
		powInt[int32], powInt[int64], powInt[uint8], powInt[int8])}
	atan2Op   = &binaryOp{"Atan2", costly, 0, floats(atan2[float32], atan2[float64])}
	maximumOp = &binaryOp{"Maximum", cheap, 0, numeric(vec.Maximum[float32], vec.Maximum[float64],
		maxInt[int32], maxInt[int64], maxInt[uint8], maxInt[int8])}
	minimumOp = &binaryOp{"Minimum", cheap, 0, numeric(vec.Minimum[float32], vec.Minimum[float64],
		minInt[int32], minInt[int64], minInt[uint8], minInt[int8])}
)

// numeric is the loops of an operation on all the dtypes that count.
func numeric(f32 func(d, a, b []float32), f64 func(d, a, b []float64), i32 func(d, a, b []int32), i64 func(d, a, b []int64),
	u8 func(d, a, b []uint8), i8 func(d, a, b []int8)) loopsByDType {
	return loopsByDType{Float32: binaryRow(f32), Float64: binaryRow(f64), Int32: binaryRow(i32), Int64: binaryRow(i64),
		Uint8: binaryRow(u8), Int8: binaryRow(i8)}
}

// floats is the loops of an operation on floating-point numbers alone.
func floats(f32 func(d, a, b []float32), f64 func(d, a, b []float64)) loopsByDType {
	return loopsByDType{Float32: binaryRow(f32), Float64: binaryRow(f64)}
}

func (o *binaryOp) make(a, b *Tensor) *Tensor {
	d := a.dtype
	if o.result != 0 {
		d = o.result
	}
	var room [2 * inlineRank]int
	dst := New(d, MustBroadcast("tensor", o.name, room[:0], a.shape, b.shape)...)
	o.to(dst, a, b)
	return dst
}

func (o *binaryOp) to(dst, a, b *Tensor) {
	if a.dtype != b.dtype {
		panic(fmt.Sprintf("tensor: %s: dtypes %v and %v", o.name, a.dtype, b.dtype))
	}
	f := o.rows.of(o.name, a.dtype)
	mustDType(o.name, dst, or(o.result, a.dtype))
	mustHoldBroadcast(o.name, dst, a, b)
	run(f, o.grain, dst.shape, dst, a, b)
}

// of returns the loop for d, and panics where there is none.
func (l *loopsByDType) of(op string, d DType) rowFunc {
	f := l[d]
	if f == nil {
		panic(fmt.Sprintf("tensor: %s: dtype %v is not one it works on", op, d))
	}
	return f
}

// or returns d, or instead if d is no dtype.
func or(d, instead DType) DType {
	if d != 0 {
		return d
	}
	return instead
}

func mustDType(op string, dst *Tensor, want DType) {
	if dst.dtype != want {
		panic(fmt.Sprintf("tensor: %s: the destination is %v, the result %v", op, dst.dtype, want))
	}
}

// mustHoldBroadcast panics unless dst has the shape that a and b broadcast to.
func mustHoldBroadcast(op string, dst, a, b *Tensor) {
	ok := len(dst.shape) == max(len(a.shape), len(b.shape))
	for i := 0; ok && i < len(dst.shape); i++ {
		d, x, y := fromLast(dst.shape, i), fromLast(a.shape, i), fromLast(b.shape, i)
		ok = d == x && (y == d || y == 1) || d == y && x == 1
	}
	if !ok {
		shape := MustBroadcast("tensor", op, nil, a.shape, b.shape)
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v, the result's %v", op, slices.Clone(dst.shape), shape))
	}
}

type integer interface {
	int32 | int64 | uint8 | int8
}

func addInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func subInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mulInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func maxInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

func minInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}

func floorDivFloat[T vec.Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		q, _ := divMod(float64(a[i]), float64(b[i]))
		dst[i] = T(q)
	}
}

// divMod returns x // y and x % y as Python and NumPy have them. math.Mod is exact, and so, but for rounding, is x less
// the rest.
func divMod(x, y float64) (q, r float64) {
	r = math.Mod(x, y)
	if y == 0 {
		return x / y, r
	}
	q = (x - r) / y
	switch {
	case r == 0:
		r = math.Copysign(0, y)
	case (r < 0) != (y < 0):
		r += y
		q--
	}
	if q == 0 {
		return math.Copysign(0, x/y), r
	}
	return math.Round(q), r
}

func floorDivInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		mustDivide("FloorDiv", a[i], b[i])
		q := a[i] / b[i]
		if r := a[i] % b[i]; r != 0 && (r < 0) != (b[i] < 0) {
			q--
		}
		dst[i] = q
	}
}

func modFloat[T vec.Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		_, r := divMod(float64(a[i]), float64(b[i]))
		dst[i] = T(r)
	}
}

func modInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		mustDivide("Mod", a[i], b[i])
		r := a[i] % b[i]
		if r != 0 && (r < 0) != (b[i] < 0) {
			r += b[i]
		}
		dst[i] = r
	}
}

func mustDivide[T integer](op string, a, b T) {
	if b == 0 {
		panic(fmt.Sprintf("tensor: %s: integer division of %d by 0", op, a))
	}
}

func powInt[T integer](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		if b[i] < 0 {
			panic(fmt.Sprintf("tensor: Pow: integer %d to the power of %d", a[i], b[i]))
		}
		dst[i] = integerPower(a[i], uint64(b[i]))
	}
}

// integerPower returns xⁿ, wrapped around: squares of squares.
func integerPower[T integer](x T, n uint64) T {
	y := T(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}

func pow[T vec.Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = T(elementary.Pow(float64(a[i]), float64(b[i])))
	}
}

func atan2[T vec.Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Atan2(float64(a[i]), float64(b[i])))
	}
}
