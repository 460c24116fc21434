package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Dice returns 1 − (2·Σ x·t + smooth)/(Σ x + Σ t + smooth) of every row: how little a predicted region overlaps the true one.
//
//	x, t [..., D] probabilities and targets between 0 and 1   result [...]
//
// Reshape images so that the pixels of a region are the last axis. smooth, 1 as a rule, makes two empty regions a perfect match.
// It panics if the shapes differ. Source: Sudre et al., arXiv:1707.03237.
func Dice(x, t *Var, smooth float64) *Var {
	n := diceOp.rowPair(x, t)
	n.factor = smooth
	return n.run(x.Shape()[:x.Rank()-1]...)
}

var diceOp = &op{"Dice", kernels{diceForward, slopesBackward[float32]}, kernels{diceForward, slopesBackward[float64]}}

func diceForward(n *node) {
	n.each(n.out.Len(), 1+slowGrain/(1+n.ints[0]), diceLoop[float32], diceLoop[float64])
}

// With U = Σ x + Σ t + smooth and I = 2·Σ x·t + smooth the derivative with respect to x is I/U² − 2t/U, and likewise for t.
func diceLoop[T vec.Float](n *node, lo, hi int) {
	y, d, dx, dt := out[T](n), n.ints[0], savedSlopes[T](n, 0), savedSlopes[T](n, 1)
	for r := lo; r < hi; r++ {
		x, t := in[T](n, 0)[r*d:(r+1)*d], in[T](n, 1)[r*d:(r+1)*d]
		both := 2*vec.Dot(x, t) + T(n.factor)
		union := vec.Sum(x) + vec.Sum(t) + T(n.factor)
		y[r] = 1 - both/union
		if dx != nil {
			vec.Scale(dx[r*d:(r+1)*d], -2/union, t)
			vec.AddScalar(dx[r*d:(r+1)*d], both/union/union, dx[r*d:(r+1)*d])
		}
		if dt != nil {
			vec.Scale(dt[r*d:(r+1)*d], -2/union, x)
			vec.AddScalar(dt[r*d:(r+1)*d], both/union/union, dt[r*d:(r+1)*d])
		}
	}
}
