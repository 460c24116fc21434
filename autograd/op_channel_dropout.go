package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// ChannelDropout is Dropout of whole channels: each of the N·C feature maps of x is zero with probability p or multiplied by
// 1/(1−p), because neighbouring pixels say much the same and would make up for each other.
//
//	x [N, C, ...]   result as x
//
// It panics if x has fewer than two axes. Source: Tompson et al., arXiv:1411.4280 (spatial dropout).
func ChannelDropout(x *Var, p float64) *Var {
	if x.Rank() < 2 {
		channelDropoutOp.panicf("x %v: want [N, C, ...]", x.Shape())
	}
	if !channelDropoutOp.drops(x, p) {
		return x
	}
	n := channelDropoutOp.on(x)
	n.factor = p
	n.save(0, x.DType(), x.Dim(0), x.Dim(1)) // 0 or 1/(1−p)
	return n.run(x.Shape()...)
}

var channelDropoutOp = &op{"ChannelDropout", kernels{channelDropoutForward[float32], channelDropoutBackward[float32]},
	kernels{channelDropoutForward[float64], channelDropoutBackward[float64]}}

func channelDropoutForward[T vec.Float](n *node) {
	mask := tensor.Data[T](n.saved[0])
	dropMask(mask, n.factor, n.tape.Rand(), keepFactor[T](n.factor))
	scaleRows(out[T](n), in[T](n, 0), mask)
}

// The derivative is what the channel was multiplied by.
func channelDropoutBackward[T vec.Float](n *node) {
	scaleRows(begin[T](n, 0), outGrad[T](n), tensor.Data[T](n.saved[0]))
	end[T](n, 0)
}

// scaleRows stores x in y, cut in as many rows as there are factors, each row times its own.
func scaleRows[T vec.Float](y, x, factors []T) {
	if len(factors) == 0 {
		return
	}
	row := len(x) / len(factors)
	for i, f := range factors {
		vec.Scale(y[i*row:(i+1)*row], f, x[i*row:(i+1)*row])
	}
}
