package layers_test

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// A table of a million words is trained at the cost of the words of a batch: its gradient is rows, and so is the step.
func ExampleEmbedding() {
	table := layers.NewEmbedding(seeded(), 1_000_000, 2)
	table.Weight.Value().Fill(1)
	stepper := optim.SGD{LR: 0.5}.New(table.Weight.Value().Len()).(optim.RowStepper)

	tape := autograd.NewTape(autograd.Train, nil)
	y := table.Lookup(tape, tensor.FromSlice([]int64{42, 999_999, 42}))
	tape.Backward(autograd.Sum(y))

	rows, values, _ := tape.SparseGrad(table.Weight)
	stepper.StepRows(tensor.Data[float32](table.Weight.Value()), 2, tensor.Data[int64](rows), tensor.Data[float32](values), 0.5)
	fmt.Println(tensor.Data[int64](rows), tensor.Data[float32](values))
	fmt.Println(tensor.Data[float32](table.Weight.Value())[84:88])
	// Output:
	// [42 999999] [2 2 1 1]
	// [0 0 1 1]
}
