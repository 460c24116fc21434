package autograd_test

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/autograd/gradtest"
	"github.com/tutti-ml/tutti/tensor"
)

// The gradient of Σ (w·x)² with respect to w is 2·w·x².
func Example() {
	w := autograd.NewParam(tensor.FromSlice([]float32{1, 2, 3}))
	x := tensor.FromSlice([]float32{1, 10, 100})

	tape := autograd.NewTape(autograd.Train, nil)
	y := autograd.Mul(tape.Use(w), tape.Const(x))
	loss := autograd.Sum(autograd.Mul(y, y))
	tape.Backward(loss)
	fmt.Println(loss.Item())
	fmt.Println(tape.Grad(w))
	// Output:
	// 90401
	// [2.e+00 4.e+02 6.e+04] float32 [3]
}

// An op of one's own: what computes it, what sends its gradient back, and a check of the one against the other.
func ExampleCustom() {
	square := &autograd.Custom{
		Name: "MySquare",
		Forward: func(y *tensor.Tensor, x []*tensor.Tensor) {
			in, out := tensor.Data[float64](x[0]), tensor.Data[float64](y)
			for i, v := range in {
				out[i] = v * v
			}
		},
		Backward: func(dx []*tensor.Tensor, dy, y *tensor.Tensor, x []*tensor.Tensor) {
			in, g, up := tensor.Data[float64](x[0]), tensor.Data[float64](dx[0]), tensor.Data[float64](dy)
			for i, v := range in {
				g[i] = 2 * v * up[i]
			}
		},
	}
	p := autograd.NewParam(tensor.FromSlice([]float64{1, 2, 3}))
	tape := autograd.NewTape(autograd.Train, nil)
	tape.Backward(autograd.Sum(square.Apply(tape.Use(p))))
	fmt.Println(tape.Grad(p))

	problems := gradtest.Differences([]*autograd.Param{p}, func(tape *autograd.Tape) *autograd.Var {
		return autograd.Sum(square.Apply(tape.Use(p)))
	})
	fmt.Println(len(problems), "elements where the gradient is wrong")
	// Output:
	// [2. 4. 6.] float64 [3]
	// 0 elements where the gradient is wrong
}

// The gradient of a gradient: d³/dx³ x⁴ = 24·x.
func ExampleTape_Gradients() {
	tape := autograd.NewTape(autograd.Train, nil)
	x := tape.Watch(tensor.FromSlice([]float64{2}))
	y := autograd.Pow(x, 4)
	for range 3 {
		y = tape.Gradients(y, x)[0]
	}
	fmt.Println(y.Item())
	// Output: 48
}

// A deep network whose blocks are computed again when their gradients are needed, so that each keeps its input alone.
func ExampleCheckpoint() {
	w := autograd.NewParam(tensor.FromSlice([]float32{0.5, 0, 0, 0.5}, 2, 2))
	tape := autograd.NewTape(autograd.Train, nil)
	y := tape.Const(tensor.FromSlice([]float32{1, 2}, 1, 2))
	for range 4 {
		y = autograd.Checkpoint(tape, func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
			return autograd.MatMul(autograd.MatMul(x[0], t.Use(w)), t.Use(w))
		}, y)
	}
	tape.Backward(autograd.Sum(y))
	fmt.Println(y.Value())
	// Output: [[0.00390625 0.0078125 ]] float32 [1 2]
}
