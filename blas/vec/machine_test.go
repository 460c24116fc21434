package vec_test

// The kernels of every ISA against the loops of this package.

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// eachISA runs f once for each ISA that the machine and TUTTI_ISA allow.
func eachISA(t *testing.T, f func(t *testing.T)) {
	for _, isa := range cpu.All() {
		if isa > cpu.Best() {
			break
		}
		t.Run(isa.String(), func(t *testing.T) {
			defer vec.SetISA(vec.SetISA(isa))
			f(t)
		})
	}
}

// rounded are the elementwise functions whose bits do not depend on the ISA.
var rounded = []string{"Add", "Sub", "Mul", "Div", "MulAdd", "Maximum", "Minimum", "Scale", "AddScalar", "Axpy", "Neg", "Abs", "Sqrt", "Rsqrt", "LeakyRelu", "LeakyReluGrad",
	"AtLeast", "AtMost", "KeepAbove", "KeepBelow", "HardswishGrad",
	"Relu", "ReluGrad", "Fill", "TanhGrad", "SigmoidGrad", "AddTo", "MulTo", "MinTo", "MaxTo"}

// others lists elementwise functions of other forms.
var others = []element[float32]{
	{"AddTo", func(d, a, b []float32) { vec.AddTo(d, a) }, nil},
	{"MulTo", func(d, a, b []float32) { vec.MulTo(d, a) }, nil},
	{"MinTo", func(d, a, b []float32) { vec.MinTo(d, a) }, nil},
	{"MaxTo", func(d, a, b []float32) { vec.MaxTo(d, a) }, nil},
	{"Fill", func(d, a, b []float32) { vec.Fill(d, 1.5) }, nil},
}

// TestSameBitsOnEveryISA compares, bit by bit, all lengths around a round of four vectors and a tail, at all offsets from an
// aligned address, or two of them under -short, on numbers of every kind, and one length that is spread.
func TestSameBitsOnEveryISA(t *testing.T) {
	table := append(elementwise[float32](), others...)
	for _, name := range rounded {
		at := slices.IndexFunc(table, func(e element[float32]) bool { return e.name == name })
		require.GreaterOrEqual(t, at, 0, name)
		f := table[at].f
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(11, 12))
			for n := range 140 {
				for start := range 8 {
					if !testing.Short() || start == n%8 || start == n*3%8 {
						compareISAs(t, rng, f, n, start)
					}
				}
			}
			compareISAs(t, rng, f, 40009, 3)
		})
	}
}

// compareISAs calls f on slices of n elements that start anywhere, with the loops and then with every kernel.
func compareISAs(t *testing.T, rng *rand.Rand, f func(dst, a, b []float32), n, start int) {
	const guard = 16
	d0, a, b := every(rng, guard+n+guard), every(rng, n+16), every(rng, n+16)
	a, b = a[start:start+n:start+n], b[(3*start)%8:][:n:n]
	a0, b0 := slices.Clone(a), slices.Clone(b)
	want := slices.Clone(d0)
	defer vec.SetISA(vec.SetISA(cpu.Generic))
	f(want[start:start+n], a, b)
	for _, isa := range cpu.All()[1:] {
		if isa > cpu.Best() {
			break
		}
		vec.SetISA(isa)
		got := slices.Clone(d0)
		f(got[start:start+n], a, b)
		for i := range got {
			if !identical(got[i], want[i]) {
				in := "outside"
				if j := i - start; j >= 0 && j < n {
					in = fmt.Sprintf("F(dst %v, a %v, b %v)", d0[i], a[j], b[j])
				}
				require.Failf(t, "wrong", "%v: n=%d start=%d [%d]: %s = %v, want %v", isa, n, start, i-start, in, got[i], want[i])
			}
		}
		require.True(t, slices.EqualFunc(a, a0, identical[float32]) && slices.EqualFunc(b, b0, identical[float32]), "operand modified")
	}
}

// every returns n numbers of every kind: normal, zero of both signs, infinite, NaN, subnormal, largest; a tenth of them
// not ordinary.
func every(rng *rand.Rand, n int) []float32 {
	odd := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
		1e-45, -1e-45, 1e-38, -1e-38, math.MaxFloat32, -math.MaxFloat32, 1, -1, 0x1p-126}
	x := normal[float32](rng, n)
	for i := range x {
		if rng.IntN(10) == 0 {
			x[i] = odd[rng.IntN(len(odd))]
		}
	}
	return x
}

// TestReductionsOnEveryISA compares the kernels of sums and extremes with the loops, bit by bit: on normal numbers, on
// numbers of every kind, and on few different ones, zeros of both signs among them, where extremes are met often.
func TestReductionsOnEveryISA(t *testing.T) {
	few := func(rng *rand.Rand, n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = []float32{0, float32(math.Copysign(0, -1)), -1}[rng.IntN(3)]
		}
		return x
	}
	rng := rand.New(rand.NewPCG(13, 14))
	lengths := []int{4095, 4096, 4097, 8192, 40009}
	for n := range 300 {
		lengths = append(lengths, n)
	}
	for _, c := range []struct {
		name  string
		least int // length
		f     func(x, y []float32) float32
	}{
		{"Sum", 0, func(x, y []float32) float32 { return vec.Sum(x) }},
		{"Dot", 0, func(x, y []float32) float32 { return vec.Dot(x, y) }},
		{"SumSq", 0, func(x, y []float32) float32 { return vec.SumSq(x) }},
		{"Max", 1, func(x, y []float32) float32 { return vec.Max(x) }},
		{"Min", 1, func(x, y []float32) float32 { return vec.Min(x) }},
		{"ArgMax", 1, func(x, y []float32) float32 { return float32(vec.ArgMax(x)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range lengths {
				if n < c.least {
					continue
				}
				for kind, draw := range map[string]func(*rand.Rand, int) []float32{"normal": normal[float32], "every": every, "few": few} {
					start := rng.IntN(8)
					x, y := draw(rng, n+16)[start:start+n], draw(rng, n)
					if n > 0 && rng.IntN(4) == 0 { // NaN in one place of any
						x[rng.IntN(n)] = float32(math.NaN())
					}
					before := vec.SetISA(cpu.Generic)
					want := c.f(x, y)
					for _, isa := range cpu.All() {
						if isa <= cpu.Best() {
							vec.SetISA(isa)
							got := c.f(x, y)
							require.Truef(t, identical(got, want), "%v, n=%d, %s: got %v, want %v", isa, n, kind, got, want)
						}
					}
					vec.SetISA(before)
				}
			}
		})
	}
}
