package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// LayerNorm normalises each row of x: y = (x − mean)/√(var + eps)·gain + bias, with the mean and the variance of the row.
//
//	x [..., D]   gain, bias [D], or no bias, or both nil   result as x
//
// A row whose Σ (x − mean)² overflows gives NaN, as in PyTorch. Cost: some 6 passes over x in cache, 10 backward.
// Source: Ba, Kiros and Hinton, arXiv:1607.06450.
func LayerNorm(x, gain, bias *Var, eps float64) *Var {
	var room [3]*Var
	n := layerNormOp.on(affineOperands(room[:0], layerNormOp, x, gain, bias)...)
	n.normRows(eps)
	n.save(0, x.DType(), 2, n.ints[0]) // mean, 1/√(var + eps)
	return n.run(x.Shape()...)
}

// RMSNorm divides each row of x by the root of its mean square: y = x/√(Σx²/D + eps)·gain.
//
//	x [..., D]   gain [D] or nil   result as x
//
// A row whose Σ x² overflows gives NaN, where PyTorch gives zeros. Source: Zhang and Sennrich, arXiv:1910.07467.
func RMSNorm(x, gain *Var, eps float64) *Var {
	var room [3]*Var
	n := rmsNormOp.on(affineOperands(room[:0], rmsNormOp, x, gain, nil)...)
	n.normRows(eps)
	n.save(0, x.DType(), n.ints[0]) // 1/√(mean square + eps)
	return n.run(x.Shape()...)
}

var (
	layerNormOp = &op{"LayerNorm",
		kernels{layerNormForward[float32], layerNormBackward[float32]}, kernels{layerNormForward[float64], layerNormBackward[float64]}}
	rmsNormOp = &op{"RMSNorm",
		kernels{rmsNormForward[float32], rmsNormBackward[float32]}, kernels{rmsNormForward[float64], rmsNormBackward[float64]}}
)

// normRows checks the operands of an op that normalises rows, and sets ints to their number and length.
func (n *node) normRows(eps float64) {
	x := n.in[0]
	if x.Rank() < 1 {
		n.op.panicf("shape %v has no last axis", x.Shape())
	}
	n.ints[0], n.ints[1], n.factor = x.Len()/max(x.Dim(-1), 1), x.Dim(-1), eps // no rows of no elements
	n.affine(x.Dim(-1))
}

func layerNormForward[T vec.Float](n *node) {
	rows, cols := n.ints[0], n.ints[1]
	stats := tensor.Data[T](n.saved[0])
	vec.LayerNorm(out[T](n), in[T](n, 0), inOrNil[T](n, 1), inOrNil[T](n, 2), stats[:rows], stats[rows:], rows, cols, T(n.factor))
}

// With x̂ the normalised x and g = dy·gain: moving one x moves the mean and the variance of its row, so
// dx = rstd·(g − Σ g/D − x̂·Σ g·x̂/D), dgain = Σ dy·x̂ and dbias = Σ dy over the rows.
func layerNormBackward[T vec.Float](n *node) {
	stats := tensor.Data[T](n.saved[0])
	rows := n.ints[0]
	rowsBackward(n, func(r int, x, gain, dy, dx, norm []T) {
		rstd := stats[rows+r]
		vec.AddScalar(norm, -stats[r], x)
		vec.Scale(norm, rstd, norm)
		if dx == nil {
			return
		}
		g := dy
		if gain != nil {
			vec.Mul(dx, dy, gain)
			g = dx
		}
		d := T(len(x))
		mean, slope := vec.Sum(g)/d, vec.Dot(g, norm)/d
		vec.AddScalar(dx, -mean, g)
		vec.Axpy(dx, -slope, norm)
		vec.Scale(dx, rstd, dx)
	})
}

func rmsNormForward[T vec.Float](n *node) {
	rows, cols := n.ints[0], n.ints[1]
	x, y, gain, rrms := in[T](n, 0), out[T](n), inOrNil[T](n, 1), tensor.Data[T](n.saved[0])
	parallel.For(rows, max(1, 1<<14/max(cols, 1)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
			rrms[r] = vec.Rstd(vec.SumSq(x)/T(cols), n.factor)
			vec.Scale(y, rrms[r], x)
			if gain != nil {
				vec.Mul(y, y, gain)
			}
		}
	})
}

// As of LayerNorm without its mean: dx = r·(g − x̂·Σ g·x̂/D), with r one over the root of the mean square.
func rmsNormBackward[T vec.Float](n *node) {
	rrms := tensor.Data[T](n.saved[0])
	rowsBackward(n, func(r int, x, gain, dy, dx, norm []T) {
		vec.Scale(norm, rrms[r], x)
		if dx == nil {
			return
		}
		g := dy
		if gain != nil {
			vec.Mul(dx, dy, gain)
			g = dx
		}
		slope := vec.Dot(g, norm) / T(len(x))
		vec.Scale(dx, rrms[r], g)
		vec.Axpy(dx, -slope*rrms[r], norm)
	})
}

// normBlocks is in how many parts, at least, rows are cut for the sums of dgain and dbias, unless a part would have
// less than a row; and normLeaf is how many rows a part has at most. So the cut depends on the number of rows alone.
const (
	normBlocks = 16
	normLeaf   = 32
)

// rowsBackward calls row for each row of an op that normalises rows: it stores the normalised row in norm and, unless
// dx is nil, the gradient of x in dx. From these it sums up the gradients of gain and bias: row after row in a part,
// and the parts in tensor.Sum's order.
func rowsBackward[T vec.Float](n *node, row func(r int, x, gain, dy, dx, norm []T)) {
	rows, cols := n.ints[0], n.ints[1]
	if rows == 0 {
		return
	}
	x, dy, gain := in[T](n, 0), outGrad[T](n), inOrNil[T](n, 1)
	var dx []T
	if n.wants(0) {
		dx = begin[T](n, 0)
	}
	per := min((rows+normBlocks-1)/normBlocks, normLeaf)
	blocks := (rows + per - 1) / per
	pool := &n.tape.pool
	part := pool.New(n.in[0].DType(), 3, blocks, cols) // sums for gain and bias, and room for a row
	room := tensor.Data[T](part)
	wantsGain, wantsBias := len(n.in) > 1 && n.wants(1), len(n.in) > 2 && n.wants(2)
	parallel.For(blocks, max(1, 1<<13/(per*cols)), func(lo, hi int) {
		for b := lo; b < hi; b++ {
			gainSum, biasSum := room[b*cols:][:cols], room[(blocks+b)*cols:][:cols]
			norm := room[(2*blocks+b)*cols:][:cols]
			clear(gainSum)
			clear(biasSum)
			for r := b * per; r < min((b+1)*per, rows); r++ {
				at, to := r*cols, (r+1)*cols
				var into []T
				if dx != nil {
					into = dx[at:to]
				}
				row(r, x[at:to], gain, dy[at:to], into, norm)
				if wantsGain {
					vec.MulAdd(gainSum, dy[at:to], norm)
				}
				if wantsBias {
					vec.Add(biasSum, biasSum, dy[at:to])
				}
			}
		}
	})
	for i, wanted := range []bool{wantsGain, wantsBias} {
		if wanted {
			sumInto[T](n, 1+i, n.in[1+i].Shape(), 1, pool.Slice(part, 0, i, i+1))
		}
	}
	pool.Put(part)
	if dx != nil {
		end[T](n, 0)
	}
}
