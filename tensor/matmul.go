package tensor

// This file multiplies matrices.

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
)

// MatMul returns the matrix products a·b of the last two axes; leading axes, the batch, broadcast. An a with one axis is a
// row, and a b with one axis a column; that axis is not in the result. Float32 and Float64.
//
//	a [..., M, K]   b [..., K, N]   result [..., M, N]
//
// Transposed operands are multiplied as they lie; others with gaps are copied first. Cost: 2·M·N·K flops a product.
func MatMul(a, b *Tensor) *Tensor {
	var room [2 * inlineRank]int
	dst := New(a.dtype, matMulShape(room[:0], a, b)...)
	MatMulTo(dst, a, b)
	return dst
}

// MatMulTo stores a·b in dst, which must not overlap either.
func MatMulTo(dst, a, b *Tensor) {
	if a.dtype != b.dtype {
		panic(fmt.Sprintf("tensor: MatMul: dtypes %v and %v", a.dtype, b.dtype))
	}
	if a.dtype != Float32 && a.dtype != Float64 {
		panic(fmt.Sprintf("tensor: MatMul: dtype %v is not one it works on", a.dtype))
	}
	mustDType("MatMul", dst, a.dtype)
	var room [2 * inlineRank]int
	if shape := matMulShape(room[:0], a, b); !slices.Equal(shape, dst.shape) {
		panic(fmt.Sprintf("tensor: MatMul: the destination's shape is %v, the result's %v", dst.shape, slices.Clone(shape)))
	}
	if a.n == 0 || b.n == 0 { // no result, or one of sums of nothing
		dst.Zero()
		return
	}
	p := products.Get().(*product)
	p.matrices(dst, a, b)
	if a.dtype == Float32 {
		multiply[float32](p)
	} else {
		multiply[float64](p)
	}
	p.done(dst)
}

// matMulShape appends the shape of a·b to dst.
func matMulShape(dst []int, a, b *Tensor) []int {
	ra, rb := len(a.shape), len(b.shape)
	if ra == 0 || rb == 0 {
		panic(fmt.Sprintf("tensor: MatMul: shapes %v and %v: both must have an axis", a.shape, b.shape))
	}
	k := b.shape[max(0, rb-2)]
	if a.shape[ra-1] != k {
		panic(fmt.Sprintf("tensor: MatMul: shapes %v and %v: inner sizes %d and %d differ", a.shape, b.shape, a.shape[ra-1], k))
	}
	dst, ok := BroadcastShapes(dst, a.shape[:max(0, ra-2)], b.shape[:max(0, rb-2)])
	if !ok {
		panic(fmt.Sprintf("tensor: MatMul: shapes %v and %v: the batch axes do not broadcast", a.shape, b.shape))
	}
	if ra > 1 {
		dst = append(dst, a.shape[ra-2])
	}
	if rb > 1 {
		dst = append(dst, b.shape[rb-1])
	}
	return dst
}

// A product is one call: the batch as a walk over c, a and b, whose rows are products evenly apart.
type product struct {
	walk
	cursor
	pool       Pool
	to         *Tensor // where the result goes first, if not straight to its destination
	c, a, b    Tensor  // at least two axes each
	tA, tB     blas.Transpose
	m, n, k    int
	lda, ldb   int
	ldc, count int
}

var products = sync.Pool{New: func() any { return new(product) }}

// matrices sets operands that blas takes: touching along one of the last two axes, the result along the last.
func (p *product) matrices(dst, a, b *Tensor) {
	column := len(b.shape) == 1
	p.to = dst
	if !dst.contig && (len(a.shape) == 1 || column || !dst.hasRows()) {
		p.to = p.pool.New(dst.dtype, dst.shape...)
	}
	p.to.aliasInto(&p.c)
	a.aliasInto(&p.a)
	b.aliasInto(&p.b)
	if len(a.shape) == 1 {
		p.a.unsqueezeHere(0)
	}
	if column {
		p.b.unsqueezeHere(1)
		p.c.unsqueezeHere(len(p.c.shape))
	}
	if len(a.shape) == 1 {
		p.c.unsqueezeHere(len(p.c.shape) - 1)
	}
	p.tA, p.lda = p.layout(&p.a)
	p.tB, p.ldb = p.layout(&p.b)
	last := len(p.c.shape) - 1
	p.m, p.n, p.k = p.c.shape[last-1], p.c.shape[last], p.a.shape[len(p.a.shape)-1]
	p.ldc = max(p.n, 1)
	if p.m > 1 {
		p.ldc = p.c.strides[last-1]
	}
	p.batch()
}

// hasRows reports whether the last two axes of t are matrices whose rows touch and do not overlap.
func (t *Tensor) hasRows() bool {
	r := len(t.shape)
	rows, cols := t.shape[r-2], t.shape[r-1]
	return (cols == 1 || t.strides[r-1] == 1) && (rows == 1 || t.strides[r-2] >= cols)
}

