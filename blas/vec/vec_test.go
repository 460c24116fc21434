package vec_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// lengths are the seams: none, one, the eight lanes of a sum and their neighbours, blocks, grains of spread loops, primes.
var lengths = []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 97, 1023, 1024, 1025, 2047, 4099, 8191, 8192, 32767, 32768, 40009}

// elementwise lists every elementwise function with its definition in float64. What takes one operand ignores b; what
// adds to its destination takes it as d.
func elementwise[T vec.Float]() []element[T] {
	return []element[T]{
		{"Add", vec.Add[T], func(d, a, b float64) float64 { return a + b }},
		{"Sub", vec.Sub[T], func(d, a, b float64) float64 { return a - b }},
		{"Mul", vec.Mul[T], func(d, a, b float64) float64 { return a * b }},
		{"Div", vec.Div[T], func(d, a, b float64) float64 { return a / b }},
		{"MulAdd", vec.MulAdd[T], func(d, a, b float64) float64 { return d + a*b }},
		{"Maximum", vec.Maximum[T], func(d, a, b float64) float64 { return math.Max(a, b) }},
		{"Minimum", vec.Minimum[T], func(d, a, b float64) float64 { return math.Min(a, b) }},
		{"Scale", func(d, a, b []T) { vec.Scale(d, 1.5, a) }, func(d, a, b float64) float64 { return 1.5 * a }},
		{"AddScalar", func(d, a, b []T) { vec.AddScalar(d, 1.5, a) }, func(d, a, b float64) float64 { return 1.5 + a }},
		{"Axpy", func(d, a, b []T) { vec.Axpy(d, 1.5, a) }, func(d, a, b float64) float64 { return d + 1.5*a }},
		{"Neg", func(d, a, b []T) { vec.Neg(d, a) }, func(d, a, b float64) float64 { return -a }},
		{"Abs", func(d, a, b []T) { vec.Abs(d, a) }, func(d, a, b float64) float64 { return math.Abs(a) }},
		{"Sqrt", func(d, a, b []T) { vec.Sqrt(d, a) }, func(d, a, b float64) float64 { return math.Sqrt(a) }},
		{"Rsqrt", func(d, a, b []T) { vec.Rsqrt(d, a) }, func(d, a, b float64) float64 { return 1 / math.Sqrt(a) }},
		{"LeakyRelu", func(d, a, b []T) { vec.LeakyRelu(d, 0.25, a) }, func(d, a, b float64) float64 { return max(a, 0.25*a) }},
		{"LeakyReluGrad", func(d, a, b []T) { vec.LeakyReluGrad(d, 0.25, a, b) }, func(d, a, b float64) float64 {
			if b > 0 {
				return a
			}
			return 0.25 * a
		}},
		{"AtLeast", func(d, a, b []T) { vec.AtLeast(d, -0.25, a) }, func(d, a, b float64) float64 { return max(a, -0.25) }},
		{"AtMost", func(d, a, b []T) { vec.AtMost(d, 0.25, a) }, func(d, a, b float64) float64 { return min(a, 0.25) }},
		{"KeepAbove", func(d, a, b []T) { vec.KeepAbove(d, -0.25, a, b) }, func(d, a, b float64) float64 { return when(b > -0.25, a, 0) }},
		{"KeepBelow", func(d, a, b []T) { vec.KeepBelow(d, 0.25, a, b) }, func(d, a, b float64) float64 { return when(b < 0.25, a, 0) }},
		{"HardswishGrad", vec.HardswishGrad[T], func(d, a, b float64) float64 {
			return when(b <= -3, 0, a*when(b >= 3, 1, b/3+0.5))
		}},
		{"Elu", func(d, a, b []T) { vec.Elu(d, 0.75, a) }, func(d, a, b float64) float64 { return max(a, 0) + 0.75*math.Expm1(min(a, 0)) }},
		{"Softplus", func(d, a, b []T) { vec.Softplus(d, a) }, func(d, a, b float64) float64 { return max(a, 0) + math.Log1p(math.Exp(-math.Abs(a))) }},
		{"Erf", func(d, a, b []T) { vec.Erf(d, a) }, func(d, a, b float64) float64 { return math.Erf(a) }},
		{"Silu", func(d, a, b []T) { vec.Silu(d, a) }, func(d, a, b float64) float64 { return a / (1 + math.Exp(-a)) }},
		{"SiluGrad", vec.SiluGrad[T], func(d, a, b float64) float64 {
			s := 1 / (1 + math.Exp(-b))
			return a * s * (1 + b*(1-s))
		}},
		{"Exp", func(d, a, b []T) { vec.Exp(d, a) }, func(d, a, b float64) float64 { return math.Exp(a) }},
		{"Log", func(d, a, b []T) { vec.Log(d, a) }, func(d, a, b float64) float64 { return math.Log(a) }},
		{"Tanh", func(d, a, b []T) { vec.Tanh(d, a) }, func(d, a, b float64) float64 { return math.Tanh(a) }},
		{"Sigmoid", func(d, a, b []T) { vec.Sigmoid(d, a) }, func(d, a, b float64) float64 { return 1 / (1 + math.Exp(-a)) }},
		{"Gelu", func(d, a, b []T) { vec.Gelu(d, a) }, func(d, a, b float64) float64 { return a * math.Erfc(-a/math.Sqrt2) / 2 }},
		{"GeluGrad", vec.GeluGrad[T], func(d, a, b float64) float64 {
			return a * (math.Erfc(-b/math.Sqrt2)/2 + b*math.Exp(-b*b/2)/math.Sqrt(2*math.Pi))
		}},
		{"Relu", func(d, a, b []T) { vec.Relu(d, a) }, func(d, a, b float64) float64 { return math.Max(a, 0) }},
		{"ReluGrad", vec.ReluGrad[T], func(d, a, b float64) float64 {
			if b <= 0 {
				return 0
			}
			return a
		}},
		{"TanhGrad", vec.TanhGrad[T], func(d, a, b float64) float64 { return a * (1 - b*b) }},
		{"SigmoidGrad", vec.SigmoidGrad[T], func(d, a, b float64) float64 { return a * (b * (1 - b)) }},
	}
}

