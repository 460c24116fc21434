package autograd

import (
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Custom is an op of the user's own: what computes it and what sends its gradient back. Make one for every call if the functions
// share state, or one for all if they do not; then any number of goroutines may apply it at once. [gradtest.Check] checks it.
//
//	var cube = &autograd.Custom{
//		Name:    "Cube",
//		Forward: func(y *tensor.Tensor, x []*tensor.Tensor) { … },
//		Backward: func(dx []*tensor.Tensor, dy, y *tensor.Tensor, x []*tensor.Tensor) { … },
//	}
//	y := cube.Apply(x)
//
// [gradtest.Check]: https://pkg.go.dev/github.com/tutti-ml/tutti/autograd/gradtest#Check
type Custom struct {
	Name string // for messages

	// Shape returns the shape of the result; nil means that of the first operand. It panics if the operands' shapes are wrong.
	Shape func(x ...[]int) []int

	// Forward stores the result in y, whose elements are undefined before. All tensors are contiguous and of one dtype.
	Forward func(y *tensor.Tensor, x []*tensor.Tensor)

	// Backward stores in dx[i], zero before, the gradient of the loss with respect to operand i, given that with respect to the
	// result, dy; what was there from other uses is added by the tape. dx[i] is nil where none is wanted. It must not change dy,
	// y or x. nil makes an op that stops gradients.
	Backward func(dx []*tensor.Tensor, dy, y *tensor.Tensor, x []*tensor.Tensor)

	// Gradient returns, for differentiating twice, the gradient with respect to operand i as a Var made of other ops. It may be
	// nil: then Tape.Gradients panics where it meets the op.
	Gradient func(i int, dy, y *Var, x []*Var) *Var
}

// Apply computes the op on operands of one tape and one dtype.
func (c *Custom) Apply(x ...*Var) *Var {
	if len(x) == 0 {
		panic(fmt.Sprintf("autograd: %s: no operands", c.Name))
	}
	n := customOp.on(x...)
	n.custom = c
	n.needs = n.needs && c.Backward != nil
	shape := x[0].Shape()
	if c.Shape != nil {
		shapes := make([][]int, len(x))
		for i, v := range x {
			shapes[i] = slices.Clone(v.Shape())
		}
		shape = c.Shape(shapes...)
	}
	return n.run(shape...)
}

var customOp = &op{"Custom", kernels{customForward, customBackward}, kernels{customForward, customBackward}}

func (n *node) values() []*tensor.Tensor {
	x := make([]*tensor.Tensor, len(n.in))
	for i, v := range n.in {
		x[i] = v.value
	}
	return x
}

func customForward(n *node) { n.custom.Forward(n.out.value, n.values()) }

func customBackward(n *node) {
	pool, dx := &n.tape.pool, make([]*tensor.Tensor, len(n.in))
	for i, v := range n.in {
		if v.needs {
			dx[i] = pool.New(v.DType(), v.Shape()...)
			dx[i].Zero()
		}
	}
	n.custom.Backward(dx, pool.Reshape(n.out.grad, n.out.Shape()...), n.out.value, n.values())
	for i, g := range dx {
		if g == nil {
			continue
		}
		n.tape.contribute(n.in[i], g)
		pool.Put(g)
	}
}

// contribute adds g to v's gradient.
func (t *Tape) contribute(v *Var, g *tensor.Tensor) {
	if v.grad == nil {
		v.grad = t.pool.New(v.DType(), v.Shape()...)
		copy(tensor.Bytes(v.grad), tensor.Bytes(g))
		return
	}
	addTensor(v.grad, g)
}
