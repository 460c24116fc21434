package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// BatchNorm normalises each channel over the batch and all positions, and then scales and shifts it:
// y = (x − mean)/√(var + Eps)·gain + bias.
//
//	x [N, C, ...]   gain, bias [C], or both nil   result as x
//
// Where the mean and the variance come from, and where they go, the options say. A channel of one value has variance 0,
// so its result is the bias, and so has one of equal values. A channel whose Σ (x − mean)² overflows gives NaN, where
// PyTorch gives zeros. Sums are accumulated in float64 over rows; their order depends on the shape alone. Cost: some 8
// passes over x, 10 backward, mostly in cache. Source: Ioffe and Szegedy, arXiv:1502.03167.
func BatchNorm(x, gain, bias *Var, o *BatchNormOptions) *Var {
	var room [3]*Var
	n := batchNormOp.on(affineOperands(room[:0], batchNormOp, x, gain, bias)...)
	if x.Rank() < 2 {
		n.op.panicf("shape %v: want [N, C, ...]", x.Shape())
	}
	c := x.Dim(1)
	n.affine(c)
	for _, b := range []*Buffer{o.Mean, o.Var} {
		if b != nil && (b.value.Len() != c || b.value.DType() != x.DType()) {
			n.op.panicf("x %v %v and a running statistic %v %v: want [%d]", x.DType(), x.Shape(), b.value.DType(), b.value.Shape(), c)
		}
	}
	if o.Running && (o.Mean == nil || o.Var == nil) {
		n.op.panicf("Running without running statistics")
	}
	n.factor, n.aux = o.Eps, o
	n.save(0, x.DType(), 2, c) // mean, 1/√(var + eps)
	return n.run(x.Shape()...)
}

// BatchNormOptions says where BatchNorm's statistics come from and where they go. The op keeps the pointer until the tape is
// reset.
type BatchNormOptions struct {
	Eps float64 // added to the variance
	// Running takes the statistics from Mean and Var, as constants. Otherwise they are the batch's own.
	Running bool
	// Mean and Var, [C], are told what the batch's mean and unbiased variance were, to follow them at Rate (see Tape.Observe).
	// Both may be nil.
	Mean, Var *Buffer
	Rate      float64
	// Sync, if not nil, adds up sums over all replicas that share a batch. See StatSync.
	Sync StatSync
}

// StatSync makes the batch norms of several replicas one: Sum replaces each element of sums by its sum over all of them.
// BatchNorm calls it once in its forward and once in its backward pass, in the same order on all replicas, with as many
// elements. So they must run at the same time, each in a goroutine or process of its own; and for the result to be the same
// everywhere, Sum must give all of them the same bits. It may panic with an error, which ends the step.
type StatSync interface {
	Sum(sums []float64)
}

// SetStatSync makes layers that normalise over a batch, and have no StatSync of their own, do so over all replicas that share s,
// of which this tape's is one. nil ends it.
func (t *Tape) SetStatSync(s StatSync) { t.statSync = s }

// StatSync returns what SetStatSync has set.
func (t *Tape) StatSync() StatSync { return t.statSync }

var batchNormOp = &op{"BatchNorm",
	kernels{batchNormForward[float32], batchNormBackward[float32]}, kernels{batchNormForward[float64], batchNormBackward[float64]}}

// affineOperands lists, in room, the operands of a normalisation whose gain and bias are optional.
func affineOperands(room []*Var, o *op, x, gain, bias *Var) []*Var {
	switch {
	case gain != nil && bias != nil:
		return append(room, x, gain, bias)
	case gain != nil:
		return append(room, x, gain)
	case bias != nil:
		o.panicf("a bias without a gain")
	}
	return append(room, x)
}

// affine checks that gain and bias, where there are any, have c elements.
func (n *node) affine(c int) {
	for _, v := range n.in[1:] {
		if v.Len() != c {
			n.op.panicf("x %v and gain or bias %v: want [%d]", n.in[0].Shape(), v.Shape(), c)
		}
	}
}

// inOrNil returns the elements of operand i, nil if there are not so many.
func inOrNil[T vec.Float](n *node, i int) []T {
	if i >= len(n.in) {
		return nil
	}
	return in[T](n, i)
}

// accOrNil returns the gradient of operand i to add to, nil if there is none.
func accOrNil[T vec.Float](n *node, i int) []T {
	if i >= len(n.in) || !n.wants(i) {
		return nil
	}
	return acc[T](n, i)
}

// planes returns the sizes of x [N, C, ...]: samples, channels, positions.
func planes(shape []int) (n, c, s int) {
	s = 1
	for _, d := range shape[2:] {
		s *= d
	}
	return shape[0], shape[1], s
}

