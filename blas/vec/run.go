package vec

// This file spreads long elementwise calls over the worker threads. Where a call is cut does not show in its result.

import (
	"sync"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// op names an elementwise loop, or a loop over rows. A number, not a function value: it costs no allocation to keep for the
// workers.
type op = kernel.Op

// The loops over rows.
const (
	opSoftmax op = kernel.Ops + iota
	opLogSoftmax
	opLogSumExp
)

// grain returns the fewest elements worth a thread of their own: some 10 µs of work.
func grain(o op) int {
	if o < kernel.OpSqrt {
		return 16 << 10
	}
	return 4 << 10
}

// run computes dst from a, b and alpha, those that the loop takes. Lengths are the caller's to check.
func run[T Float](o op, dst, a, b []T, alpha T) {
	if len(dst) < 2*grain(o) {
		apply(o, dst, a, b, alpha)
		return
	}
	t := newTask[T]()
	t.op, t.dst, t.a, t.b, t.alpha = o, dst, a, b, alpha
	parallel.For(len(dst), grain(o), t.do)
	t.done()
}

// apply runs the loop here.
func apply[T Float](o op, dst, a, b []T, alpha T) {
	if single[T]() && kernel.Elementwise(isa, o, as32(dst), as32(a), as32(b), float32(alpha)) {
		return
	}
	switch o {
	case kernel.OpAdd:
		add(dst, a, b)
	case kernel.OpSub:
		sub(dst, a, b)
	case kernel.OpMul:
		mul(dst, a, b)
	case kernel.OpDiv:
		div(dst, a, b)
	case kernel.OpMulAdd:
		mulAdd(dst, a, b)
	case kernel.OpMaximum:
		maximum(dst, a, b)
	case kernel.OpMinimum:
		minimum(dst, a, b)
	case kernel.OpScale:
		scale(dst, alpha, a)
	case kernel.OpAddScalar:
		addScalar(dst, alpha, a)
	case kernel.OpAxpy:
		axpy(dst, alpha, a)
	case kernel.OpNeg:
		neg(dst, a)
	case kernel.OpAbs:
		abs(dst, a)
	case kernel.OpRelu:
		relu(dst, a)
	case kernel.OpReluGrad:
		reluGrad(dst, a, b)
	case kernel.OpTanhGrad:
		tanhGrad(dst, a, b)
	case kernel.OpSigmoidGrad:
		sigmoidGrad(dst, a, b)
	case kernel.OpLeakyRelu:
		leakyRelu(dst, a, a, alpha)
	case kernel.OpLeakyReluGrad:
		leakyRelu(dst, a, b, alpha)
	case kernel.OpFill:
		fill(dst, alpha)
	case kernel.OpAtLeast:
		atLeast(dst, alpha, a)
	case kernel.OpAtMost:
		atMost(dst, alpha, a)
	case kernel.OpKeepAbove:
		keepAbove(dst, alpha, a, b)
	case kernel.OpKeepBelow:
		keepBelow(dst, alpha, a, b)
	case kernel.OpHardswishGrad:
		hardswishGrad(dst, a, b)
	case kernel.OpSqrt:
		sqrt(dst, a)
	case kernel.OpRsqrt:
		rsqrt(dst, a)
	case kernel.OpExp:
		exp(dst, a)
	case kernel.OpLog:
		log(dst, a)
	case kernel.OpTanh:
		tanh(dst, a)
	case kernel.OpSigmoid:
		sigmoid(dst, a)
	case kernel.OpSilu:
		silu(dst, a)
	case kernel.OpSiluGrad:
		siluGrad(dst, a, b)
	case kernel.OpErf:
		erf(dst, a)
	case kernel.OpElu:
		elu(dst, alpha, a)
	case kernel.OpSoftplus:
		softplus(dst, a)
	case kernel.OpGelu:
		gelu(dst, a)
	case kernel.OpGeluGrad:
		geluGrad(dst, a, b)
	}
}

// runRows computes dst from x, row by row: [rows, cols] each, or [rows] for opLogSumExp's dst.
func runRows[T Float](o op, dst, x []T, rows, cols int) {
	if len(x) < 2*grain(o) {
		applyRows(o, dst, x, cols)
		return
	}
	t := newTask[T]()
	t.op, t.dst, t.a, t.cols = o, dst, x, cols
	parallel.For(rows, (grain(o)+cols-1)/cols, t.doRows)
	t.done()
}

// applyRows runs the loop over rows here.
func applyRows[T Float](o op, dst, x []T, cols int) {
	switch o {
	case opSoftmax:
		softmax(dst, x, cols)
	case opLogSoftmax:
		logSoftmax(dst, x, cols)
	case opLogSumExp:
		logSumExp(dst, x, cols)
	}
}

// task is a call that workers share. Tasks are kept, with their method bound, so that a call allocates nothing.
type task[T Float] struct {
	op        op
	dst, a, b []T
	alpha     T
	cols      int

	bias, mean, rstd []T // of LayerNorm

	do, doRows, doNorm func(lo, hi int)
}

var tasks32, tasks64 sync.Pool

func newTask[T Float]() *task[T] {
	t, _ := taskPool[T]().Get().(*task[T])
	if t == nil {
		t = new(task[T])
		t.do, t.doRows, t.doNorm = t.elements, t.rows, t.norm
	}
	return t
}

func (t *task[T]) elements(lo, hi int) {
	apply(t.op, t.dst[lo:hi], piece(t.a, lo, hi), piece(t.b, lo, hi), t.alpha)
}

// piece returns x[lo:hi], or nil for an operand that the loop does not have.
func piece[T Float](x []T, lo, hi int) []T {
	if x == nil {
		return nil
	}
	return x[lo:hi]
}

func (t *task[T]) rows(lo, hi int) {
	dst := t.dst
	if t.op == opLogSumExp {
		dst = dst[lo:hi]
	} else {
		dst = dst[lo*t.cols : hi*t.cols]
	}
	applyRows(t.op, dst, t.a[lo*t.cols:hi*t.cols], t.cols)
}

func (t *task[T]) done() {
	t.dst, t.a, t.b, t.bias, t.mean, t.rstd = nil, nil, nil, nil, nil, nil
	taskPool[T]().Put(t)
}

// taskPool returns the pool for tasks on elements of T's size. A task of a named type finds none of its own there and is
// made anew.
func taskPool[T Float]() *sync.Pool {
	if single[T]() {
		return &tasks32
	}
	return &tasks64
}
