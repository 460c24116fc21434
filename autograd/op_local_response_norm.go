package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// LocalResponseNormOptions are the constants of LocalResponseNorm.
type LocalResponseNormOptions struct {
	Size           int // channels that damp each other, > 0
	Alpha, Beta, K float64
}

// LocalResponseNorm divides each element by what its neighbours in other channels make of it:
// y = x·d^−Beta with d = K + Alpha/Size·Σ x², the sum over channels from Size/2 before to (Size−1)/2 after.
//
//	x [N, C, ...]   result as x
//
// The formula is PyTorch's. Source: Krizhevsky, Sutskever and Hinton, NIPS 2012.
func LocalResponseNorm(x *Var, o LocalResponseNormOptions) *Var {
	n := localResponseNormOp.on(x)
	if x.Rank() < 2 {
		n.op.panicf("shape %v: want [N, C, ...]", x.Shape())
	}
	if o.Size < 1 || o.K <= 0 && o.Beta > 0 {
		n.op.panicf("Size = %d and K = %v: want > 0", o.Size, o.K)
	}
	n.aux = &o
	n.save(0, x.DType(), x.Shape()...) // d
	return n.run(x.Shape()...)
}

var localResponseNormOp = &op{"LocalResponseNorm",
	kernels{lrnForward[float32], lrnBackward[float32]}, kernels{lrnForward[float64], lrnBackward[float64]}}

// eachSample calls fn for every sample of x [N, C, ...], with where its C·S elements begin and end.
func eachSample(n *node, fn func(lo, hi int)) {
	samples, c, s := planes(n.in[0].Shape())
	if c*s == 0 {
		return
	}
	parallel.For(samples, max(1, 1<<13/(c*s)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			fn(i*c*s, (i+1)*c*s)
		}
	})
}

// addNeighbours adds to each channel of dst [C, S] the channels of x from before to after it.
func addNeighbours[T vec.Float](dst, x []T, c, s, before, after int) {
	for i := range c {
		for j := max(0, i-before); j <= min(c-1, i+after); j++ {
			row := dst[i*s : (i+1)*s]
			vec.Add(row, row, x[j*s:(j+1)*s])
		}
	}
}

func lrnForward[T vec.Float](n *node) {
	o := n.aux.(*LocalResponseNormOptions)
	_, c, s := planes(n.in[0].Shape())
	x, y, d := in[T](n, 0), out[T](n), tensor.Data[T](n.saved[0])
	eachSample(n, func(lo, hi int) {
		x, y, d := x[lo:hi], y[lo:hi], d[lo:hi]
		vec.Mul(y, x, x)
		clear(d)
		addNeighbours(d, y, c, s, o.Size/2, (o.Size-1)/2)
		vec.Scale(d, T(o.Alpha/float64(o.Size)), d)
		vec.AddScalar(d, T(o.K), d)
		negPower(y, d, o.Beta)
		vec.Mul(y, y, x)
	})
}

// negPower stores d^−Beta in y, for d > 0.
func negPower[T vec.Float](y, d []T, beta float64) {
	vec.Log(y, d)
	vec.Scale(y, T(-beta), y)
	vec.Exp(y, y)
}

// An element counts once directly and once in the d of each channel it neighbours:
// dx = dy·d^−Beta − 2·Alpha·Beta/Size·x·Σ dy·y/d, the sum over the channels in whose neighbourhood x lies.
func lrnBackward[T vec.Float](n *node) {
	o := n.aux.(*LocalResponseNormOptions)
	_, c, s := planes(n.in[0].Shape())
	x, y, d, dy, dx := in[T](n, 0), out[T](n), tensor.Data[T](n.saved[0]), outGrad[T](n), begin[T](n, 0)
	room := n.tape.pool.New(n.in[0].DType(), len(x))
	t := tensor.Data[T](room)
	eachSample(n, func(lo, hi int) {
		x, y, d, dy, dx, t := x[lo:hi], y[lo:hi], d[lo:hi], dy[lo:hi], dx[lo:hi], t[lo:hi]
		vec.Mul(t, dy, y)
		vec.Div(t, t, d)
		clear(dx)
		addNeighbours(dx, t, c, s, (o.Size-1)/2, o.Size/2)
		vec.Mul(dx, dx, x)
		negPower(t, d, o.Beta)
		vec.Mul(t, t, dy)
		vec.Axpy(t, T(-2*o.Alpha*o.Beta/float64(o.Size)), dx)
		copy(dx, t)
	})
	n.tape.pool.Put(room)
	end[T](n, 0)
}
