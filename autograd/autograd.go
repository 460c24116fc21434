// Package autograd records arithmetic on tensors and computes gradients by walking the record backwards.
//
//	tape := autograd.NewTape(autograd.Train, rng)
//	y := autograd.Linear(tape.Const(x), tape.Use(w), tape.Use(b))
//	loss := autograd.SoftmaxCrossEntropy(y, labels)
//	tape.Backward(loss)
//	g := tape.Grad(w)
//
// Three things carry it. A [Param] is a tensor that training changes. A [Tape] is the record of one step: it owns every
// intermediate value and every gradient, and [Tape.Reset] takes all that memory back for the next step, so that after the
// first few steps nothing is allocated. A [Var] is a value on a tape.
//
// Gradients belong to the tape, never to the parameter: any number of goroutines may each run a tape of their own over the
// same parameters at the same time, as long as nobody changes their values meanwhile.
//
// Every op is a function on Vars in a file of its own, op_<name>.go, with its derivative beside it. All Vars of an op belong
// to one tape and have one dtype, Float32 or Float64, and no op changes its operands. A value on a tape is always
// contiguous. Misuse panics with one line that names the op and both values.
package autograd
