package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// Mul returns a · b, element by element. Shapes broadcast as in Add.
func Mul(a, b *Var) *Var { return mulOp.broadcast(a, b) }

var mulOp = &op{"Mul", kernels{mulForward[float32], mulBackward[float32]}, kernels{mulForward[float64], mulBackward[float64]}}

func mulForward[T vec.Float](n *node) {
	mulRows(out[T](n), n.out.Shape(), in[T](n, 0), n.in[0].Shape(), in[T](n, 1), n.in[1].Shape())
}

// The derivative with respect to one operand is the other one.
func mulBackward[T vec.Float](n *node) {
	for i := range 2 {
		x, other := n.in[i], n.in[1-i]
		if !x.needs {
			continue
		}
		if x.value.SameShape(n.out.value) {
			mulRows(begin[T](n, i), x.Shape(), outGrad[T](n), x.Shape(), in[T](n, 1-i), other.Shape())
			end[T](n, i)
		} else {
			mulSumInto[T](n, i)
		}
	}
}

// mulRows stores a·b in y, both broadcast to y's shape.
func mulRows[T vec.Float](y []T, shape []int, a []T, aShape []int, b []T, bShape []int) {
	for r := broadcastRows(shape, aShape, bShape); r.next(); {
		y := y[r.at : r.at+r.n]
		switch {
		case r.aStep == 1 && r.bStep == 1:
			vec.Mul(y, a[r.a:r.a+r.n], b[r.b:r.b+r.n])
		case r.aStep == 1:
			vec.Scale(y, b[r.b], a[r.a:r.a+r.n])
		default:
			vec.Scale(y, a[r.a], b[r.b:r.b+r.n])
		}
	}
}

// mulSumInto adds dy·b, summed over the axes along which operand i is broadcast, to its gradient; b is the other
// operand. Where elements of the gradient are sums over leading axes, and of rows, products go straight into partial
// sums of leafRows of these; else they are stored first.
func mulSumInto[T vec.Float](n *node, i int) {
	shape, x, other := n.out.Shape(), n.in[i], n.in[1-i]
	dy, b := outGrad[T](n), in[T](n, 1-i)
	lead, axes := 1, 0
	for axes < len(shape) && fromLast(x.Shape(), len(shape)-1-axes) == 1 {
		lead *= shape[axes]
		axes++
	}
	rest := shape[axes:]
	r := broadcastRows(rest, inner(x.Shape(), len(rest)), inner(other.Shape(), len(rest)))
	size, bBy := len(dy)/max(lead, 1), 0
	simple := len(rest) > 0 && lead > 0
	if other.value.SameShape(n.out.value) {
		bBy = size
	} else {
		simple = simple && other.Rank() <= len(rest)
	}
	for _, by := range r.aBy[:r.rank] {
		simple = simple && by != 0
	}
	pool := &n.tape.pool
	if !simple {
		product := pool.New(n.out.DType(), shape...)
		mulRows(tensor.Data[T](product), shape, dy, shape, b, other.Shape())
		sumInto[T](n, i, x.Shape(), 1, product)
		pool.Put(product)
		return
	}
	leaves := (lead + leafRows - 1) / leafRows
	part := pool.New(n.out.DType(), leaves, x.Len())
	sums := tensor.Data[T](part)
	parallel.For(leaves, max(1, fastGrain/max(1, leafRows*size)), func(lo, hi int) {
		for l := lo; l < hi; l++ {
			g := sums[l*x.Len():][:x.Len()]
			clear(g)
			for k := l * leafRows; k < min((l+1)*leafRows, lead); k++ {
				mulAddRows(g, dy[k*size:], b[k*bBy:], r)
			}
		}
	})
	sumInto[T](n, i, []int{x.Len()}, 1, part)
	pool.Put(part)
}

// mulAddRows adds dy·b to g, row by row of r.
func mulAddRows[T vec.Float](g, dy, b []T, r rows) {
	for r.next() {
		dy := dy[r.at : r.at+r.n]
		switch {
		case r.aStep == 1 && r.bStep == 1:
			vec.MulAdd(g[r.a:r.a+r.n], dy, b[r.b:r.b+r.n])
		case r.aStep == 1:
			vec.Axpy(g[r.a:r.a+r.n], b[r.b], dy)
		case r.bStep == 1:
			g[r.a] += vec.Dot(dy, b[r.b:r.b+r.n])
		default:
			g[r.a] += b[r.b] * vec.Sum(dy)
		}
	}
}

// inner returns the last n axes of shape, or all if it has fewer.
func inner(shape []int, n int) []int { return shape[max(0, len(shape)-n):] }
