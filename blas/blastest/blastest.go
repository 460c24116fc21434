// Package blastest is the conformance suite of blas: what every implementation must pass, whatever its kernels.
//
// It runs each routine on matrices inside guarded buffers, with padded strides, at sizes around the seams of tiles and
// blocks, and compares with the formula evaluated in float64, element by element. A tolerance is always the rounding error
// that the formula may commit: see [Bound].
package blastest

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Epsilon returns the unit roundoff of T: 2⁻²⁴ or 2⁻⁵³.
func Epsilon[T kernel.Float]() float64 {
	if unsafe.Sizeof(*new(T)) == 4 {
		return 0x1p-24
	}
	return 0x1p-53
}

// Bound returns the largest error of a sum of n products, accumulated in T in any order and then scaled and added to
// another term, whose absolute terms add up to abs.
//
// Each term passes at most n+4 roundings (its product, n sums, alpha, beta, and the last sum), so the error is at most
// γ·abs with γ = (n+4)u/(1-(n+4)u) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1). The
// reference in float64 commits as much again when T is float64. Gradual underflow adds a smallest number a term.
func Bound[T kernel.Float](n int, abs float64) float64 {
	u := Epsilon[T]() * float64(n+4)
	tiny := float64(math.SmallestNonzeroFloat32)
	if unsafe.Sizeof(*new(T)) == 8 {
		u *= 2
		tiny = math.SmallestNonzeroFloat64
	}
	return u/(1-u)*abs + float64(n+4)*tiny
}

// Guard is the number of elements before and after a guarded buffer that nobody may write.
const Guard = 37

// A Matrix is rows × cols elements, Stride apart from row to row, in a buffer with guard bands: before, after, and in the
// padding between rows lies a value that a routine must not change.
type Matrix[T kernel.Float] struct {
	Rows, Cols, Stride int
	Data               []T // from element 0,0 to the last one: no padding after the last row
	whole              []T
	before             []T // whole as it was at the last Keep
}

// NewMatrix returns a matrix of random elements in [-1, 1), whose padding and guards hold NaN.
func NewMatrix[T kernel.Float](rng *rand.Rand, rows, cols, pad int) *Matrix[T] {
	stride := max(1, cols) + pad
	n := 0
	if rows > 0 { // gonum asks for rows without columns too
		n = (rows-1)*stride + cols
	}
	m := &Matrix[T]{Rows: rows, Cols: cols, Stride: stride, whole: make([]T, n+2*Guard)}
	for i := range m.whole {
		m.whole[i] = T(math.NaN())
	}
	m.Data = m.whole[Guard : Guard+n : Guard+n]
	for i := range rows {
		for j := range cols {
			m.Data[i*stride+j] = T(2*rng.Float64() - 1)
		}
	}
	m.Keep()
	return m
}

// Keep notes the present contents for RequireUnchanged and RequireGuards.
func (m *Matrix[T]) Keep() { m.before = append(m.before[:0], m.whole...) }

// Fill sets every element, but neither padding nor guards.
func (m *Matrix[T]) Fill(v T) {
	for i := range m.Rows {
		for j := range m.Cols {
			m.Data[i*m.Stride+j] = v
		}
	}
	m.Keep()
}

// At returns element i, j.
func (m *Matrix[T]) At(i, j int) float64 { return float64(m.Data[i*m.Stride+j]) }

// Was returns element i, j at the last Keep.
func (m *Matrix[T]) Was(i, j int) float64 { return float64(m.before[Guard+i*m.Stride+j]) }

// RequireUnchanged fails the test unless every element, all padding and both guards are, bit for bit, as at the last Keep.
func (m *Matrix[T]) RequireUnchanged(t testing.TB, name string) {
	t.Helper()
	for i, v := range m.whole {
		if bits(v) != bits(m.before[i]) {
			require.Failf(t, "input written", "%s: element %d of the buffer = %v, was %v", name, i-Guard, v, m.before[i])
		}
	}
}

// RequireGuards fails the test unless all padding and both guards are as at the last Keep.
func (m *Matrix[T]) RequireGuards(t testing.TB, name string) {
	t.Helper()
	for i, v := range m.whole {
		at := i - Guard
		if at >= 0 && at < len(m.Data) && at%m.Stride < m.Cols {
			continue
		}
		if bits(v) != bits(m.before[i]) {
			require.Failf(t, "written out of bounds", "%s: position %d (stride %d) = %v, was %v", name, at, m.Stride, v, m.before[i])
		}
	}
}

func bits[T kernel.Float](v T) uint64 {
	if unsafe.Sizeof(v) == 4 {
		return uint64(math.Float32bits(float32(v)))
	}
	return math.Float64bits(float64(v))
}

// Close reports whether got is within tol of want; NaN is close to NaN, and an infinity to itself alone.
func Close(got, want, tol float64) bool {
	if math.IsNaN(want) || math.IsInf(want, 0) {
		return math.IsNaN(want) && math.IsNaN(got) || got == want
	}
	return math.Abs(got-want) <= tol
}