func batchNormForward[T vec.Float](n *node) {
	o := n.aux.(*BatchNormOptions)
	stats, p := tensor.Data[T](n.saved[0]), channelsOf[T](n)
	mean, rstd := stats[:p.c], stats[p.c:]
	p.y, p.mean, p.rstd, p.gain, p.bias = out[T](n), mean, rstd, inOrNil[T](n, 1), inOrNil[T](n, 2)
	if o.Running {
		copy(mean, tensor.Data[T](o.Mean.value))
		for i, v := range tensor.Data[T](o.Var.value) {
			rstd[i] = T(1 / math.Sqrt(float64(v)+o.Eps))
		}
	} else {
		batchStatistics(n, o, p, mean, rstd)
	}
	p.each(n, normalise)
}

// batchStatistics computes mean and rstd of the batch, over all replicas if these are synchronised, and reports them.
func batchStatistics[T vec.Float](n *node, o *BatchNormOptions, p *channels[T], mean, rstd []T) {
	sums := n.tape.pool.New(tensor.Float64, 2*p.c+1)
	defer n.tape.pool.Put(sums)
	all := tensor.Data[float64](sums)
	first, second, count := all[:p.c], all[p.c:2*p.c], &all[2*p.c]
	clear(all)
	*count = float64(p.n * p.s)
	p.sums = [2][]float64{first, second}
	p.each(n, moments)
	if o.Sync != nil { // squares about each replica's own mean cannot be added: move them to zero and back
		for i, m := range first {
			first[i], second[i] = m**count, second[i]+m*m**count
		}
		o.Sync.Sum(all)
		for i := range first {
			first[i] /= max(*count, 1)
			second[i] = max(0, second[i]-first[i]*first[i]**count)
		}
	}
	for i := range mean {
		mean[i] = T(first[i])
		rstd[i] = T(vec.Rstd(second[i]/max(*count, 1), o.Eps))
	}
	if o.Mean == nil || o.Var == nil || *count == 0 || !n.tape.Training() {
		return
	}
	sample := n.tape.pool.New(n.in[0].DType(), p.c)
	defer n.tape.pool.Put(sample)
	seen := tensor.Data[T](sample)
	for i, m2 := range second {
		seen[i] = T(m2 / max(*count-1, 1))
	}
	n.tape.Observe(o.Var, o.Rate, sample)
	copy(seen, mean)
	n.tape.Observe(o.Mean, o.Rate, sample)
}

// With x̂ the normalised x, M values a channel, and g = dy·gain: moving one x moves the mean and the variance of all, so
//
//	dx = rstd·(g − Σ g/M − x̂·Σ g·x̂/M)   dgain = Σ dy·x̂   dbias = Σ dy
//
// With running statistics, which are constants, dx = rstd·g.
func batchNormBackward[T vec.Float](n *node) {
	o := n.aux.(*BatchNormOptions)
	stats, p := tensor.Data[T](n.saved[0]), channelsOf[T](n)
	c := p.c
	p.dy, p.mean, p.rstd, p.gain = outGrad[T](n), stats[:c], stats[c:], inOrNil[T](n, 1)
	t := n.tape.pool.New(tensor.Float64, 2*c+1)
	all := tensor.Data[float64](t)
	sumDy, sumDyX, count := all[:c], all[c:2*c], &all[2*c]
	clear(all)
	*count = float64(p.n * p.s)

	p.sums = [2][]float64{sumDy, sumDyX}
	p.each(n, gradSums)
	for i, r := range p.rstd {
		sumDyX[i] *= float64(r)
	}
	if dgain := accOrNil[T](n, 1); dgain != nil {
		for i, v := range sumDyX {
			dgain[i] += T(v)
		}
	}
	if dbias := accOrNil[T](n, 2); dbias != nil {
		for i, v := range sumDy {
			dbias[i] += T(v)
		}
	}
	if o.Sync != nil && !o.Running {
		o.Sync.Sum(all)
	}
	switch {
	case !n.wants(0):
	case o.Running:
		by := n.tape.pool.New(n.in[0].DType(), c)
		factors, shape := tensor.Data[T](by), [...]int{p.n, c, p.s}
		copy(factors, p.rstd)
		if p.gain != nil {
			vec.Mul(factors, factors, p.gain)
		}
		mulRows(begin[T](n, 0), shape[:], p.dy, shape[:], factors, []int{c, 1})
		end[T](n, 0)
		n.tape.pool.Put(by)
	default:
		p.count = max(*count, 1)
		p.y = begin[T](n, 0)
		p.each(n, spreadGrad)
		end[T](n, 0)
	}
	n.tape.pool.Put(t)
}
