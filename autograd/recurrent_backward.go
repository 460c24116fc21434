package autograd

import (
	"cmp"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// Backward goes through the steps the other way. At each it has the gradient of the state after the step, turns it into that of
// the gates' sums and multiplies that by Wh, which is the gradient of the state before. When the gradients of all sums are
// there, one product each gives the gradients of the inputs and of the weights.
func recurrentBackward[T vec.Float](n *node) {
	r := newRecurrence[T](n)
	pool, d, size := &n.tape.pool, n.in[0].DType(), r.batch*r.units
	if size == 0 {
		r.noSequences(n)
		return
	}
	room := func(shape ...int) (*tensor.Tensor, []T) {
		t := pool.New(d, shape...)
		return t, tensor.Data[T](t)
	}
	states, dStates := room(2, size)
	r.dh, r.dc = dStates[:size], dStates[size:]
	clear(dStates)
	gates, dGates := room(r.steps, r.batch, r.rows)
	r.dGates, r.dGatesH = dGates, dGates
	var gatesH *tensor.Tensor
	if r.cell == GRU {
		gatesH, r.dGatesH = room(r.steps, r.batch, r.rows)
	}
	r.dHs = outGrad[T](n)
	if r.cell == LSTM {
		copy(r.dc, r.dHs[(r.steps+1)*size:])
	}
	packed := blas.PackB(blas.NoTrans, r.rows, r.units, r.wh, r.units)
	r.back = r.backwardRows
	for i := r.steps - 1; i >= 0; i-- {
		t, _, _ := r.at(i)
		r.t = t
		parallel.For(r.batch, r.grain(), r.back)
		blas.GemmPacked(blas.NoTrans, r.batch, 1, r.dGatesH[t*r.batch*r.rows:], r.rows, packed, 1, r.dh, r.units, nil)
	}
	if _, first, _ := r.at(0); r.h > 0 && n.wants(r.h) {
		g := acc[T](n, r.h)
		vec.Add(g, g, r.dh)
		vec.Add(g, g, r.dHs[first*size:(first+1)*size])
	}
	if r.c > 0 && n.wants(r.c) {
		g := acc[T](n, r.c)
		vec.Add(g, g, r.dc)
	}

	all := r.steps * r.batch
	if n.wants(0) {
		dx, beta := sink[T](n, 0)
		gemm(blas.NoTrans, blas.NoTrans, all, r.in, r.rows, r.dGates, r.rows, r.wx, r.in, beta, dx, r.in)
	}
	if n.wants(1) {
		dw, beta := sink[T](n, 1)
		gemm(blas.Trans, blas.NoTrans, r.rows, r.in, all, r.dGates, r.rows, r.x, r.in, beta, dw, r.in)
	}
	if n.wants(2) {
		before := r.hs // the states that steps began with, in order of steps
		if r.reverse {
			before = r.hs[size:]
		}
		dw, beta := sink[T](n, 2)
		gemm(blas.Trans, blas.NoTrans, r.rows, r.units, all, r.dGatesH, r.rows, before, r.units, beta, dw, r.units)
	}
	for _, b := range []struct {
		operand int
		from    *tensor.Tensor
	}{{r.biasX, gates}, {r.biasH, cmp.Or(gatesH, gates)}} {
		if b.operand > 0 && n.wants(b.operand) {
			sumInto[T](n, b.operand, n.in[b.operand].Shape(), 1, b.from)
		}
	}
	pool.Put(states)
	pool.Put(gates)
	if gatesH != nil {
		pool.Put(gatesH)
	}
}

// noSequences gives all operands of an empty batch their gradient, which is zero.
func (r *recurrence[T]) noSequences(n *node) {
	for i := range n.in {
		if n.wants(i) {
			acc[T](n, i)
		}
	}
}

// backwardRows turns the gradient of the state after step t into that of the gates' sums, for sequences lo to hi. In dh it
// leaves what goes to the state before without passing through the gates.
func (r *recurrence[T]) backwardRows(lo, hi int) {
	t, from, to := r.t, r.t, r.t+1
	if r.reverse {
		from, to = to, from
	}
	u := r.units
	for b := lo; b < hi; b++ {
		dh := r.row(r.dh, 0, b)
		vec.Add(dh, dh, r.row(r.dHs, to, b))
		at, end := (t*r.batch+b)*r.rows, (t*r.batch+b+1)*r.rows
		g, dg := r.gates[at:end], r.dGates[at:end]
		if !r.counts(t, b) {
			clear(dg)
			clear(r.dGatesH[at:end])
			continue
		}
		switch r.cell {
		case RNNTanh:
			vec.TanhGrad(dg, dh, r.row(r.hs, to, b))
			clear(dh)
		case RNNReLU:
			vec.ReluGrad(dg, dh, r.row(r.hs, to, b))
			clear(dh)
		case GRU:
			reset, z, cand, hn, before := g[:u], g[u:2*u], g[2*u:], r.row(r.hn, t, b), r.row(r.hs, from, b)
			dr, dz, dn := dg[:u], dg[u:2*u], dg[2*u:]
			// h' = n + z·(h − n): dn = dh·(1 − z), dz = dh·(h − n), and dh·z goes straight to h.
			vec.Sub(dz, before, cand)
			vec.Mul(dz, dz, dh)
			vec.SigmoidGrad(dz, dz, z)
			vec.Mul(dr, dh, z)
			vec.Sub(dn, dh, dr)
			vec.TanhGrad(dn, dn, cand)
			copy(dh, dr)
			vec.Mul(dr, dn, hn)
			vec.SigmoidGrad(dr, dr, reset)
			dgh := r.dGatesH[at:end]
			copy(dgh, dg[:2*u])
			vec.Mul(dgh[2*u:], dn, reset)
		case LSTM:
			i, f, cand, o, tc := g[:u], g[u:2*u], g[2*u:3*u], g[3*u:], r.row(r.tc, t, b)
			di, df, dcand, do := dg[:u], dg[u:2*u], dg[2*u:3*u], dg[3*u:]
			dc := r.row(r.dc, 0, b)
			// h' = o·tanh c': the cell gets dh·o·(1 − tanh²), beside what came from the step after.
			vec.Mul(di, dh, o)
			vec.TanhGrad(di, di, tc)
			vec.Add(dc, dc, di)
			vec.Mul(do, dh, tc)
			vec.SigmoidGrad(do, do, o)
			// c' = f·c + i·g
			vec.Mul(di, dc, cand)
			vec.SigmoidGrad(di, di, i)
			vec.Mul(df, dc, r.row(r.cs, from, b))
			vec.SigmoidGrad(df, df, f)
			vec.Mul(dcand, dc, i)
			vec.TanhGrad(dcand, dcand, cand)
			vec.Mul(dc, dc, f)
			clear(dh)
		}
	}
}