// Where a bounded function bends its gradient is that of the flat side, as PyTorch's hardtanh_backward and
// hardswish_backward have it; at a NaN the first is zero, as there.
func TestGradientsAtBounds(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{-3, 3, nan, -2.25, 2.25, -4, 4, 0, -3, 3}
	dy := slices.Repeat([]float32{2}, len(x))
	eachISA(t, func(t *testing.T) {
		got := make([]float32, len(x))
		vec.KeepAbove(got, -3, dy, x)
		assert.Equal(t, []float32{0, 2, 0, 2, 2, 0, 2, 2, 0, 2}, got, "KeepAbove")
		vec.KeepBelow(got, 3, dy, x)
		assert.Equal(t, []float32{2, 0, 0, 2, 2, 2, 0, 2, 2, 0}, got, "KeepBelow")
		vec.HardswishGrad(got, dy, x)
		assert.NotEqual(t, got[2], got[2], "HardswishGrad of NaN")
		got[2] = 0
		assert.Equal(t, []float32{0, 2, 0, -0.5, 2.5, 0, 2, 1, 0, 2}, got, "HardswishGrad")
	})
}

// when returns a if ok, else b.
func when(ok bool, a, b float64) float64 {
	if ok {
		return a
	}
	return b
}

type element[T vec.Float] struct {
	name string
	f    func(dst, a, b []T)
	def  func(d, a, b float64) float64
}

func TestElementwise(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		t.Run("float32", func(t *testing.T) { testElementwise[float32](t, math.Exp2(-24)) })
		t.Run("named", func(t *testing.T) { testElementwise[weight](t, math.Exp2(-24)) })
	})
	t.Run("float64", func(t *testing.T) { testElementwise[float64](t, math.Exp2(-53)) })
}

type weight float32

// testElementwise allows each of at most three operations its rounding, relative to the largest value on the way.
func testElementwise[T vec.Float](t *testing.T, u float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, e := range elementwise[T]() {
		t.Run(e.name, func(t *testing.T) {
			for _, n := range lengths {
				if n > 5000 && testing.Short() && e.name != "Add" {
					continue // the spreading of one function is that of all
				}
				d0, a, b := normal[T](rng, n), normal[T](rng, n), normal[T](rng, n)
				a0, b0 := slices.Clone(a), slices.Clone(b)
				d := guard(d0)
				e.f(d.mid, a, b)
				d.check(t)
				for i := range d0 {
					x, y, z := float64(d0[i]), float64(a[i]), float64(b[i])
					want := e.def(x, y, z)
					tol := 3 * u * (math.Abs(want) + max(1, math.Abs(x), math.Abs(y), math.Abs(y*z), math.Abs(y*z*z)))
					if got := float64(d.mid[i]); !(math.Abs(got-want) <= tol || got == want || math.IsNaN(got) && math.IsNaN(want)) {
						require.Failf(t, "wrong", "n=%d [%d]: F(%v, %v, %v) = %v, want %v", n, i, x, y, z, got, want)
					}
				}
				require.True(t, slices.EqualFunc(a, a0, identical[T]) && slices.EqualFunc(b, b0, identical[T]), "operand modified")

				for _, alias := range []string{"a", "b"} { // dst exactly an operand; one that adds then sees d = a or b
					a1, b1 := slices.Clone(a), slices.Clone(b)
					dst := map[string][]T{"a": a1, "b": b1}[alias]
					want := slices.Clone(dst)
					e.f(want, a, b)
					e.f(dst, a1, b1)
					require.Truef(t, slices.EqualFunc(dst, want, identical[T]), "n=%d: dst is %s", n, alias)
				}
				if n >= 8191 { // shorter calls are not spread
					sameOnAnyThreads(t, func() []T {
						d := slices.Clone(d0)
						e.f(d, a, b)
						return d
					})
				}
				cut := slices.Clone(d0) // in pieces, the same bits
				for lo := 0; lo < n; lo += 613 {
					hi := min(lo+613, n)
					e.f(cut[lo:hi], a[lo:hi], b[lo:hi])
				}
				require.True(t, slices.EqualFunc(cut, d.mid, identical[T]), "cut in pieces")
			}
		})
	}
}

