package autograd

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/conv"
	"github.com/tutti-ml/tutti/tensor"
)

// op is what an op_<name>.go file defines: how to compute a result and how to send a gradient back, for either dtype.
type op struct {
	name     string
	f32, f64 kernels
}

// kernels is one dtype's pair. forward reads the operands and fills the result. backward reads the result's gradient and
// adds to the gradients of the operands that want one. Everything they need is in the node, so that no op allocates a
// closure.
type kernels struct{ forward, backward func(n *node) }

// node is one op that was carried out: what the record consists of.
type node struct {
	op    *op
	tape  *Tape
	in    []*Var
	out   *Var
	needs bool // a gradient will be wanted: forward must leave what backward reads

	saved   [4]*tensor.Tensor // what forward leaves for backward
	targets *tensor.Tensor    // labels, indices or a mask: an operand that is not differentiated
	factor  float64           // an op's constant
	other   float64           // its second
	ints    [4]int            // an op's axes, flags and sizes
	conv    conv.Shape        // of a convolution
	custom  *Custom           // of an op of the user's
	part    *part             // of a checkpoint
	window  conv.PoolShape    // of a pooling
	aux     any               // what only one op needs: a pointer, so that it costs no allocation
	layout  layout            // of an op that moves elements: where the result's lie in the operand, or the other way
	tmp     *tensor.Tensor    // between begin and end

	few  [3]*Var  // what in usually points at
	sums []uint64 // of a guarded tape
}

// on starts an op on operands of one tape and one dtype; it panics if they are not. The op then checks shapes, sets the
// node's fields and calls run.
func (o *op) on(in ...*Var) *node {
	t, d := in[0].Tape(), in[0].DType()
	for _, v := range in[1:] {
		if v.mustLive(); v.tape != t {
			panic(fmt.Sprintf("autograd: %s: operands on two tapes", o.name))
		}
		if v.DType() != d {
			panic(fmt.Sprintf("autograd: %s: dtypes %v and %v", o.name, d, v.DType()))
		}
	}
	n := t.record.next()
	t.record.n-- // not in the record yet: run keeps it if it is needed
	n.reset(o, t)
	n.in = append(n.in, in...)
	for _, v := range in {
		n.needs = n.needs || v.needs
	}
	return n
}

func (n *node) reset(o *op, t *Tape) {
	in := n.in
	*n = node{op: o, tape: t}
	if n.in = n.few[:0]; cap(in) > cap(n.in) { // of an op with many operands, whose memory serves the next step
		n.in = in[:0]
	}
}

// run computes the result, of the given shape, and records the op if a gradient will be wanted.
func (n *node) run(shape ...int) *Var {
	return n.finish(n.tape.pool.New(n.in[0].DType(), shape...))
}

// finish is run for a result whose tensor the op chose itself, such as a view of an operand.
func (n *node) finish(value *tensor.Tensor) *Var {
	n.out = n.tape.newVar(value)
	n.out.needs = n.needs
	if f := n.kernels().forward; f != nil {
		f(n)
	}
	if fn := n.tape.onOp; fn != nil {
		fn(n.op.name, n.in, n.out)
	}
	if n.needs {
		if n.tape.guard {
			n.seal()
		}
		n.tape.record.n++
	}
	return n.out
}

func (n *node) kernels() *kernels {
	if n.in[0].DType() == tensor.Float32 {
		return &n.op.f32
	}
	return &n.op.f64
}

// panicf panics with the op's name in front.
func (o *op) panicf(format string, args ...any) {
	panic("autograd: " + o.name + ": " + fmt.Sprintf(format, args...))
}

// Forward kernels read operands with in and fill out.

func in[T vec.Float](n *node, i int) []T { return tensor.Data[T](n.in[i].value) }
func out[T vec.Float](n *node) []T       { return tensor.Data[T](n.out.value) }

// save makes room for what backward needs, of dtype d; its elements are undefined.
func (n *node) save(i int, d tensor.DType, shape ...int) *tensor.Tensor {
	n.saved[i] = n.tape.pool.New(d, shape...)
	return n.saved[i]
}

// Backward kernels read the result's gradient with outGrad, and have four ways to contribute to an operand's:
//
//	begin, end    overwrite a buffer, which end adds if there were contributions before
//	sink          for kernels with BLAS's β: 0 if the buffer is new, 1 to add
//	acc           add to a buffer that is zero at first
//	pass          hand the result's own gradient on, element by element; only as the last thing

func outGrad[T vec.Float](n *node) []T { return tensor.Data[T](n.out.grad) }

// outGradTensor returns the result's gradient in the result's shape; its own may be that of an operand it was reshaped
// from.
func outGradTensor(n *node) *tensor.Tensor { return n.tape.pool.Reshape(n.out.grad, n.out.Shape()...) }

// wants reports whether operand i wants a gradient. An op with one operand need not ask.
func (n *node) wants(i int) bool { return n.in[i].needs }

func begin[T vec.Float](n *node, i int) []T {
	x := n.in[i]
	g := n.tape.pool.New(x.DType(), x.Shape()...)
	if x.grad == nil {
		x.grad = g
	} else {
		n.tmp = g
	}
	return tensor.Data[T](g)
}

// begun returns the tensor of begin's buffer.
func (n *node) begun(i int) *tensor.Tensor {
	if n.tmp != nil {
		return n.tmp
	}
	return n.in[i].grad
}

func end[T vec.Float](n *node, i int) {
	if n.tmp == nil {
		return
	}
	g := tensor.Data[T](n.in[i].grad)
	vec.Add(g, g, tensor.Data[T](n.tmp))
	n.tape.pool.Put(n.tmp)
	n.tmp = nil
}

func sink[T vec.Float](n *node, i int) (g []T, beta T) {
	x := n.in[i]
	if x.grad == nil {
		x.grad = n.tape.pool.New(x.DType(), x.Shape()...)
		return tensor.Data[T](x.grad), 0
	}
	return tensor.Data[T](x.grad), 1
}

func acc[T vec.Float](n *node, i int) []T {
	g, beta := sink[T](n, i)
	if beta == 0 {
		clear(g)
	}
	return g
}

// add adds the result's gradient to operand i's.
func add[T vec.Float](n *node, i int) {
	if g, beta := sink[T](n, i); beta == 0 {
		copy(g, outGrad[T](n))
	} else {
		vec.Add(g, g, outGrad[T](n))
	}
}

func pass[T vec.Float](n *node, i int) {
	if x := n.in[i]; x.grad == nil && !n.out.external {
		x.grad, n.out.grad = n.out.grad, nil
		return
	}
	add[T](n, i)
}
