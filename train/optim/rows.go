package optim

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
)

// RowStepper is a RowStepperOf float32.
type RowStepper = RowStepperOf[float32]

// RowStepperOf is a Stepper that can update a table by rows: what a batch did not look up costs nothing, neither time
// nor, for rules with moments, decay. It is what PyTorch calls a sparse (lazy) optimizer; of one whose every step
// touches every row the result is Step's, but for Adam's Eps (see Adam). The Steppers of SGD, Adam, AdamW and Adagrad
// are RowSteppers.
type RowStepperOf[T vec.Float] interface {
	StepperOf[T]
	// StepRows subtracts one update from the rows of w [V, cols] that are listed, computed from g, whose row i [cols] is the
	// gradient of row rows[i]. Weight decay, too, reaches listed rows alone. It panics unless w has the length that the Stepper was
	// made for, g is as long as the rows listed, and each of these is in w, listed once, in ascending order.
	StepRows(w []T, cols int, rows []int64, g []T, lr float64)
}

// checkRows panics unless StepRows's arguments fit each other and a state of n elements.
func checkRows[T vec.Float](op string, n int, w []T, cols int, rows []int64, g []T) {
	if len(w) != n || cols <= 0 || len(w)%cols != 0 || len(g) != len(rows)*cols {
		panic(fmt.Sprintf("optim: %s: StepRows: %d weights in rows of %d and %d gradients of %d rows, for a state of %d",
			op, len(w), cols, len(g), len(rows), n))
	}
	last := int64(-1)
	for _, r := range rows {
		if r <= last || int(r) >= len(w)/cols {
			panic(fmt.Sprintf("optim: %s: StepRows: row %d after row %d of %d: want each once, in ascending order", op, r,
				last, len(w)/cols))
		}
		last = r
	}
}
