// Conformance of the products made for networks: batched, fused with an epilogue, with a packed or generated B. All of them
// are compared with blas.Gemm or with the formula.

package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// fusedShapes take every path: vectors, small, skinny either way, one block, several blocks of k and of rows, shared out.
var fusedShapes = [][3]int{
	{0, 3, 2}, {3, 0, 2}, {3, 4, 0}, {1, 1, 1}, {1, 40, 9}, {40, 1, 9}, {5, 7, 3}, {31, 33, 17}, {6, 16, 256}, {80, 81, 79},
	{7, 300, 130}, {300, 7, 130}, {12, 200, 128}, {130, 70, 600}, {301, 97, 67}, {13, 401, 300}, {310, 100, 257},
}

// Fused runs the suite in T.
func Fused[T kernel.Float](t *testing.T) {
	ops, betas := []blas.Transpose{blas.NoTrans, blas.Trans}, []float64{0, 1, -0.5}
	if testing.Short() {
		betas = betas[2:]
	}
	for _, s := range fusedShapes {
		for _, tA := range ops {
			for _, tB := range ops {
				for _, beta := range betas {
					c := gemmCase{tA, tB, s[0], s[1], s[2], (s[0] + s[1]) % 4, 0.75, beta}
					t.Run(c.String(), func(t *testing.T) { checkFused[T](t, c) })
				}
			}
		}
	}
	t.Run("batched", func(t *testing.T) { batched[T](t) })
	t.Run("panics", func(t *testing.T) { fusedPanics[T](t) })
	t.Run("threads", func(t *testing.T) { fusedThreads[T](t) })
}

// epilogue returns one with all its parts, and a check that Each saw each element once.
func epilogue[T kernel.Float](rng *rand.Rand, m, n int) (e *blas.Epilogue[T], seen []atomic.Int32) {
	e = &blas.Epilogue[T]{RowBias: NewMatrix[T](rng, 1, m, 0).Data, ColBias: NewMatrix[T](rng, 1, n, 0).Data}
	seen = make([]atomic.Int32, m*n)
	e.Each = func(i, j int, c []T) {
		for q := range c {
			seen[i*n+j+q].Add(1)
			c[q] = max(c[q], T(i-j-q)/8) // depends on the place
		}
	}
	return e, seen
}

// packer returns a PackFunc of op(B).
func packer[T kernel.Float](tB blas.Transpose, b *Matrix[T]) blas.PackFunc[T] {
	return func(dst []T, nr, k0, k1, j0, j1 int) {
		for p := k0; p < k1; p++ {
			for j := j0; j < j1; j++ {
				if tB == blas.NoTrans {
					dst[(p-k0)*nr+j-j0] = b.Data[p*b.Stride+j]
				} else {
					dst[(p-k0)*nr+j-j0] = b.Data[j*b.Stride+p]
				}
			}
		}
	}
}

func checkFused[T kernel.Float](t *testing.T, c gemmCase) {
	rng := rand.New(rand.NewPCG(uint64(c.m), uint64(c.n)))
	a, b, dst := operands[T](rng, c)
	if c.beta == 0 {
		dst.Fill(T(math.NaN()))
	}
	alpha, beta := T(c.alpha), T(c.beta)
	pb := blas.PackB(c.tB, c.k, c.n, b.Data, b.Stride)
	k, n := pb.Dims()
	require.Equal(t, [2]int{c.k, c.n}, [2]int{k, n})

	start := append([]T(nil), dst.Data...)
	want := append([]T(nil), start...)
	blas.Gemm(c.tA, c.tB, c.m, c.n, c.k, alpha, a.Data, a.Stride, b.Data, b.Stride, beta, want, dst.Stride)

	for _, f := range []struct {
		name string
		bits bool // the same bits as Gemm
		run  func(e *blas.Epilogue[T])
	}{
		{"GemmThen", true, func(e *blas.Epilogue[T]) {
			blas.GemmThen(c.tA, c.tB, c.m, c.n, c.k, alpha, a.Data, a.Stride, b.Data, b.Stride, beta, dst.Data, dst.Stride, e)
		}},
		{"GemmPacked", false, func(e *blas.Epilogue[T]) {
			blas.GemmPacked(c.tA, c.m, alpha, a.Data, a.Stride, pb, beta, dst.Data, dst.Stride, e)
		}},
		{"GemmFrom", false, func(e *blas.Epilogue[T]) {
			blas.GemmFrom(c.tA, c.m, c.n, c.k, alpha, a.Data, a.Stride, packer(c.tB, b), beta, dst.Data, dst.Stride, e)
		}},
	} {
		for _, with := range []bool{false, true} {
			name := fmt.Sprintf("%s with=%v", f.name, with)
			copy(dst.Data, start)
			var e *blas.Epilogue[T]
			var seen []atomic.Int32
			if with {
				e, seen = epilogue[T](rng, c.m, c.n)
			}
			f.run(e)
			a.RequireUnchanged(t, name)
			b.RequireUnchanged(t, name)
			dst.RequireGuards(t, name)
			for i := range seen {
				if calls := seen[i].Load(); calls != 1 {
					require.Failf(t, "wrong number of calls", "%s: Each saw element %d %d times", name, i, calls)
				}
			}
			for i := range c.m {
				for j := range c.n {
					w := want[i*dst.Stride+j]
					if with {
						w = max((w+e.RowBias[i])+e.ColBias[j], T(i-j)/8)
					}
					got := dst.At(i, j)
					if got == float64(w) {
						continue
					}
					tol := 0.0
					if !f.bits { // both are sums of the same terms, in other orders
						_, abs := gemmElement(c, a, b, dst.Was(i, j), i, j)
						tol = 2 * Bound[T](c.k+2, abs+2)
					}
					if !Close(got, float64(w), tol) {
						require.Failf(t, "wrong element", "%s: C[%d,%d] = %v, want %v ± %.3g", name, i, j, got, w, tol)
					}
				}
			}
		}
	}
}