// unsqueezeHere puts an axis of length 1 at i into t's own header.
func (t *Tensor) unsqueezeHere(i int) {
	shape, strides := t.shape, t.strides
	var s, by [2 * inlineRank]int
	sh, st := append(s[:0], shape...), append(by[:0], strides...)
	sh, st = slices.Insert(sh, i, 1), slices.Insert(st, i, 1)
	t.setRank(len(sh))
	copy(t.shape, sh)
	copy(t.strides, st)
}

// layout returns how blas is to read the matrices of t, which it first replaces by a copy if blas can not.
func (p *product) layout(t *Tensor) (blas.Transpose, int) {
	r := len(t.shape)
	rows, cols := t.shape[r-2], t.shape[r-1]
	rowBy, colBy := t.strides[r-2], t.strides[r-1]
	switch {
	case (colBy == 1 || cols == 1) && (rowBy >= cols || rows == 1):
		if rows == 1 {
			return blas.NoTrans, max(cols, 1)
		}
		return blas.NoTrans, max(rowBy, 1)
	case (rowBy == 1 || rows == 1) && (colBy >= rows || cols == 1):
		if cols == 1 {
			return blas.Trans, max(rows, 1)
		}
		return blas.Trans, max(colBy, 1)
	}
	p.pool.New(t.dtype, t.shape...).copyInto(t)
	return blas.NoTrans, max(cols, 1)
}

// copyInto makes c, of t's shape, a copy of t, and then t a view of c.
func (c *Tensor) copyInto(t *Tensor) {
	c.CopyFrom(t)
	c.aliasInto(t)
}

// batch cuts the batch axes into rows of products that lie evenly apart, which is one product where the rows of a and c go on
// from one to the next and b stays the same.
func (p *product) batch() {
	last := len(p.c.shape) - 1
	shape := p.c.shape[:last-1]
	hc, ha, hb := p.c.head(), p.a.head(), p.b.head()
	p.set(shape, &hc, &ha, &hb)
	p.merge()
	p.cut(0)
	p.count = p.walk.n
	size := p.size[0]
	if p.count > 1 && p.by[2] == 0 && p.tA == blas.NoTrans && p.by[1] == p.m*p.lda*size && p.by[0] == p.m*p.ldc*size {
		p.m, p.count = p.m*p.count, 1
	}
}

// head returns a header for the first elements of the matrices of t.
func (t *Tensor) head() Tensor {
	r := len(t.shape) - 2
	return Tensor{data: t.data, dtype: t.dtype, n: t.n, shape: t.shape[:r], strides: t.strides[:r]}
}

func multiply[T vec.Float](p *product) {
	rowsA, colsA, rowsB, colsB := p.m, p.k, p.k, p.n
	if p.tA == blas.Trans {
		rowsA, colsA = colsA, rowsA
	}
	if p.tB == blas.Trans {
		rowsB, colsB = colsB, rowsB
	}
	size := p.size[0]
	byC, byA, byB := p.by[0]/size, p.by[1]/size, p.by[2]/size
	extent := func(rows, cols, ld, by int) int {
		if rows == 0 || cols == 0 {
			return 0
		}
		return (rows-1)*ld + cols + (p.count-1)*by
	}
	p.seek(&p.walk, 0)
	for range p.rows {
		if p.count > 1 && min(byA, byB, byC) < 0 { // batches that run backwards, one by one
			for i := range p.count {
				c := unsafe.Slice((*T)(unsafe.Add(p.p[0], i*p.by[0])), extent(p.m, p.n, p.ldc, 0))
				a := unsafe.Slice((*T)(unsafe.Add(p.p[1], i*p.by[1])), extent(rowsA, colsA, p.lda, 0))
				b := unsafe.Slice((*T)(unsafe.Add(p.p[2], i*p.by[2])), extent(rowsB, colsB, p.ldb, 0))
				blas.Gemm(p.tA, p.tB, p.m, p.n, p.k, 1, a, p.lda, b, p.ldb, 0, c, p.ldc)
			}
			p.next(&p.walk)
			continue
		}
		c := unsafe.Slice((*T)(p.p[0]), extent(p.m, p.n, p.ldc, byC))
		a := unsafe.Slice((*T)(p.p[1]), extent(rowsA, colsA, p.lda, byA))
		b := unsafe.Slice((*T)(p.p[2]), extent(rowsB, colsB, p.ldb, byB))
		switch {
		case p.count == 1:
			blas.Gemm(p.tA, p.tB, p.m, p.n, p.k, 1, a, p.lda, b, p.ldb, 0, c, p.ldc)
		default:
			blas.GemmStridedBatched(p.tA, p.tB, p.m, p.n, p.k, 1, a, p.lda, byA, b, p.ldb, byB, 0, c, p.ldc, byC, p.count)
		}
		p.next(&p.walk)
	}
}

// done hands over the result and lets go of everything.
func (p *product) done(dst *Tensor) {
	if p.to != dst {
		dst.CopyFrom(p.to)
	}
	p.pool.Reset()
	p.forget()
	p.to, p.c.data, p.a.data, p.b.data = nil, nil, nil, nil
	p.p = [operands]unsafe.Pointer{}
	products.Put(p)
}
