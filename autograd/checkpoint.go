package autograd

import (
	"math/rand/v2"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// Checkpoint returns fn(t, x...), and keeps nothing of what fn computes but the result: Backward runs fn again. It trades a second
// forward pass of that part for its memory. Use it for a deep model's blocks, each of which then costs its input alone.
//
//	y = autograd.Checkpoint(tape, func(t *autograd.Tape, x []*autograd.Var) *autograd.Var { return block.Forward(t, x[0]) }, y)
//
// fn runs on a tape of its own, with x as its only operands: it must use that tape's Use for parameters, must not
// touch Vars of another tape, and must compute the same both times. It draws random numbers from a generator seeded
// by the tape's, the same both times, so that dropout drops the same elements. Gradients are those of fn on the tape
// itself, but for the draws. Tape.Gradients runs fn on the tape itself, and so keeps what fn computes. Source: Chen
// et al., "Training deep nets with sublinear memory cost", arXiv:1604.06174.
func Checkpoint(t *Tape, fn func(t *Tape, x []*Var) *Var, x ...*Var) *Var {
	if len(x) == 0 {
		checkpointOp.panicf("no operands: pass what fn computes from")
	}
	for _, v := range x {
		v.mustLive()
	}
	if t.mode != Train {
		return fn(t, x)
	}
	p := &part{fn: fn, operands: len(x)}
	if t.rng != nil {
		p.seed = [2]uint64{t.rng.Uint64(), t.rng.Uint64()}
	}
	inner := t.inner()
	defer t.release(inner)
	value := p.run(t, inner, x, false)
	in := append([]*Var(nil), x...)
	for _, q := range inner.used {
		in = append(in, t.Use(q))
	}
	n := checkpointOp.on(in...)
	n.part = p
	y := t.pool.New(value.DType(), value.Shape()...)
	copy(tensor.Bytes(y), tensor.Bytes(value.value))
	return n.finish(y)
}

// part is what a checkpoint remembers to run again.
type part struct {
	fn       func(t *Tape, x []*Var) *Var
	operands int
	seed     [2]uint64
}

var checkpointOp = &op{"Checkpoint", kernels{nil, checkpointBackward}, kernels{nil, checkpointBackward}}

// run runs the part on the tape inner, recording or not.
func (p *part) run(t, inner *Tape, x []*Var, record bool) *Var {
	var rng *rand.Rand
	if t.rng != nil {
		rng = rand.New(rand.NewPCG(p.seed[0], p.seed[1]))
	}
	inner.Reset(rng)
	inner.forgetful = !record
	inner.onObserve, inner.statSync = t.onObserve, t.statSync
	if record { // statistics of the batch count once
		inner.onObserve = func(*Buffer, float64, *tensor.Tensor) {}
	}
	in := make([]*Var, len(x))
	for i, v := range x {
		in[i] = inner.newVar(v.value)
		if v.needs && record {
			in[i].needs, in[i].leaf = true, true
		}
	}
	return p.fn(inner, in)
}

// The part runs once more, recorded, and the result's gradient is sent back through it: to the operands and to the parameters that
// the part used.
func checkpointBackward(n *node) {
	t, p := n.tape, n.part
	inner := t.inner()
	defer t.release(inner)
	x := n.in[:p.operands]
	y := p.run(t, inner, x, true)
	if !y.needs {
		return
	}
	y.grad = inner.pool.New(y.DType(), y.Shape()...)
	copy(tensor.Bytes(y.grad), tensor.Bytes(n.out.grad))
	inner.backward()
	for i, v := range x {
		if g := inner.leafGrad(i); v.needs && g != nil {
			t.contribute(v, g)
		}
	}
	for i, v := range n.in[p.operands:] {
		if i >= len(inner.used) || inner.used[i] != v.param {
			panic("autograd: Checkpoint: fn used other parameters when it was run again")
		}
		switch used := inner.params[v.param]; {
		case !v.needs:
		case used.rows != nil && used.grad == nil && v.DType() == tensor.Float32:
			passRows[float32](n, p.operands+i, used)
		case used.rows != nil && used.grad == nil:
			passRows[float64](n, p.operands+i, used)
		default:
			inner.densify(used)
			if used.grad != nil {
				t.contribute(v, used.grad)
			}
		}
	}
}

// checkpointDefinition runs the part on the tape itself, for Gradients, with the same draws.
func checkpointDefinition(n *node) *Var {
	t, p := n.tape, n.part
	rng, observe := t.rng, t.onObserve
	defer func() { t.rng, t.onObserve = rng, observe }()
	if t.rng != nil {
		t.rng = rand.New(rand.NewPCG(p.seed[0], p.seed[1]))
	}
	t.onObserve = func(*Buffer, float64, *tensor.Tensor) {} // statistics of the batch count once
	return p.fn(t, n.in[:p.operands])
}

// passRows adds the gradient of from, a table that the part only looked up in, to that of operand i, which stays one by rows.
func passRows[T vec.Float](n *node, i int, from *Var) {
	values, d := tensor.Data[T](from.rowValues), from.Dim(1)
	scatterRows(n, i, tensor.Data[int64](from.rows), -1, func(row []T, r int) { vec.Add(row, row, values[r*d:(r+1)*d]) })
}

// leafGrad returns the gradient of the part's operand i, the tape's i'th Var.
func (t *Tape) leafGrad(i int) *tensor.Tensor { return t.vars.at(i).grad }

// inner returns a tape for a part, used again and again.
func (t *Tape) inner() *Tape {
	if n := len(t.parts); n > 0 {
		inner := t.parts[n-1]
		t.parts = t.parts[:n-1]
		return inner
	}
	return NewTape(Train, nil)
}

func (t *Tape) release(inner *Tape) {
	inner.Reset(nil)
	t.parts = append(t.parts, inner)
}
