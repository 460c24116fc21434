package tensor

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// The quantile must undo the distribution function Φ(x) = erfc(−x/√2)/2. A relative error ε of x moves Φ by at most about
// (1 + x²)·ε relatively; math.Erfc itself is good to 1 ulp.
func TestNormalQuantile(t *testing.T) {
	for _, p := range []float64{0x1p-53, 1e-12, 1e-9, 1e-6, 0.001, 0.0749, 0.0751, 0.3, 0.5, 0.7, 0.925, 0.93, 0.999, 1 - 0x1p-53} {
		x := normalQuantile(p)
		assert.InEpsilon(t, p, math.Erfc(-x/math.Sqrt2)/2, 8*0x1p-53*(1+x*x), "p = %v, x = %v", p, x)
	}
	assert.InDelta(t, 1.959963984540054, normalQuantile(0.975), 3*0x1p-52, "the well-known one, to 3 ulp")
	assert.Zero(t, normalQuantile(0.5))
	assert.Equal(t, -normalQuantile(0.25), normalQuantile(0.75), "it is odd about ½")
}

func TestPortableLog(t *testing.T) {
	rng := seeded()
	for range 10000 {
		x := math.Ldexp(0.5+rng.Float64()/2, rng.IntN(60)-59)
		want := math.Log(x)
		if got := portableLog(x); math.Abs(got-want) > 4*0x1p-53*math.Abs(want)+0x1p-60 {
			t.Fatalf("portableLog(%v) = %v, want %v", x, got, want)
		}
	}
	assert.Zero(t, portableLog(1))
}

// A sample's moments must be those of the distribution: the mean of n numbers strays by σ/√n, taken five times here.
func TestMoments(t *testing.T) {
	const n = 200_000
	for _, c := range []struct {
		name            string
		fill            func(x *Tensor)
		mean, std, kurt float64 // kurt is the fourth central moment over std⁴
	}{
		{"Uniform(-1, 3)", func(x *Tensor) { x.Uniform(seeded(), -1, 3) }, 1, 4 / math.Sqrt(12), 1.8},
		{"Normal(2, 0.5)", func(x *Tensor) { x.Normal(seeded(), 2, 0.5) }, 2, 0.5, 3},
	} {
		x := New(Float64, n)
		c.fill(x)
		var m1, m2, m4 float64
		for _, v := range Data[float64](x) {
			d := (v - c.mean) / c.std
			m1, m2, m4 = m1+d/n, m2+d*d/n, m4+d*d*d*d/n
		}
		tol := 5 / math.Sqrt(n)
		assert.InDelta(t, 0, m1, tol, c.name)
		assert.InDelta(t, 1, m2, tol*math.Sqrt(c.kurt-1), c.name)
		assert.InDelta(t, c.kurt, m4, tol*math.Sqrt(105-9), c.name) // var of z⁴ is 96 for a normal z, less for a uniform one
	}
}

// These bits must come out on every machine: a fused multiply-add or another logarithm would change some of them. They were
// printed by this code on amd64, where Go does not fuse; the tail beyond 1.96 σ, where the logarithm is used, is drawn on.
func TestSameBitsEverywhere(t *testing.T) {
	hash := func(x *Tensor) uint64 { // FNV-1a
		h := uint64(14695981039346656037)
		for _, v := range Data[float64](x) {
			h = (h ^ math.Float64bits(v)) * 1099511628211
		}
		return h
	}
	x := New(Float64, 10000)
	x.Uniform(seeded(), -0.3, 0.7)
	assert.Equal(t, uint64(wantUniform), hash(x), "%#x", hash(x))
	x.Normal(seeded(), 0.1, 0.7)
	assert.Equal(t, uint64(wantNormal), hash(x), "%#x", hash(x))
}

const (
	wantUniform = 0xce35607d7fed5f2d
	wantNormal  = 0x9ddaeb3498a29781
)

func TestFillAndGaps(t *testing.T) {
	x := New(Float32, 3)
	x.Fill(2.5)
	assert.Equal(t, []float32{2.5, 2.5, 2.5}, Data[float32](x))
	y := New(Int32, 2, 4)
	y.SliceStep(1, 0, 4, 2).Fill(-1.5)
	assert.Equal(t, []int32{-1, 0, -1, 0, -1, 0, -1, 0}, Data[int32](y))
}
