package autograd

import (
	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/tensor"
)

// recurrence is one pass of Recurrent. State t is h before step t (in reverse: after it) and lies at hs[t·B·H:]; so step t goes
// from state t to t+1, in reverse from t+1 to t. A sequence that is over, or in reverse has not begun, keeps its state.
type recurrence[T vec.Float] struct {
	*recurrentAux
	steps, batch, in, units, rows int

	x, wx, wh, bx, bh []T
	hs, cs, tc        []T // states; of an LSTM cells in the same layout, and tanh of the cell after each step
	hn                []T // of a GRU: Wh·h + bh of gate n, for each step
	gates             []T // [T, B, G·H]: first sums, then the gates' values
	step              []T // [B, G·H]: of a GRU Wh·h + bh for all gates

	dh, dc    []T // gradients of the state and the cell, [B, H]
	dGates    []T // of the gates' sums, [T, B, G·H]
	dGatesH   []T // of a GRU: of Wh·h + bh, where gate n differs
	dHs       []T // of the result
	t         int // the step being computed
	fwd, back func(lo, hi int)
}

func newRecurrence[T vec.Float](n *node) *recurrence[T] {
	x := n.in[0]
	r := &recurrence[T]{recurrentAux: n.aux.(*recurrentAux), steps: x.Dim(0), batch: x.Dim(1), in: x.Dim(2), units: n.in[2].Dim(1), rows: n.in[2].Dim(0)}
	r.x, r.wx, r.wh = in[T](n, 0), in[T](n, 1), in[T](n, 2)
	if r.biasX > 0 {
		r.bx, r.bh = in[T](n, r.biasX), in[T](n, r.biasH)
	}
	r.gates = tensor.Data[T](n.saved[0])
	size := r.batch * r.units
	r.hs = out[T](n)[:(r.steps+1)*size]
	switch saved := n.saved[1]; r.cell {
	case LSTM:
		r.cs, r.tc = tensor.Data[T](saved)[:(r.steps+1)*size], tensor.Data[T](saved)[(r.steps+1)*size:]
	case GRU:
		r.hn = tensor.Data[T](saved)
	}
	return r
}

// at returns the i-th step that the pass computes, and which states are before and after it.
func (r *recurrence[T]) at(i int) (t, from, to int) {
	if r.reverse {
		t = r.steps - 1 - i
		return t, t + 1, t
	}
	return i, i, i + 1
}

// counts reports whether step t of sequence b counts.
func (r *recurrence[T]) counts(t, b int) bool { return r.lengths == nil || int64(t) < r.lengths[b] }

// row returns the units of sequence b at place t of v.
func (r *recurrence[T]) row(v []T, t, b int) []T {
	at := (t*r.batch + b) * r.units
	return v[at : at+r.units]
}

// gate returns gate g of sequence b at step t of v.
func (r *recurrence[T]) gate(v []T, t, b, g int) []T {
	at := (t*r.batch+b)*r.rows + g*r.units
	return v[at : at+r.units]
}

// grain is how many sequences are worth a thread of their own.
func (r *recurrence[T]) grain() int { return max(1, 4096/r.rows) }