func TestLengthsPanic(t *testing.T) {
	three, four := make([]float32, 3), make([]float32, 4)
	for _, e := range elementwise[float32]() {
		assert.PanicsWithValue(t, fmt.Sprintf("vec: %s: lengths 3 and 4", e.name), func() { e.f(three, four, three) })
	}
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"vec: Add: lengths 3 and 4", func() { vec.Add(three, three, four) }},
		{"vec: ReluGrad: lengths 3 and 4", func() { vec.ReluGrad(three, three, four) }},
		{"vec: AddTo: lengths 3 and 4", func() { vec.AddTo(three, four) }},
		{"vec: MulTo: lengths 3 and 4", func() { vec.MulTo(three, four) }},
		{"vec: MinTo: lengths 3 and 4", func() { vec.MinTo(three, four) }},
		{"vec: MaxTo: lengths 3 and 4", func() { vec.MaxTo(three, four) }},
		{"vec: Dot: lengths 3 and 4", func() { vec.Dot(three, four) }},
		{"vec: SGD: lengths 3 and 4", func() { vec.SGD(three, four, 0, 0) }},
		{"vec: SGDMomentum: lengths 3 and 4", func() { vec.SGDMomentum(three, three, four, vec.SGDCoef{}) }},
		{"vec: Adam: lengths 3 and 4", func() { vec.Adam(three, three, three, four, vec.AdamCoef{}) }},
		{"vec: Softmax: lengths 3 and 4 for 2 rows of 2", func() { vec.Softmax(three, four, 2, 2) }},
		{"vec: LogSoftmax: lengths 4 and 4 for 2 rows of 3", func() { vec.LogSoftmax(four, four, 2, 3) }},
		{"vec: LogSumExp: lengths 3 and 2", func() { vec.LogSumExp(three, four, 2, 2) }},
		{"vec: ToFloat16: lengths 4 and 3", func() { vec.ToFloat16(make([]uint16, 4), three) }},
		{"vec: ToBFloat16: lengths 4 and 3", func() { vec.ToBFloat16(make([]uint16, 4), three) }},
		{"vec: FromFloat16: lengths 3 and 4", func() { vec.FromFloat16(three, make([]uint16, 4)) }},
		{"vec: FromBFloat16: lengths 3 and 4", func() { vec.FromBFloat16(three, make([]uint16, 4)) }},
		{"vec: Max: empty slice", func() { vec.Max(three[:0]) }},
		{"vec: Min: empty slice", func() { vec.Min(three[:0]) }},
		{"vec: ArgMax: empty slice", func() { vec.ArgMax(three[:0]) }},
	} {
		assert.PanicsWithValue(t, c.want, c.f)
	}
}

// TestNoAllocation calls every elementwise function below and above the length at which it is spread.
func TestNoAllocation(t *testing.T) {
	d, a, b := make([]float32, 100_000), make([]float32, 100_000), make([]float32, 100_000)
	h := make([]uint16, 100_000)
	table := elementwise[float32]()
	step := func(n int) {
		for _, e := range table {
			e.f(d[:n], a[:n], b[:n])
		}
		vec.Softmax(d[:n], a[:n], n/10, 10)
		vec.LogSumExp(d[:n/10], a[:n], n/10, 10)
		vec.Adam(d[:n], a[:n], b[:n], b[:n], vec.AdamCoef{})
		vec.SGD(d[:n], a[:n], 0, 0)
		vec.ToFloat16(h[:n], a[:n])
		vec.FromBFloat16(d[:n], h[:n])
	}
	for _, n := range []int{100, 100_000} {
		assert.Zero(t, alloctest.PerRun(10, func() { step(n) }), "n=%d", n)
	}
}

// sameOnAnyThreads requires the same bits from f whatever the number of worker threads.
func sameOnAnyThreads[T vec.Float](t *testing.T, f func() []T) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want := f()
	for _, n := range []int{1, 3} {
		runtime.GOMAXPROCS(n)
		require.Truef(t, slices.EqualFunc(f(), want, identical[T]), "on %d threads", n)
	}
}

// identical reports whether a and b are the same bits, or both NaN.
func identical[T vec.Float](a, b T) bool {
	return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b
}

func normal[T vec.Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

// band is a slice between guards that nobody may write.
type band[T vec.Float] struct{ all, mid []T }

func guard[T vec.Float](x []T) band[T] {
	all := slices.Concat(slices.Repeat([]T{7}, 16), x, slices.Repeat([]T{7}, 16))
	return band[T]{all, all[16 : 16+len(x)]}
}

func (b band[T]) check(t *testing.T) {
	t.Helper()
	for i := range 16 {
		require.Equal(t, []T{7, 7}, []T{b.all[i], b.all[len(b.all)-1-i]}, "a guard was written")
	}
}
