package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Hinge returns max(0, margin − x), element by element. Source: Rosasco et al., Neural Computation 16 (2004).
func Hinge(x *Var, margin float64) *Var { return hingeOp.along(x, margin, 0) }

// HingeEmbedding returns x where the target t is 1, else max(0, margin − x), element by element: distances x of what belongs
// together become small, the others larger than the margin. The shapes must be equal; targets are 1 and −1.
func HingeEmbedding(x, t *Var, margin float64) *Var { return hingeEmbeddingOp.between(x, t, margin, 0) }

// CosineEmbedding returns 1 − x where the target t is 1, else max(0, x − margin), element by element, for cosines x. The shapes
// must be equal; targets are 1 and −1.
func CosineEmbedding(x, t *Var, margin float64) *Var {
	return cosineEmbeddingOp.between(x, t, margin, 0)
}

var (
	hingeOp = curveOp("Hinge", curve[float32]{hingeValue[float32], hingeSlope[float32]},
		curve[float64]{hingeValue[float64], hingeSlope[float64]})
	hingeEmbeddingOp = pairOp("HingeEmbedding",
		pair[float32]{hingeEmbeddingValue[float32], hingeEmbeddingSlope[float32], nothing[float32]},
		pair[float64]{hingeEmbeddingValue[float64], hingeEmbeddingSlope[float64], nothing[float64]})
	cosineEmbeddingOp = pairOp("CosineEmbedding",
		pair[float32]{cosineEmbeddingValue[float32], cosineEmbeddingSlope[float32], nothing[float32]},
		pair[float64]{cosineEmbeddingValue[float64], cosineEmbeddingSlope[float64], nothing[float64]})
)

func hingeValue[T vec.Float](y, x []T, margin, _ T) {
	x = x[:len(y)]
	for i := range y {
		y[i] = max(0, margin-x[i])
	}
}

// The derivative is −1 below the margin, else zero.
func hingeSlope[T vec.Float](dx, dy, x []T, margin, _ T) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		dx[i] = pick(x[i] < margin, -dy[i], 0)
	}
}

func hingeEmbeddingValue[T vec.Float](y, x, t []T, margin, _ T) {
	for i := range y {
		y[i] = pick(t[i] > 0, x[i], max(0, margin-x[i]))
	}
}

// The derivative is 1 for the target 1; for the other it is −1 below the margin, else zero.
func hingeEmbeddingSlope[T vec.Float](dx, x, t []T, margin, _ T) {
	for i := range dx {
		dx[i] = pick(t[i] > 0, 1, pick[T](x[i] < margin, -1, 0))
	}
}

func cosineEmbeddingValue[T vec.Float](y, x, t []T, margin, _ T) {
	for i := range y {
		y[i] = pick(t[i] > 0, 1-x[i], max(0, x[i]-margin))
	}
}

// The derivative is −1 for the target 1; for the other it is 1 above the margin, else zero.
func cosineEmbeddingSlope[T vec.Float](dx, x, t []T, margin, _ T) {
	for i := range dx {
		dx[i] = pick(t[i] > 0, -1, pick[T](x[i] > margin, 1, 0))
	}
}

// nothing is the derivative with respect to a target that only takes sides.
func nothing[T vec.Float](dt, _, _ []T, _, _ T) { clear(dt) }
