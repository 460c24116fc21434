// Products with a fused epilogue: what follows a product in a network, done while its result is still in the cache.

package blas

import (
	"unsafe"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/blas/vec"
)

// An Epilogue is what is done to C [m, n] after a product, in this order: RowBias, ColBias, Each. Its zero value does nothing.
type Epilogue[T Float] struct {
	// RowBias [m] is added to each column of C, C[i, j] += RowBias[i]: the bias of a convolution, whose rows are channels.
	RowBias []T
	// ColBias [n] is added to each row of C, C[i, j] += ColBias[j]: the bias of a linear layer, whose columns are features.
	ColBias []T
	// Each is called once for every element, by pieces: c is C[i, j:j+len(c)], to be changed in place, element by element, for
	// where pieces begin depends on the number of threads. It is called from several goroutines at once and must not panic.
	// An activation is func(i, j int, c []T) { vec.Relu(c, c) }.
	Each func(i, j int, c []T)
}

// apply does e to the rows [i0, i1) and columns [j0, j1) of C, the first of which is *c. A nil e does nothing.
func (e *Epilogue[T]) apply(c *T, ldc, i0, i1, j0, j1 int) {
	if e == nil {
		return
	}
	for i := i0; i < i1; i++ {
		row := unsafe.Slice(at(c, (i-i0)*ldc), j1-j0)
		if e.RowBias != nil {
			vec.AddScalar(row, e.RowBias[i], row)
		}
		if e.ColBias != nil {
			vec.Add(row, row, e.ColBias[j0:j1])
		}
		if e.Each != nil {
			e.Each(i, j0, row)
		}
	}
}

// check panics if the biases do not suit a C [m, n].
func (e *Epilogue[T]) check(m, n int) {
	if e == nil {
		return
	}
	if e.RowBias != nil && len(e.RowBias) != m {
		panic(badRowBias)
	}
	if e.ColBias != nil && len(e.ColBias) != n {
		panic(badColBias)
	}
}

// GemmThen computes C = alpha·op(A)·op(B) + beta·C and then does e to C; a nil e does nothing. The result has the same bits as
// [Gemm] and then e on the whole of C.
//
// It panics as Gemm does, and if a bias of e has the wrong length. Each's cost apart, it saves a pass over C.
func GemmThen[T Float](tA, tB Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int, e *Epilogue[T]) {
	if unsafe.Sizeof(alpha) == 4 {
		gemmThen(&best.single, tA, tB, m, n, k, float32(alpha), cast[float32](a), lda, cast[float32](b), ldb, float32(beta), cast[float32](c), ldc, (*Epilogue[float32])(unsafe.Pointer(e)))
		return
	}
	gemmThen(&best.double, tA, tB, m, n, k, float64(alpha), cast[float64](a), lda, cast[float64](b), ldb, float64(beta), cast[float64](c), ldc, (*Epilogue[float64])(unsafe.Pointer(e)))
}

// gemmThen is GemmThen on the kernels of l.
func gemmThen[T kernel.Float](l *level3[T], tA, tB Transpose, m, n, k int, alpha T, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int, e *Epilogue[T]) {
	done := checkGemm(tA, tB, m, n, k, alpha == 0, beta == 1, len(a), lda, len(b), ldb, len(c), ldc)
	e.check(m, n)
	switch {
	case m == 0 || n == 0:
		return
	case done:
	case alpha == 0 || k == 0:
		scale(m, n, beta, c, ldc)
	case m == 1 || n == 1:
		vectorGemm(l.vectors, l.use.isa, tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	default:
		l.gemmThen(tA != NoTrans, tB != NoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, e)
		return
	}
	e.apply(&c[0], ldc, 0, m, 0, n)
}
