// What no formula shows: the same bits on any number of threads, and no allocation.

package blastest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// threadCases are just large enough to be shared out, in every shape that is treated in its own way.
var threadCases = []gemmCase{
	{blas.NoTrans, blas.NoTrans, 310, 99, 100, 1, 1, 0},
	{blas.Trans, blas.NoTrans, 310, 99, 100, 0, 1, 1},
	{blas.NoTrans, blas.Trans, 77, 70, 600, 0, 0.5, 1},
	{blas.NoTrans, blas.NoTrans, 5, 1000, 520, 0, 1, 1},
	{blas.NoTrans, blas.Trans, 1000, 5, 520, 0, 1, 0},
	{blas.NoTrans, blas.Trans, 6, 1001, 520, 0, 1, 0},
	{blas.NoTrans, blas.NoTrans, 1003, 10, 520, 0, 1, 1},
	{blas.Trans, blas.NoTrans, 1531, 7, 301, 0, 1, 1},
	{blas.NoTrans, blas.NoTrans, 80, 80, 80, 0, 1, 1},
	{blas.NoTrans, blas.NoTrans, 1, 1500, 300, 0, 1, 0},
	{blas.NoTrans, blas.NoTrans, 1500, 1, 300, 0, 1, 0},
	{blas.Trans, blas.Trans, 64, 300, 130, 3, -1, 0.5},
	{blas.NoTrans, blas.NoTrans, 11, 3001, 70, 0, 1, 1},
	{blas.NoTrans, blas.Trans, 20, 3001, 130, 0, 1, 1},
	{blas.NoTrans, blas.NoTrans, 270, 50, 300, 0, 1, 1},
}

// Threads checks that a product has the same bits for GOMAXPROCS 1, 2 and 4, and when many goroutines multiply at once.
func Threads[T kernel.Float](t *testing.T, gemm GemmFunc[T]) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range threadCases {
		t.Run(c.String(), func(t *testing.T) {
			a, b, dst := operands[T](rand.New(rand.NewPCG(1, 9)), c)
			multiply := func() []T {
				out := append([]T(nil), dst.Data...)
				gemm(c.tA, c.tB, c.m, c.n, c.k, T(c.alpha), a.Data, a.Stride, b.Data, b.Stride, T(c.beta), out, dst.Stride)
				return out
			}
			runtime.GOMAXPROCS(1)
			want := multiply()
			for _, procs := range []int{2, 4} {
				runtime.GOMAXPROCS(procs)
				requireBits(t, want, multiply(), fmt.Sprintf("GOMAXPROCS=%d", procs))
			}
			var group sync.WaitGroup
			got := make([][]T, 4)
			for i := range got {
				group.Go(func() { got[i] = multiply() })
			}
			group.Wait()
			for i := range got {
				requireBits(t, want, got[i], fmt.Sprintf("goroutine %d of %d", i, len(got)))
			}
		})
	}
}

func requireBits[T kernel.Float](t *testing.T, want, got []T, name string) {
	t.Helper()
	for i := range want {
		if bits(want[i]) != bits(got[i]) {
			require.Failf(t, "other bits", "%s: element %d = %v, on one thread %v", name, i, got[i], want[i])
		}
	}
}

// Allocations checks that products, small and shared out, allocate nothing once warm.
func Allocations[T kernel.Float](t *testing.T, gemm GemmFunc[T]) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, c := range append(threadCases, gemmCase{blas.NoTrans, blas.Trans, 7, 9, 11, 0, 1, 0}) {
		a, b, dst := operands[T](rand.New(rand.NewPCG(1, 9)), c)
		n := alloctest.PerRun(16, func() {
			gemm(c.tA, c.tB, c.m, c.n, c.k, T(c.alpha), a.Data, a.Stride, b.Data, b.Stride, T(c.beta), dst.Data, dst.Stride)
		})
		require.Zero(t, n, "%v: allocations a run", c)
	}
}

// FuzzGemm compares products of fuzzed sizes, strides and scalars with the formula.
func FuzzGemm[T kernel.Float](f *testing.F, gemm GemmFunc[T]) {
	f.Add(uint8(6), uint8(16), uint16(256), uint8(0), uint8(0), int8(1), int8(0))
	f.Add(uint8(7), uint8(17), uint16(257), uint8(3), uint8(5), int8(-3), int8(2))
	f.Add(uint8(1), uint8(255), uint16(600), uint8(1), uint8(1), int8(1), int8(1))
	f.Add(uint8(0), uint8(9), uint16(0), uint8(2), uint8(0), int8(0), int8(3))
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, ops, pad uint8, alpha, beta int8) {
		op := []blas.Transpose{blas.NoTrans, blas.Trans}
		checkGemm(t, gemm, gemmCase{
			tA: op[ops&1], tB: op[ops>>1&1], m: int(m), n: int(n), k: int(k % 1024), pad: int(pad % 32),
			alpha: float64(alpha) / 4, beta: float64(beta) / 4,
		})
	})
}
