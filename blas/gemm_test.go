package blas_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/blastest"
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// each runs a test on every implementation this machine has. Where TUTTI_ISA names one that is missing, it fails.
func each(t *testing.T, test func(t *testing.T, im blas.Implementation)) {
	require.NoError(t, cpu.Check())
	if env := os.Getenv(cpu.Variable); env != "" {
		require.Equal(t, env, cpu.Best().String())
	}
	all := blas.Implementations()
	if testing.Short() { // under an emulator or the race detector: the best alone
		all = all[len(all)-1:]
	}
	for _, im := range all {
		t.Run(im.ISA().String(), func(t *testing.T) { test(t, im) })
	}
}

func TestSgemm(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		k := kernel.Pick(kernel.Sgemm, im.ISA())
		blastest.Gemm(t, im.Sgemm, k.MR, k.NR, k.KC)
	})
}

func TestDgemm(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		k := kernel.Pick(kernel.Dgemm, im.ISA())
		blastest.Gemm(t, im.Dgemm, k.MR, k.NR, k.KC)
	})
}

func TestFused(t *testing.T) {
	t.Run("float32", blastest.Fused[float32])
	t.Run("float64", blastest.Fused[float64])
}

func TestStructured(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		t.Run("float32", func(t *testing.T) {
			blastest.Structured(t, blastest.Level3[float32]{Symm: im.Ssymm, Syrk: im.Ssyrk, Syr2k: im.Ssyr2k, Trmm: im.Strmm, Trsm: im.Strsm})
		})
		t.Run("float64", func(t *testing.T) {
			blastest.Structured(t, blastest.Level3[float64]{Symm: im.Dsymm, Syrk: im.Dsyrk, Syr2k: im.Dsyr2k, Trmm: im.Dtrmm, Trsm: im.Dtrsm})
		})
	})
}

func TestLevels12(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		t.Run("float32", func(t *testing.T) {
			blastest.Levels12(t, blastest.Vectors[float32]{Dot: im.Sdot, Axpy: im.Saxpy, Scal: im.Sscal, Nrm2: im.Snrm2,
				Asum: im.Sasum, Amax: im.Isamax, Gemv: im.Sgemv, Ger: im.Sger})
		})
		t.Run("float64", func(t *testing.T) {
			blastest.Levels12(t, blastest.Vectors[float64]{Dot: im.Ddot, Axpy: im.Daxpy, Scal: im.Dscal, Nrm2: im.Dnrm2,
				Asum: im.Dasum, Amax: im.Idamax, Gemv: im.Dgemv, Ger: im.Dger})
		})
	})
}

func TestThreads(t *testing.T) {
	each(t, func(t *testing.T, im blas.Implementation) {
		t.Run("float32", func(t *testing.T) { blastest.Threads(t, im.Sgemm) })
		t.Run("float64", func(t *testing.T) { blastest.Threads(t, im.Dgemm) })
	})
}

func FuzzSgemm(f *testing.F) { blastest.FuzzGemm(f, blas.Implementation{}.Sgemm) }
func FuzzDgemm(f *testing.F) { blastest.FuzzGemm(f, blas.Implementation{}.Dgemm) }

// The generic function takes types made of float32 and float64 too.
func TestGemmOfNamedTypes(t *testing.T) {
	type half float32
	type full float64
	t.Run("float32", func(t *testing.T) {
		c := []half{100, 100, 100, 100}
		blas.Gemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, []half{1, 2, 3, 4}, 2, []half{5, 6, 7, 8}, 2, 0, c, 2)
		require.Equal(t, []half{19, 22, 43, 50}, c)
	})
	t.Run("float64", func(t *testing.T) {
		c := []full{100, 100, 100, 100}
		blas.Gemm(blas.Trans, blas.NoTrans, 2, 2, 2, 1, []full{1, 2, 3, 4}, 2, []full{5, 6, 7, 8}, 2, 1, c, 2)
		require.Equal(t, []full{126, 130, 138, 144}, c)
	})
}

func TestForRefusesWhatIsMissing(t *testing.T) {
	_, err := blas.For(cpu.AVX512 + 1)
	require.ErrorContains(t, err, "at most")
}

// With no inner size A and B have no elements: C is scaled, whatever the leading dimensions. (gonum wants m−1 rows of A
// there.)
func TestGemmOfNoInnerSize(t *testing.T) {
	no, yes, none := blas.NoTrans, blas.Trans, [][]float32{nil, nil}
	for _, beta := range []float32{0, 1, 2} {
		want := []float32{beta, 2 * beta, 3 * beta, 4 * beta, 5 * beta, 6 * beta}
		for name, f := range map[string]func(c []float32){
			"Sgemm":          func(c []float32) { blas.Sgemm(no, no, 2, 3, 0, 1, nil, 1, nil, 3, beta, c, 3) },
			"Sgemm of both":  func(c []float32) { blas.Sgemm(yes, yes, 2, 3, 0, 1, nil, 2, nil, 1, beta, c, 3) },
			"Sgemm of a row": func(c []float32) { blas.Sgemm(no, yes, 1, 6, 0, 1, nil, 1, nil, 1, beta, c, 6) },
			"GemmThen":       func(c []float32) { blas.GemmThen(no, yes, 2, 3, 0, 1, nil, 1, nil, 1, beta, c, 3, nil) },
			"GemmPacked": func(c []float32) {
				blas.GemmPacked(no, 2, 1, nil, 1, blas.PackB[float32](no, 0, 3, nil, 3), beta, c, 3, nil)
			},
			"GemmStridedBatched": func(c []float32) {
				blas.GemmStridedBatched(no, yes, 1, 3, 0, 1, nil, 1, 0, nil, 1, 0, beta, c, 3, 3, 2)
			},
			"GemmBatched": func(c []float32) {
				blas.GemmBatched(no, yes, 1, 3, 0, 1, none, 1, none, 1, beta, [][]float32{c[:3], c[3:]}, 3)
			},
		} {
			c := []float32{1, 2, 3, 4, 5, 6}
			f(c)
			assert.Equal(t, want, c, "%s, beta %v", name, beta)
		}
	}
}
