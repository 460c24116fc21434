package autograd

import (
	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
)

// MatMul returns the matrix product a·b.
//
//	a [M, K]   b [K, N]   result [M, N]
//
// Cost: 2·M·N·K flops, twice that backward.
func MatMul(a, b *Var) *Var { return matMul(a, b, blas.NoTrans, blas.NoTrans) }

// MatMulNT returns a·bᵀ, without copying b.
//
//	a [M, K]   b [N, K]   result [M, N]
func MatMulNT(a, b *Var) *Var { return matMul(a, b, blas.NoTrans, blas.Trans) }

// MatMulTN returns aᵀ·b, without copying a.
//
//	a [K, M]   b [K, N]   result [M, N]
func MatMulTN(a, b *Var) *Var { return matMul(a, b, blas.Trans, blas.NoTrans) }

var matMulOp = &op{"MatMul",
	kernels{matMulForward[float32], matMulBackward[float32]}, kernels{matMulForward[float64], matMulBackward[float64]}}

func matMul(a, b *Var, tA, tB blas.Transpose) *Var {
	n := matMulOp.on(a, b)
	if a.Rank() != 2 || b.Rank() != 2 {
		n.op.panicf("shapes %v and %v: both must have two axes", a.Shape(), b.Shape())
	}
	m, k := a.Dim(0), a.Dim(1)
	if tA == blas.Trans {
		m, k = k, m
	}
	k2, cols := b.Dim(0), b.Dim(1)
	if tB == blas.Trans {
		k2, cols = cols, k2
	}
	if k != k2 {
		n.op.panicf("shapes %v%s and %v%s: inner sizes %d and %d differ", a.Shape(), mark(tA), b.Shape(), mark(tB), k, k2)
	}
	n.ints = [4]int{int(tA), int(tB), k}
	return n.run(m, cols)
}

func mark(t blas.Transpose) string {
	if t == blas.Trans {
		return "ᵀ"
	}
	return ""
}

func matMulForward[T vec.Float](n *node) {
	tA, tB, k := blas.Transpose(n.ints[0]), blas.Transpose(n.ints[1]), n.ints[2]
	m, cols := n.out.Dim(0), n.out.Dim(1)
	gemm(tA, tB, m, cols, k, in[T](n, 0), n.in[0].Dim(1), in[T](n, 1), n.in[1].Dim(1), 0, out[T](n), cols)
}

// With C = A·B: the gradient of A is dC·Bᵀ and that of B is Aᵀ·dC. For a transposed operand these are transposed too.
func matMulBackward[T vec.Float](n *node) {
	tA, tB, k := blas.Transpose(n.ints[0]), blas.Transpose(n.ints[1]), n.ints[2]
	m, cols := n.out.Dim(0), n.out.Dim(1)
	a, b, dc := in[T](n, 0), in[T](n, 1), outGrad[T](n)
	lda, ldb := n.in[0].Dim(1), n.in[1].Dim(1)
	if n.wants(0) {
		if da, beta := sink[T](n, 0); tA == blas.NoTrans {
			gemm(blas.NoTrans, flip(tB), m, k, cols, dc, cols, b, ldb, beta, da, lda)
		} else {
			gemm(tB, blas.Trans, k, m, cols, b, ldb, dc, cols, beta, da, lda)
		}
	}
	if n.wants(1) {
		if db, beta := sink[T](n, 1); tB == blas.NoTrans {
			gemm(flip(tA), blas.NoTrans, k, cols, m, a, lda, dc, cols, beta, db, ldb)
		} else {
			gemm(blas.Trans, tA, cols, k, m, dc, cols, a, lda, beta, db, ldb)
		}
	}
}

func flip(t blas.Transpose) blas.Transpose {
	if t == blas.Trans {
		return blas.NoTrans
	}
	return blas.Trans
}

// gemm is blas.Gemm with α = 1 for matrices without gaps, which may have no elements.
func gemm[T vec.Float](tA, tB blas.Transpose, m, n, k int, a []T, lda int, b []T, ldb int, beta T, c []T, ldc int) {
	blas.Gemm(tA, tB, m, n, k, 1, a, max(lda, 1), b, max(ldb, 1), beta, c, max(ldc, 1))
}
