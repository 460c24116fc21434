package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// GroupNorm cuts the channels of each sample in groups, normalises each group, and scales and shifts each channel:
// y = (x − mean)/√(var + eps)·gain + bias. With as many groups as channels it is instance normalisation.
//
//	x [N, C, ...]   gain, bias [C], or no bias, or both nil   result as x
//
// A group whose Σ (x − mean)² overflows gives NaN. It panics unless groups divides C. Cost: some 6 passes over x in
// cache, 10 backward. Sources: Wu and He, arXiv:1803.08494; Ulyanov, Vedaldi and Lempitsky, arXiv:1607.08022 (instance
// normalisation).
func GroupNorm(x, gain, bias *Var, groups int, eps float64) *Var {
	var room [3]*Var
	n := groupNormOp.on(affineOperands(room[:0], groupNormOp, x, gain, bias)...)
	if x.Rank() < 2 {
		n.op.panicf("shape %v: want [N, C, ...]", x.Shape())
	}
	if groups < 1 || x.Dim(1)%groups != 0 {
		n.op.panicf("shape %v: %d channels in %d groups", x.Shape(), x.Dim(1), groups)
	}
	n.affine(x.Dim(1))
	n.ints[0], n.factor = groups, eps
	n.save(0, x.DType(), 2, x.Dim(0)*groups) // mean, 1/√(var + eps)
	return n.run(x.Shape()...)
}

var groupNormOp = &op{"GroupNorm",
	kernels{groupNormForward[float32], groupNormBackward[float32]}, kernels{groupNormForward[float64], groupNormBackward[float64]}}

// groupSizes returns the number of groups of all samples, the channels of a group and the positions of a channel.
func groupSizes(n *node) (groups, perGroup, s int) {
	samples, c, s := planes(n.in[0].Shape())
	return samples * n.ints[0], c / n.ints[0], s
}

func groupNormForward[T vec.Float](n *node) {
	groups, per, s := groupSizes(n)
	if groups == 0 || per*s == 0 {
		return
	}
	c := n.in[0].Dim(1)
	y, gain, bias := out[T](n), inOrNil[T](n, 1), inOrNil[T](n, 2)
	stats := tensor.Data[T](n.saved[0])
	vec.LayerNorm(y, in[T](n, 0), nil, nil, stats[:groups], stats[groups:], groups, per*s, T(n.factor))
	if gain == nil {
		return
	}
	parallel.For(groups*per, max(1, 1<<14/s), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y := y[i*s : (i+1)*s]
			vec.Scale(y, gain[i%c], y)
			if bias != nil {
				vec.AddScalar(y, bias[i%c], y)
			}
		}
	})
}

// The derivative is LayerNorm's, with a group as the row; gain and bias collect over the positions and samples of a channel.
func groupNormBackward[T vec.Float](n *node) {
	groups, per, s := groupSizes(n)
	if groups == 0 || per*s == 0 {
		return
	}
	c, cols := n.in[0].Dim(1), per*s
	x, dy, gain := in[T](n, 0), outGrad[T](n), inOrNil[T](n, 1)
	stats := tensor.Data[T](n.saved[0])
	// For each channel of each sample Σ dy·x̂ and Σ dy, from which the gradients of gain and bias are added up.
	sums := n.tape.pool.New(n.in[0].DType(), 2, groups*per/c, c)
	defer n.tape.pool.Put(sums)
	sumX, sum := tensor.Data[T](sums)[:groups*per], tensor.Data[T](sums)[groups*per:]
	var dx []T
	if n.wants(0) {
		dx = begin[T](n, 0)
	} else {
		room := n.tape.pool.New(n.in[0].DType(), len(x))
		defer n.tape.pool.Put(room)
		dx = tensor.Data[T](room)
	}
	parallel.For(groups, max(1, 1<<13/cols), func(lo, hi int) {
		for g := lo; g < hi; g++ {
			norm, dy, rstd := dx[g*cols:(g+1)*cols], dy[g*cols:(g+1)*cols], stats[groups+g]
			vec.AddScalar(norm, -stats[g], x[g*cols:(g+1)*cols])
			vec.Scale(norm, rstd, norm)
			var mean, slope T
			for j := range per {
				i := g*per + j
				row := dy[j*s : (j+1)*s]
				sumX[i], sum[i] = vec.Dot(row, norm[j*s:(j+1)*s]), vec.Sum(row)
				a := T(1)
				if gain != nil {
					a = gain[i%c]
				}
				mean, slope = mean+a*sum[i], slope+a*sumX[i]
			}
			mean, slope = mean/T(cols), slope/T(cols)
			vec.Scale(norm, -slope*rstd, norm)
			vec.AddScalar(norm, -mean*rstd, norm)
			for j := range per {
				a := rstd
				if gain != nil {
					a *= gain[(g*per+j)%c]
				}
				vec.Axpy(norm[j*s:(j+1)*s], a, dy[j*s:(j+1)*s])
			}
		}
	})
	for i := range n.in[1:] {
		if n.wants(1 + i) {
			sumInto[T](n, 1+i, n.in[1+i].Shape(), 1, n.tape.pool.Slice(sums, 0, i, i+1))
		}
	}
	if n.wants(0) {
		end[T](n, 0)
	}
}