// batched compares batches with loops over Gemm, bit for bit.
func batched[T kernel.Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, s := range [][3]int{{1, 9, 5}, {7, 5, 9}, {33, 65, 40}, {64, 300, 70}} {
		for _, batch := range []int{0, 1, 2, 3, 9} {
			for _, shared := range []bool{false, true} {
				m, n, k := s[0], s[1], s[2]
				lda, ldb, ldc := k+1, k+2, n+3
				strideA, strideB, strideC := m*lda+5, n*ldb, m*ldc+7
				if shared {
					strideB = 0
				}
				a := NewMatrix[T](rng, 1, max(batch, 1)*strideA, 0)
				b := NewMatrix[T](rng, 1, max(batch, 1)*n*ldb, 0)
				c := NewMatrix[T](rng, 1, max(batch, 1)*strideC, 0)
				want := append([]T(nil), c.Data...)
				var as, bs, cs [][]T
				other := append([]T(nil), c.Data...)
				for i := range batch {
					blas.Gemm(blas.NoTrans, blas.Trans, m, n, k, 0.5, a.Data[i*strideA:], lda, b.Data[i*strideB:], ldb, 2, want[i*strideC:], ldc)
					as, bs, cs = append(as, a.Data[i*strideA:]), append(bs, b.Data[i*strideB:]), append(cs, other[i*strideC:])
				}
				name := fmt.Sprintf("%v batch=%d shared=%v", s, batch, shared)
				blas.GemmStridedBatched(blas.NoTrans, blas.Trans, m, n, k, 0.5, a.Data, lda, strideA, b.Data, ldb, strideB, 2, c.Data, ldc, strideC, batch)
				require.Equal(t, want, c.Data, name)
				a.RequireUnchanged(t, name)
				b.RequireUnchanged(t, name)
				c.RequireGuards(t, name)
				blas.GemmBatched(blas.NoTrans, blas.Trans, m, n, k, 0.5, as, lda, bs, ldb, 2, cs, ldc)
				require.Equal(t, want, other, name)
			}
		}
	}
}

// fusedThreads compares one thread with several, bit for bit.
func fusedThreads[T kernel.Float](t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range threadCases {
		rng := rand.New(rand.NewPCG(4, 4))
		a, b, dst := operands[T](rng, c)
		e, _ := epilogue[T](rng, c.m, c.n)
		pb := blas.PackB(c.tB, c.k, c.n, b.Data, b.Stride)
		all := func() (out [][]T) {
			for range 3 {
				out = append(out, append([]T(nil), dst.Data...))
			}
			blas.GemmThen(c.tA, c.tB, c.m, c.n, c.k, 1, a.Data, a.Stride, b.Data, b.Stride, 1, out[0], dst.Stride, e)
			blas.GemmPacked(c.tA, c.m, 1, a.Data, a.Stride, pb, 1, out[1], dst.Stride, e)
			blas.GemmFrom(c.tA, c.m, c.n, c.k, 1, a.Data, a.Stride, packer(c.tB, b), 1, out[2], dst.Stride, e)
			return out
		}
		runtime.GOMAXPROCS(1)
		want := all()
		runtime.GOMAXPROCS(4)
		for i, got := range all() {
			requireBits(t, want[i], got, fmt.Sprintf("%v, function %d", c, i))
		}
	}
}

