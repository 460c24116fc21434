package optim

import "fmt"

// RowStepper is a Stepper that can update a table by rows: what a batch did not look up costs nothing, neither time
// nor, for rules with moments, decay. It is what PyTorch calls a sparse (lazy) optimizer; of one whose every step
// touches every row the result is Step's, but for Adam's Eps (see Adam). The Steppers of SGD, Adam, AdamW and Adagrad
// are RowSteppers.
type RowStepper interface {
	Stepper
	// StepRows subtracts one update from the rows of w [V, cols] that are listed, computed from g, whose row i [cols] is the
	// gradient of row rows[i]. Weight decay, too, reaches listed rows alone. It panics unless w has the length that the Stepper was
	// made for, g is as long as the rows listed, and each of these is in w, listed once, in ascending order.
	StepRows(w []float32, cols int, rows []int64, g []float32, lr float64)
}

// eachRow checks StepRows's arguments and calls fn with where each row begins and ends in w, and its gradient.
func eachRow(op string, n int, w []float32, cols int, rows []int64, g []float32, fn func(lo, hi int, g []float32)) {
	if len(w) != n || cols <= 0 || len(w)%cols != 0 || len(g) != len(rows)*cols {
		panic(fmt.Sprintf("optim: %s: StepRows: %d weights in rows of %d and %d gradients of %d rows, for a state of %d",
			op, len(w), cols, len(g), len(rows), n))
	}
	last := int64(-1)
	for i, r := range rows {
		if r <= last || int(r) >= len(w)/cols {
			panic(fmt.Sprintf("optim: %s: StepRows: row %d after row %d of %d: want each once, in ascending order", op, r, last, len(w)/cols))
		}
		last = r
		fn(int(r)*cols, (int(r)+1)*cols, g[i*cols:(i+1)*cols])
	}
}
