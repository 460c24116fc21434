package vec

// This file spreads long elementwise calls over the worker threads. Where a call is cut does not show in its result.

import (
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/internal/parallel"
)

// op names an elementwise loop. A number, not a function value: it costs no allocation to keep for the workers.
type op uint8

const (
	opAdd op = iota
	opSub
	opMul
	opDiv
	opMulAdd
	opMaximum
	opMinimum
	opScale
	opAddScalar
	opAxpy
	opNeg
	opAbs
	opRelu
	opReluGrad
	opTanhGrad
	opSigmoidGrad
	opSqrt // this one and those below take many cycles an element
	opExp
	opLog
	opTanh
	opSigmoid
	opSoftmax // this one and those below work on rows
	opLogSoftmax
	opLogSumExp
)

// grain returns the fewest elements worth a thread of their own: some 10 µs of work.
func (o op) grain() int {
	if o < opSqrt {
		return 16 << 10
	}
	return 4 << 10
}

// run computes dst from a, b and alpha, those that the loop takes. Lengths are the caller's to check.
func run[T Float](o op, dst, a, b []T, alpha T) {
	if len(dst) < 2*o.grain() {
		apply(o, dst, a, b, alpha)
		return
	}
	t := newTask[T]()
	t.op, t.dst, t.a, t.b, t.alpha = o, dst, a, b, alpha
	parallel.For(len(dst), o.grain(), t.do)
	t.done()
}

// apply runs the loop here.
func apply[T Float](o op, dst, a, b []T, alpha T) {
	switch o {
	case opAdd:
		add(dst, a, b)
	case opSub:
		sub(dst, a, b)
	case opMul:
		mul(dst, a, b)
	case opDiv:
		div(dst, a, b)
	case opMulAdd:
		mulAdd(dst, a, b)
	case opMaximum:
		maximum(dst, a, b)
	case opMinimum:
		minimum(dst, a, b)
	case opScale:
		scale(dst, alpha, a)
	case opAddScalar:
		addScalar(dst, alpha, a)
	case opAxpy:
		axpy(dst, alpha, a)
	case opNeg:
		neg(dst, a)
	case opAbs:
		abs(dst, a)
	case opRelu:
		relu(dst, a)
	case opReluGrad:
		reluGrad(dst, a, b)
	case opTanhGrad:
		tanhGrad(dst, a, b)
	case opSigmoidGrad:
		sigmoidGrad(dst, a, b)
	case opSqrt:
		sqrt(dst, a)
	case opExp:
		exp(dst, a)
	case opLog:
		log(dst, a)
	case opTanh:
		tanh(dst, a)
	case opSigmoid:
		sigmoid(dst, a)
	}
}

// runRows computes dst from x, row by row: [rows, cols] each, or [rows] for opLogSumExp's dst.
func runRows[T Float](o op, dst, x []T, rows, cols int) {
	if len(x) < 2*o.grain() {
		applyRows(o, dst, x, cols)
		return
	}
	t := newTask[T]()
	t.op, t.dst, t.a, t.cols = o, dst, x, cols
	parallel.For(rows, (o.grain()+cols-1)/cols, t.doRows)
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

	do, doRows func(lo, hi int)
}

var tasks32, tasks64 sync.Pool

func newTask[T Float]() *task[T] {
	t, _ := taskPool[T]().Get().(*task[T])
	if t == nil {
		t = new(task[T])
		t.do, t.doRows = t.elements, t.rows
	}
	return t
}

func (t *task[T]) elements(lo, hi int) {
	b := t.b
	if b != nil {
		b = b[lo:hi]
	}
	apply(t.op, t.dst[lo:hi], t.a[lo:hi], b, t.alpha)
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
	t.dst, t.a, t.b = nil, nil, nil
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

// single reports whether T is float32 or a type made of it.
func single[T Float]() bool {
	var z T
	return unsafe.Sizeof(z) == 4
}
