package layers

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Carry takes the states of a recurrent model from one step of training or use to the next, though the tape is Reset,
// or another one used, between them. Gradients do not flow through it: with chunks of T moments a step, this is
// backpropagation through time truncated after T. The zero value carries nothing yet.
//
//	var carry layers.Carry
//	for x, target := range chunks { // of the same sequences, in order
//		tape.Reset(rng)
//		y, last := lstm.Run(tape, tape.Const(x), carry.Start(tape), nil)
//		tape.Backward(loss.Loss(tape, y, target))
//		carry.Keep(last...)
//		…
//	}
//
// Any Var of a program's own is carried as the H of a State. A Carry belongs to one goroutine.
// Source: Williams and Peng, Neural Computation 2 (1990).
type Carry struct{ kept [][2]*tensor.Tensor } // h and c; nil where the state had none

// Keep copies the values of states, to be carried to the next Start.
func (c *Carry) Keep(states ...State) {
	// New ones: those of the last Start are on the tape, and Backward may read them yet.
	c.kept = make([][2]*tensor.Tensor, len(states))
	for i, s := range states {
		for k, v := range [2]*autograd.Var{s.H, s.C} {
			if v != nil {
				c.kept[i][k] = v.Value().Clone()
			}
		}
	}
}

// Start returns the states kept last as constants on t, and nil, which is zeros to a recurrent layer, if none have been
// kept since the beginning or since Forget.
func (c *Carry) Start(t *autograd.Tape) []State {
	if len(c.kept) == 0 {
		return nil
	}
	states := make([]State, len(c.kept))
	for i, k := range c.kept {
		if k[0] != nil {
			states[i].H = t.Const(k[0])
		}
		if k[1] != nil {
			states[i].C = t.Const(k[1])
		}
	}
	return states
}

// Forget makes the next Start begin from nothing: where other sequences begin, as at the start of an epoch.
func (c *Carry) Forget() { c.kept = nil }
