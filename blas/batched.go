// Many products of one shape.

package blas

import (
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// GemmStridedBatched computes C = alpha·op(A)·op(B) + beta·C for batch products, whose operands lie strideA, strideB and strideC
// elements apart.
//
//	for i := range batch { Gemm(…, a[i*strideA:], …, b[i*strideB:], …, c[i*strideC:], ldc) }
//
// A stride of A or B may be 0: one operand for all. The Cs must not overlap, nor A or B. The result has the same bits as that
// loop. It panics as [Gemm] does, and if batch or a stride is negative.
func GemmStridedBatched[T Float](tA, tB Transpose, m, n, k int, alpha T, a []T, lda, strideA int, b []T, ldb, strideB int, beta T, c []T, ldc, strideC, batch int) {
	if batch < 0 {
		panic(batchLT0)
	}
	if strideA < 0 || strideB < 0 || strideC < 0 {
		panic(badBatchStride)
	}
	if batch == 0 {
		return
	}
	// The last product's operands reach furthest.
	last := batch - 1
	done := checkGemm(tA, tB, m, n, k, alpha == 0, beta == 1, len(a)-last*strideA, lda, len(b)-last*strideB, ldb, len(c)-last*strideC, ldc)
	if done || m == 0 || n == 0 {
		return
	}
	if unsafe.Sizeof(alpha) == 4 {
		runBatch(&sBatches, batchOf[float32]{tA: tA, tB: tB, m: m, n: n, k: k, alpha: float32(alpha), beta: float32(beta), lda: lda, ldb: ldb, ldc: ldc,
			a: cast[float32](a), b: cast[float32](b), c: cast[float32](c), strideA: strideA, strideB: strideB, strideC: strideC}, batch)
		return
	}
	runBatch(&dBatches, batchOf[float64]{tA: tA, tB: tB, m: m, n: n, k: k, alpha: float64(alpha), beta: float64(beta), lda: lda, ldb: ldb, ldc: ldc,
		a: cast[float64](a), b: cast[float64](b), c: cast[float64](c), strideA: strideA, strideB: strideB, strideC: strideC}, batch)
}

// GemmBatched computes C[i] = alpha·op(A[i])·op(B[i]) + beta·C[i] for every i. The slices have the same length; the Cs must not
// overlap, nor A or B. The result has the same bits as a loop over [Gemm]. It panics as Gemm does, before anything is written,
// and if the lengths of the batches differ.
func GemmBatched[T Float](tA, tB Transpose, m, n, k int, alpha T, a [][]T, lda int, b [][]T, ldb int, beta T, c [][]T, ldc int) {
	if len(a) != len(c) || len(b) != len(c) {
		panic(badBatch)
	}
	if len(c) == 0 {
		return
	}
	done := false
	for i := range c {
		done = checkGemm(tA, tB, m, n, k, alpha == 0, beta == 1, len(a[i]), lda, len(b[i]), ldb, len(c[i]), ldc)
	}
	if done || m == 0 || n == 0 {
		return
	}
	if unsafe.Sizeof(alpha) == 4 {
		runBatch(&sBatches, batchOf[float32]{tA: tA, tB: tB, m: m, n: n, k: k, alpha: float32(alpha), beta: float32(beta), lda: lda, ldb: ldb, ldc: ldc,
			as: *(*[][]float32)(unsafe.Pointer(&a)), bs: *(*[][]float32)(unsafe.Pointer(&b)), cs: *(*[][]float32)(unsafe.Pointer(&c))}, len(c))
		return
	}
	runBatch(&dBatches, batchOf[float64]{tA: tA, tB: tB, m: m, n: n, k: k, alpha: float64(alpha), beta: float64(beta), lda: lda, ldb: ldb, ldc: ldc,
		as: *(*[][]float64)(unsafe.Pointer(&a)), bs: *(*[][]float64)(unsafe.Pointer(&b)), cs: *(*[][]float64)(unsafe.Pointer(&c))}, len(c))
}

// A batchOf is the arguments of one call: operands by stride, or if cs is not nil by slices.
type batchOf[T kernel.Float] struct {
	tA, tB                    Transpose
	m, n, k                   int
	alpha, beta               T
	lda, ldb, ldc             int
	a, b, c                   []T
	strideA, strideB, strideC int
	as, bs, cs                [][]T
}

// A batchLoop is a call's arguments and its loop body, made once; it outlives the call in a pool.
type batchLoop[T kernel.Float] struct {
	batchOf[T]
	products func(lo, hi int)
}

var (
	sBatches = sync.Pool{New: func() any { return newBatchLoop[float32]() }}
	dBatches = sync.Pool{New: func() any { return newBatchLoop[float64]() }}
)

func newBatchLoop[T kernel.Float]() *batchLoop[T] {
	l := new(batchLoop[T])
	l.products = l.do
	return l
}

// runBatch shares the products out among the threads if there are enough of them to keep all busy; otherwise each product is
// shared out in its turn. A product's bits are the same either way.
func runBatch[T kernel.Float](pool *sync.Pool, args batchOf[T], batch int) {
	l := pool.Get().(*batchLoop[T])
	l.batchOf = args
	if workers := parallel.Workers(); batch%workers == 0 || batch >= 4*workers {
		run(batch, int(max(1, minShare/max(1, int64(args.m)*int64(args.n)*int64(args.k)))), l.products)
	} else {
		l.products(0, batch)
	}
	l.batchOf = batchOf[T]{} // keep nothing of the caller's alive
	pool.Put(l)
}

func (l *batchLoop[T]) do(lo, hi int) {
	for i := lo; i < hi; i++ {
		if l.cs != nil {
			Gemm(l.tA, l.tB, l.m, l.n, l.k, l.alpha, l.as[i], l.lda, l.bs[i], l.ldb, l.beta, l.cs[i], l.ldc)
		} else {
			Gemm(l.tA, l.tB, l.m, l.n, l.k, l.alpha, l.a[i*l.strideA:], l.lda, l.b[i*l.strideB:], l.ldb, l.beta, l.c[i*l.strideC:], l.ldc)
		}
	}
}
