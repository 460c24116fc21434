// Lesson 2: gradients. A tape records what is computed and walks back through it.
package main

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

func main() {
	// f(w) = Σ (x·w)² has the gradient 2·xᵀ·(x·w).
	w := autograd.NewParam(tensor.FromSlice([]float64{1, -1}, 2, 1))
	x := tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2)

	tape := autograd.NewTape(autograd.Train, nil)
	y := autograd.MatMul(tape.Const(x), tape.Use(w))
	f := autograd.Sum(autograd.Mul(y, y))
	tape.Backward(f)

	// Gradients belong to the tape, not to the parameter: many tapes may share w at the same time.
	fmt.Println(f.Item(), tensor.Data[float64](tape.Grad(w)))

	// Reset forgets the record and keeps its memory for the next step.
	tape.Reset(nil)
	tape.Backward(autograd.Sum(autograd.Exp(tape.Use(w))))
	fmt.Printf("%.4f\n", tensor.Data[float64](tape.Grad(w)))
}

// Output:
// 2 [-8 -12]
// [2.7183 0.3679]
