package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// PReLU returns x where x is positive, else a·x, with slopes a that are learnt: one for all, or one for each channel.
//
//	x [N, C, ...]   a [1] or [C]   result as x
//
// Source: He et al., arXiv:1502.01852.
func PReLU(x, a *Var) *Var {
	n := preluOp.on(x, a)
	channels := 1
	if x.Rank() > 1 {
		channels = x.Dim(1)
	}
	if a.Rank() != 1 || a.Dim(0) != 1 && a.Dim(0) != channels {
		n.op.panicf("x %v and slopes %v: want [1] or [%d]", x.Shape(), a.Shape(), channels)
	}
	n.ints[0] = a.Dim(0)
	n.ints[1] = 1 // elements in a row, which share a slope
	if a.Dim(0) == 1 {
		n.ints[1] = x.Len()
	} else if rows := x.Dim(0) * channels; rows > 0 {
		n.ints[1] = x.Len() / rows
	}
	return n.run(x.Shape()...)
}

var preluOp = &op{"PReLU", kernels{preluForward, preluBackward[float32]}, kernels{preluForward, preluBackward[float64]}}

func preluForward(n *node) { n.each(n.out.Len(), fastGrain, preluLoop[float32], preluLoop[float64]) }

func preluLoop[T vec.Float](n *node, lo, hi int) {
	y, x, a, row := out[T](n), in[T](n, 0), in[T](n, 1), n.ints[1]
	for lo < hi {
		end := min(hi, lo+row-lo%row)
		leakyValue(y[lo:end], x[lo:end], a[lo/row%len(a)], 0)
		lo = end
	}
}

// The derivative with respect to x is one where x is positive, else the slope; with respect to the slope it is x where x is not
// positive, else zero, added up in float64, sample after sample.
func preluBackward[T vec.Float](n *node) {
	if n.wants(0) {
		begin[T](n, 0)
		n.each(n.out.Len(), fastGrain, preluSlopes[float32], preluSlopes[float64])
		end[T](n, 0)
	}
	if n.wants(1) {
		acc[T](n, 1)
		n.each(n.ints[0], 1+fastGrain*n.ints[0]/max(1, n.out.Len()), preluSums[float32], preluSums[float64])
	}
}

func preluSlopes[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, a, row := gradBuffer[T](n, 0), outGrad[T](n), in[T](n, 0), in[T](n, 1), n.ints[1]
	for lo < hi {
		end := min(hi, lo+row-lo%row)
		leakySlope(dx[lo:end], dy[lo:end], x[lo:end], a[lo/row%len(a)], 0)
		lo = end
	}
}

// preluSums adds to the gradients of slopes [lo, hi).
func preluSums[T vec.Float](n *node, lo, hi int) {
	da, _ := sink[T](n, 1)
	dy, x, row := outGrad[T](n), in[T](n, 0), n.ints[1]
	for c := lo; c < hi; c++ {
		var sum float64
		for at := c * row; at < len(x); at += n.ints[0] * row {
			dy := dy[at : at+row]
			for i, v := range x[at : at+row] {
				sum += float64(dy[i] * min(v, 0))
			}
		}
		da[c] += T(sum)
	}
}
