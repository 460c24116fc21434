package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// CosineSimilarity returns Σ a·b/√((Σ a² + eps)·(Σ b² + eps)) over the last axis: the cosine of the angle between two rows.
//
//	a, b [..., D]   result [...]
//
// Sums are in float64, first element first. It panics if the shapes differ.
func CosineSimilarity(a, b *Var, eps float64) *Var {
	n := cosineOp.rowPair(a, b)
	n.factor = eps
	return n.run(a.Shape()[:a.Rank()-1]...)
}

// PairwiseDistance returns (Σ |a − b + eps|^p)^(1/p) over the last axis, the p-norm of the rows' differences; eps keeps the
// derivative finite where they are equal.
//
//	a, b [..., D]   result [...]
//
// Sums are in float64, first element first. It panics if the shapes differ, or unless p ≥ 1.
func PairwiseDistance(a, b *Var, p, eps float64) *Var {
	if !(p >= 1) {
		distanceOp.panicf("p = %v, want >= 1", p)
	}
	n := distanceOp.rowPair(a, b)
	n.factor, n.other = p, eps
	return n.run(a.Shape()[:a.Rank()-1]...)
}

// rowPair starts an op that makes one number of every two rows: ints[0] is their length.
func (o *op) rowPair(a, b *Var) *node {
	n := o.on(a, b)
	if a.Rank() < 1 || !a.value.SameShape(b.value) {
		o.panicf("shapes %v and %v: want the same, of one axis at least", a.Shape(), b.Shape())
	}
	n.ints[0] = a.Dim(-1)
	n.saveSlopes(0)
	n.saveSlopes(1)
	return n
}

var (
	cosineOp   = &op{"CosineSimilarity", kernels{cosineForward, slopesBackward[float32]}, kernels{cosineForward, slopesBackward[float64]}}
	distanceOp = &op{"PairwiseDistance", kernels{distanceForward, slopesBackward[float32]}, kernels{distanceForward, slopesBackward[float64]}}
)

func cosineForward(n *node) {
	n.each(n.out.Len(), 1+slowGrain/(1+n.ints[0]), cosineLoop[float32], cosineLoop[float64])
}

// With A = Σ a² + eps and B likewise the derivative with respect to a is b/√(A·B) − cos·a/A, and likewise for b.
func cosineLoop[T vec.Float](n *node, lo, hi int) {
	y, d := out[T](n), n.ints[0]
	da, db := savedSlopes[T](n, 0), savedSlopes[T](n, 1)
	for r := lo; r < hi; r++ {
		a, b := in[T](n, 0)[r*d:(r+1)*d], in[T](n, 1)[r*d:(r+1)*d]
		aa, bb, ab := n.factor, n.factor, 0.0
		for i, v := range a {
			aa += float64(v) * float64(v)
			bb += float64(b[i]) * float64(b[i])
			ab += float64(v) * float64(b[i])
		}
		norm := math.Sqrt(aa * bb)
		cos := ab / norm
		y[r] = T(cos)
		cosineSlope(da, r*d, a, b, norm, cos/aa)
		cosineSlope(db, r*d, b, a, norm, cos/bb)
	}
}

func cosineSlope[T vec.Float](dst []T, at int, a, b []T, norm, shrink float64) {
	if dst == nil {
		return
	}
	for i, v := range b {
		dst[at+i] = T(float64(v)/norm - shrink*float64(a[i]))
	}
}

func distanceForward(n *node) {
	n.each(n.out.Len(), 1+slowGrain/(1+n.ints[0]), distanceLoop[float32], distanceLoop[float64])
}

// With d = a − b + eps the derivative with respect to a is sign(d)·|d|^(p−1)/distance^(p−1), and minus that for b; zero where the
// distance is.
func distanceLoop[T vec.Float](n *node, lo, hi int) {
	y, cols, p, eps := out[T](n), n.ints[0], n.factor, n.other
	da, db := savedSlopes[T](n, 0), savedSlopes[T](n, 1)
	for r := lo; r < hi; r++ {
		a, b := in[T](n, 0)[r*cols:(r+1)*cols], in[T](n, 1)[r*cols:(r+1)*cols]
		sum := 0.0
		for i, v := range a {
			sum += power(math.Abs(float64(v)-float64(b[i])+eps), p)
		}
		distance := power(sum, 1/p)
		y[r] = T(distance)
		if da == nil && db == nil {
			continue
		}
		for i, v := range a {
			d, s := float64(v)-float64(b[i])+eps, 0.0
			if distance != 0 {
				s = sign(d) * power(math.Abs(d)/distance, p-1)
			}
			if da != nil {
				da[r*cols+i] = T(s)
			}
			if db != nil {
				db[r*cols+i] = T(-s)
			}
		}
	}
}

// power is math.Pow, quick for the usual exponents.
func power(x, p float64) float64 {
	switch p {
	case 0:
		return 1
	case 0.5:
		return math.Sqrt(x)
	case 1:
		return x
	case 2:
		return x * x
	}
	return elementary.Pow(x, p)
}
