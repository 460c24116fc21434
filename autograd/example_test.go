package autograd_test

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
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
	// [    2   400 60000] float32 [3]
}
