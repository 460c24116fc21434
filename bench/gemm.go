// The matrix product against the machine's peak and against gonum.

package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"time"

	"gonum.org/v1/gonum/blas/gonum"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
)

// A Shape is one product, C [M, N] = op(A) [M, K] · op(B) [K, N].
type Shape struct {
	TA, TB  blas.Transpose // 0 means blas.NoTrans
	M, N, K int
}

// String returns the shape as "NT 64×32×16", M×N×K.
func (s Shape) String() string {
	s = s.normal()
	return fmt.Sprintf("%c%c %d×%d×%d", s.TA, s.TB, s.M, s.N, s.K)
}

func (s Shape) normal() Shape {
	if s.TA == 0 {
		s.TA = blas.NoTrans
	}
	if s.TB == 0 {
		s.TB = blas.NoTrans
	}
	return s
}

// flops counts a multiplication and an addition for every step of every element.
func (s Shape) flops() float64 { return 2 * float64(s.M) * float64(s.N) * float64(s.K) }

// Shapes are squares from tiny to large in the three forms that training uses, and the products of real networks.
var Shapes = []Shape{
	{M: 8, N: 8, K: 8}, {M: 16, N: 16, K: 16}, {M: 32, N: 32, K: 32},
	{M: 64, N: 64, K: 64}, {TB: blas.Trans, M: 64, N: 64, K: 64}, {TA: blas.Trans, M: 64, N: 64, K: 64},
	{M: 128, N: 128, K: 128}, {TB: blas.Trans, M: 128, N: 128, K: 128}, {TA: blas.Trans, M: 128, N: 128, K: 128},
	{M: 256, N: 256, K: 256}, {TB: blas.Trans, M: 256, N: 256, K: 256}, {TA: blas.Trans, M: 256, N: 256, K: 256},
	{M: 512, N: 512, K: 512},
	{M: 1024, N: 1024, K: 1024}, {TB: blas.Trans, M: 1024, N: 1024, K: 1024}, {TA: blas.Trans, M: 1024, N: 1024, K: 1024},
	{M: 128, N: 512, K: 784}, {TB: blas.Trans, M: 128, N: 784, K: 512}, {TA: blas.Trans, M: 784, N: 512, K: 128}, // an MLP's first layer and its backward
	{M: 128, N: 10, K: 512},     // an MLP's last layer
	{M: 64, N: 3136, K: 576},    // a 3×3 convolution, 64 to 64 channels, 56×56
	{M: 256, N: 196, K: 2304},   // a 3×3 convolution, 256 to 256 channels, 14×14
	{M: 8, N: 4096, K: 4096},    // inference of a small batch
	{M: 1, N: 4096, K: 4096},    // inference of one sample
	{M: 2048, N: 2048, K: 2048}, // large
}

// A GemmRow is what was measured of one shape: median speeds in GFLOP/s.
type GemmRow struct {
	Shape
	Type           string // "f32" or "f64"
	GFlops, Gonum  float64
	Peak, Fraction float64 // of all threads in use; GFlops / Peak
}

// Ratio returns how many times faster than gonum.
func (r GemmRow) Ratio() float64 { return r.GFlops / r.Gonum }

// MeasureGemm measures one shape in T, by turns with gonum, for about budget.
func MeasureGemm[T kernel.Float](s Shape, budget time.Duration) GemmRow {
	s = s.normal()
	rng := rand.New(rand.NewPCG(1, 2))
	matrix := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(rng.Float32() - 0.5)
		}
		return x
	}
	lda, ldb := s.K, s.N
	if s.TA != blas.NoTrans {
		lda = s.M
	}
	if s.TB != blas.NoTrans {
		ldb = s.K
	}
	a, b, c := matrix(s.M*s.K), matrix(s.K*s.N), matrix(s.M*s.N)

	row := GemmRow{Shape: s, Type: "f64", Peak: Peak().F64}
	peer := func() {}
	switch a := any(a).(type) {
	case []float32:
		row.Type, row.Peak = "f32", Peak().F32
		b, c := any(b).([]float32), any(c).([]float32)
		peer = func() { gonum.Implementation{}.Sgemm(s.TA, s.TB, s.M, s.N, s.K, 1, a, lda, b, ldb, 0, c, s.N) }
	case []float64:
		b, c := any(b).([]float64), any(c).([]float64)
		peer = func() { gonum.Implementation{}.Dgemm(s.TA, s.TB, s.M, s.N, s.K, 1, a, lda, b, ldb, 0, c, s.N) }
	}
	times := Measure(budget, func() { blas.Gemm(s.TA, s.TB, s.M, s.N, s.K, 1, a, lda, b, ldb, 0, c, s.N) }, peer)
	row.GFlops, row.Gonum = rate(s.flops(), times[0]), rate(s.flops(), times[1])
	row.Peak *= float64(runtime.GOMAXPROCS(0))
	row.Fraction = row.GFlops / row.Peak
	return row
}

// Gemm measures shapes, [Shapes] if there are none, in float32 and float64, for about budget each, and writes a table to
// w, each row as soon as it is measured. The peak is that of one thread times GOMAXPROCS.
func Gemm(w io.Writer, budget time.Duration, shapes ...Shape) error {
	if len(shapes) == 0 {
		shapes = Shapes
	}
	p := Peak()
	if _, err := fmt.Fprintf(w, "%s, %d threads, FMA peak %.1f GFLOP/s f32 and %.1f f64 a thread\n",
		blas.Implementation{}, runtime.GOMAXPROCS(0), p.F32, p.F64); err != nil {
		return err
	}
	fmt.Fprintf(w, "%-18s %5s %9s %8s %9s %8s\n", "shape M×N×K", "type", "GFLOP/s", "of peak", "gonum", "ratio")
	for _, s := range shapes {
		for _, row := range []GemmRow{MeasureGemm[float32](s, budget), MeasureGemm[float64](s, budget)} {
			if _, err := fmt.Fprintf(w, "%-18v %5s %9.1f %6.0f %% %9.1f %7.1f×\n",
				row.Shape, row.Type, row.GFlops, 100*row.Fraction, row.Gonum, row.Ratio()); err != nil {
				return err
			}
		}
	}
	return nil
}
