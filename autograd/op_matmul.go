package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// MatMul returns the matrix product a·b, for every pair of matrices if there are more axes than two: those before the last two
// broadcast as in Add.
//
//	a [..., M, K]   b [..., K, N]   result [..., M, N]
//
// Cost: 2·M·N·K flops a product, twice that backward.
func MatMul(a, b *Var) *Var { return matMul(a, b, blas.NoTrans, blas.NoTrans) }

// MatMulNT returns a·bᵀ, without copying b.
//
//	a [..., M, K]   b [..., N, K]   result [..., M, N]
func MatMulNT(a, b *Var) *Var { return matMul(a, b, blas.NoTrans, blas.Trans) }

// MatMulTN returns aᵀ·b, without copying a.
//
//	a [..., K, M]   b [..., K, N]   result [..., M, N]
func MatMulTN(a, b *Var) *Var { return matMul(a, b, blas.Trans, blas.NoTrans) }

var matMulOp = &op{"MatMul",
	kernels{matMulForward[float32], matMulBackward[float32]}, kernels{matMulForward[float64], matMulBackward[float64]}}

func matMul(a, b *Var, tA, tB blas.Transpose) *Var {
	n := matMulOp.on(a, b)
	if a.Rank() < 2 || b.Rank() < 2 {
		n.op.panicf("shapes %v and %v: both must have two axes or more", a.Shape(), b.Shape())
	}
	m, k := a.Dim(-2), a.Dim(-1)
	if tA == blas.Trans {
		m, k = k, m
	}
	k2, cols := b.Dim(-2), b.Dim(-1)
	if tB == blas.Trans {
		k2, cols = cols, k2
	}
	if k != k2 {
		n.op.panicf("shapes %v%s and %v%s: inner sizes %d and %d differ", a.Shape(), mark(tA), b.Shape(), mark(tB), k, k2)
	}
	var room [maxRank]int
	shape, ok := tensor.BroadcastShapes(room[:0], batchOf(a), batchOf(b))
	if !ok {
		n.op.panicf("shapes %v and %v: axes before the last two do not broadcast", a.Shape(), b.Shape())
	}
	n.ints = [4]int{int(tA), int(tB), k}
	if tA == blas.NoTrans && b.Rank() == 2 { // the rows of all matrices of a times one matrix: one product
		n.ints[3] = 1
	}
	return n.run(append(shape, m, cols)...)
}

func mark(t blas.Transpose) string {
	if t == blas.Trans {
		return "ᵀ"
	}
	return ""
}

// batchOf returns the axes before the matrix.
func batchOf(v *Var) []int { return v.Shape()[:v.Rank()-2] }

// product is a matrix product of a node: sizes, and for the batch how far apart operands lie.
type product struct {
	m, n, k                   int
	batch                     int // of one call to blas
	strideA, strideB, strideC int
}

// products calls fn for runs of products whose operands lie evenly, with where the first of each lies: all at once if neither
// operand broadcasts or one of them is a single matrix, otherwise row by row of the batch.
func (n *node) products(fn func(p product, a, b, c int)) {
	m, cols, k := n.out.Dim(-2), n.out.Dim(-1), n.ints[2]
	if n.ints[3] == 1 {
		rows := 1
		for _, d := range n.out.Shape()[:n.out.Rank()-1] {
			rows *= d
		}
		fn(product{m: rows, n: cols, k: k, batch: 1}, 0, 0, 0)
		return
	}
	sizeA, sizeB, sizeC := m*k, k*cols, m*cols
	for r := broadcastRows(batchOf(n.out), batchOf(n.in[0]), batchOf(n.in[1])); r.next(); {
		fn(product{m, cols, k, r.n, r.aStep * sizeA, r.bStep * sizeB, sizeC}, r.a*sizeA, r.b*sizeB, r.at*sizeC)
	}
}

func matMulForward[T vec.Float](n *node) {
	tA, tB := blas.Transpose(n.ints[0]), blas.Transpose(n.ints[1])
	a, b, c := in[T](n, 0), in[T](n, 1), out[T](n)
	lda, ldb := n.in[0].Dim(-1), n.in[1].Dim(-1)
	n.products(func(p product, i, j, l int) {
		if p.batch == 1 {
			gemm(tA, tB, p.m, p.n, p.k, a[i:], lda, b[j:], ldb, 0, c[l:], p.n)
			return
		}
		blas.GemmStridedBatched(tA, tB, p.m, p.n, p.k, 1, a[i:], max(lda, 1), p.strideA, b[j:], max(ldb, 1), p.strideB,
			0, c[l:], max(p.n, 1), p.strideC, p.batch)
	})
}

// With C = A·B: the gradient of A is dC·Bᵀ and that of B is Aᵀ·dC. For a transposed operand these are transposed too. An operand
// that is used for several products adds up theirs, first product first.
func matMulBackward[T vec.Float](n *node) {
	tA, tB := blas.Transpose(n.ints[0]), blas.Transpose(n.ints[1])
	a, b, dc := in[T](n, 0), in[T](n, 1), outGrad[T](n)
	lda, ldb := n.in[0].Dim(-1), n.in[1].Dim(-1)
	batched := func(t1, t2 blas.Transpose, m, cols, k int, x []T, ldx, strideX int, y []T, ldy, strideY int, beta T, z []T, ldz, strideZ, batch int) {
		if batch > 1 && strideZ > 0 {
			blas.GemmStridedBatched(t1, t2, m, cols, k, 1, x, max(ldx, 1), strideX, y, max(ldy, 1), strideY, beta, z, max(ldz, 1), strideZ, batch)
			return
		}
		for i := range batch {
			gemm(t1, t2, m, cols, k, x[i*strideX:], ldx, y[i*strideY:], ldy, beta, z, ldz)
			beta = 1
		}
	}
	if n.wants(0) {
		da, beta := n.productSink(0)
		g := tensor.Data[T](da)
		n.products(func(p product, i, j, l int) {
			if tA == blas.NoTrans {
				batched(blas.NoTrans, flip(tB), p.m, p.k, p.n, dc[l:], p.n, p.strideC, b[j:], ldb, p.strideB, T(beta), g[i:], lda, p.strideA, p.batch)
			} else {
				batched(tB, blas.Trans, p.k, p.m, p.n, b[j:], ldb, p.strideB, dc[l:], p.n, p.strideC, T(beta), g[i:], lda, p.strideA, p.batch)
			}
		})
	}
	if n.wants(1) {
		db, beta := n.productSink(1)
		g := tensor.Data[T](db)
		n.products(func(p product, i, j, l int) {
			if tB == blas.NoTrans {
				batched(flip(tA), blas.NoTrans, p.k, p.n, p.m, a[i:], lda, p.strideA, dc[l:], p.n, p.strideC, T(beta), g[j:], ldb, p.strideB, p.batch)
			} else {
				batched(blas.Trans, tA, p.n, p.k, p.m, dc[l:], p.n, p.strideC, a[i:], lda, p.strideA, T(beta), g[j:], ldb, p.strideB, p.batch)
			}
		})
	}
}

// productSink returns operand i's gradient, and the β with which every product may be added to it: 0 if it is new and no product
// meets what another has left there.
func (n *node) productSink(i int) (*tensor.Tensor, float64) {
	x := n.in[i]
	if x.grad != nil {
		return x.grad, 1
	}
	x.grad = n.tape.pool.New(x.DType(), x.Shape()...)
	if n.ints[3] == 1 || slices.Equal(batchOf(x), batchOf(n.out)) {
		return x.grad, 0
	}
	x.grad.Zero()
	return x.grad, 1
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