func recurrentForward[T vec.Float](n *node) {
	r := newRecurrence[T](n)
	pool, d := &n.tape.pool, n.in[0].DType()
	size := r.batch * r.units
	_, first, _ := r.at(0)
	initial(r.hs, first*size, size, n, r.h, in[T])
	if r.cell == LSTM {
		initial(r.cs, first*size, size, n, r.c, in[T])
	}
	if r.batch > 0 && r.units > 0 {
		// All inputs at once. What is added at every step goes in here: both biases, of a GRU only that of x.
		bias := pool.New(d, r.rows)
		b := tensor.Data[T](bias)
		clear(b)
		if r.bx != nil {
			copy(b, r.bx)
			if r.cell != GRU {
				vec.Add(b, b, r.bh)
			}
		}
		for i := 0; i < len(r.gates); i += r.rows {
			copy(r.gates[i:], b)
		}
		gemm(blas.NoTrans, blas.Trans, r.steps*r.batch, r.rows, r.in, r.x, r.in, r.wx, r.in, 1, r.gates, r.rows)
		pool.Put(bias)

		packed := blas.PackB(blas.Trans, r.units, r.rows, r.wh, r.units)
		var scratch *tensor.Tensor
		if r.cell == GRU {
			scratch = pool.New(d, r.batch, r.rows)
			r.step = tensor.Data[T](scratch)
		}
		r.fwd = r.forwardRows
		for i := range r.steps {
			t, from, _ := r.at(i)
			r.t = t
			h := r.hs[from*size : (from+1)*size]
			if r.cell == GRU {
				blas.GemmPacked(blas.NoTrans, r.batch, 1, h, r.units, packed, 0, r.step, r.rows, nil)
			} else {
				blas.GemmPacked(blas.NoTrans, r.batch, 1, h, r.units, packed, 1, r.gates[t*r.batch*r.rows:], r.rows, nil)
			}
			parallel.For(r.batch, r.grain(), r.fwd)
		}
		if scratch != nil {
			pool.Put(scratch)
		}
	}
	if r.cell == LSTM {
		last := r.steps
		if r.reverse {
			last = 0
		}
		copy(out[T](n)[(r.steps+1)*size:], r.cs[last*size:(last+1)*size])
	}
}

// initial stores operand i, or zeros if there is none, at states[at:].
func initial[T vec.Float](states []T, at, size int, n *node, i int, in func(*node, int) []T) {
	if i == 0 {
		clear(states[at : at+size])
		return
	}
	copy(states[at:], in(n, i))
}

// forwardRows finishes step t of sequences lo to hi, whose gates hold the sums.
func (r *recurrence[T]) forwardRows(lo, hi int) {
	t, from, to := r.t, r.t, r.t+1
	if r.reverse {
		from, to = to, from
	}
	for b := lo; b < hi; b++ {
		h, before := r.row(r.hs, to, b), r.row(r.hs, from, b)
		if !r.counts(t, b) {
			copy(h, before)
			if r.cell == LSTM {
				copy(r.row(r.cs, to, b), r.row(r.cs, from, b))
			}
			continue
		}
		a := r.gate(r.gates, t, b, 0)
		switch r.cell {
		case RNNTanh:
			vec.Tanh(h, a)
		case RNNReLU:
			vec.Relu(h, a)
		case GRU:
			all := r.gates[(t*r.batch+b)*r.rows : (t*r.batch+b+1)*r.rows]
			sums := r.step[b*r.rows : (b+1)*r.rows]
			if r.bh != nil {
				vec.Add(sums, sums, r.bh)
			}
			u := r.units
			vec.Add(all[:2*u], all[:2*u], sums[:2*u])
			vec.Sigmoid(all[:2*u], all[:2*u])
			reset, z, cand := all[:u], all[u:2*u], all[2*u:]
			copy(r.row(r.hn, t, b), sums[2*u:])
			vec.MulAdd(cand, reset, sums[2*u:])
			vec.Tanh(cand, cand)
			vec.Sub(h, before, cand) // h = n + z·(h − n)
			vec.Mul(h, h, z)
			vec.Add(h, h, cand)
		case LSTM:
			u := r.units
			all := r.gates[(t*r.batch+b)*r.rows : (t*r.batch+b+1)*r.rows]
			vec.Sigmoid(all[:2*u], all[:2*u])
			vec.Tanh(all[2*u:3*u], all[2*u:3*u])
			vec.Sigmoid(all[3*u:], all[3*u:])
			c, tc := r.row(r.cs, to, b), r.row(r.tc, t, b)
			vec.Mul(c, all[u:2*u], r.row(r.cs, from, b))
			vec.MulAdd(c, all[:u], all[2*u:3*u])
			vec.Tanh(tc, c)
			vec.Mul(h, all[3*u:], tc)
		}
	}
}