func fusedPanics[T kernel.Float](t *testing.T) {
	x := make([]T, 16)
	n := blas.NoTrans
	fill := func(dst []T, nr, k0, k1, j0, j1 int) {}
	for _, c := range []struct {
		name, want string
		call       func()
	}{
		{"rows", "blas: length of RowBias is not m", func() { blas.GemmThen(n, n, 2, 3, 1, 1, x, 1, x, 3, 0, x, 3, &blas.Epilogue[T]{RowBias: x[:3]}) }},
		{"columns", "blas: length of ColBias is not n", func() { blas.GemmThen(n, n, 2, 3, 1, 1, x, 1, x, 3, 0, x, 3, &blas.Epilogue[T]{ColBias: x[:2]}) }},
		{"then short c", "blas: insufficient length of c", func() { blas.GemmThen(n, n, 2, 3, 1, 1, x, 1, x, 3, 0, x[:5], 3, nil) }},
		{"pack k", "blas: k < 0", func() { blas.PackB(n, -1, 2, x, 2) }},
		{"pack ldb", "blas: bad leading dimension of B", func() { blas.PackB(n, 2, 3, x, 2) }},
		{"pack short b", "blas: insufficient length of b", func() { blas.PackB(blas.Trans, 4, 5, x, 4) }},
		{"from m", "blas: m < 0", func() { blas.GemmFrom(n, -1, 2, 2, 1, x, 2, fill, 0, x, 2, nil) }},
		{"from lda", "blas: bad leading dimension of A", func() { blas.GemmFrom(n, 2, 2, 3, 1, x, 2, fill, 0, x, 2, nil) }},
		{"from short a", "blas: insufficient length of a", func() { blas.GemmFrom(n, 2, 2, 3, 1, x[:5], 3, fill, 0, x, 2, nil) }},
		{"packed short c", "blas: insufficient length of c", func() { blas.GemmPacked(n, 4, 1, x, 2, blas.PackB(n, 2, 5, x, 5), 0, x, 5, nil) }},
		{"batch", "blas: batch < 0", func() { blas.GemmStridedBatched(n, n, 1, 1, 1, 1, x, 1, 1, x, 1, 1, 0, x, 1, 1, -1) }},
		{"stride", "blas: negative stride of a batch", func() { blas.GemmStridedBatched(n, n, 1, 1, 1, 1, x, 1, 1, x, 1, -1, 0, x, 1, 1, 1) }},
		{"batch too long", "blas: insufficient length of c", func() { blas.GemmStridedBatched(n, n, 2, 2, 2, 1, x, 2, 4, x, 2, 4, 0, x[:15], 2, 4, 4) }},
		{"lengths", "blas: batches of A, B and C differ in length", func() { blas.GemmBatched(n, n, 1, 1, 1, 1, [][]T{x}, 1, [][]T{x}, 1, 0, [][]T{x, x}, 1) }},
	} {
		t.Run(c.name, func(t *testing.T) { require.PanicsWithValue(t, c.want, c.call) })
	}
}

// FusedAllocations checks that the products for networks allocate nothing once warm, when what they are given is kept.
func FusedAllocations[T kernel.Float](t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	rng := rand.New(rand.NewPCG(2, 2))
	for _, s := range [][3]int{{7, 9, 11}, {310, 99, 100}, {5, 1000, 520}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := NewMatrix[T](rng, m, k, 0), NewMatrix[T](rng, k, n, 0), NewMatrix[T](rng, m, n, 0)
		e := &blas.Epilogue[T]{RowBias: NewMatrix[T](rng, 1, m, 0).Data, ColBias: NewMatrix[T](rng, 1, n, 0).Data, Each: func(i, j int, c []T) {}}
		fill, pb := packer(blas.NoTrans, b), blas.PackB(blas.NoTrans, k, n, b.Data, b.Stride)
		as, bs, cs := [][]T{a.Data}, [][]T{b.Data}, [][]T{c.Data}
		for name, f := range map[string]func(){
			"then":    func() { blas.GemmThen(blas.NoTrans, blas.NoTrans, m, n, k, 1, a.Data, k, b.Data, n, 0, c.Data, n, e) },
			"packed":  func() { blas.GemmPacked(blas.NoTrans, m, 1, a.Data, k, pb, 0, c.Data, n, e) },
			"from":    func() { blas.GemmFrom(blas.NoTrans, m, n, k, 1, a.Data, k, fill, 0, c.Data, n, e) },
			"batched": func() { blas.GemmBatched(blas.NoTrans, blas.NoTrans, m, n, k, 1, as, k, bs, n, 0, cs, n) },
			"strided": func() {
				blas.GemmStridedBatched(blas.NoTrans, blas.NoTrans, m, n, k, 1, a.Data, k, 0, b.Data, n, 0, 0, c.Data, n, 0, 1)
			},
		} {
			require.Zero(t, alloctest.PerRun(16, f), "%s %v: allocations a run", name, s)
		}
	}
}
