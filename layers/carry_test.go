package layers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// A sequence read in chunks, with the states carried over Reset, must give what it gives read at once; the gradients
// are those of the last chunk alone.
func TestCarry(t *testing.T) {
	const n, steps, chunk, in = 2, 6, 2, 3
	x := tensor.New(tensor.Float32, n, steps, in)
	x.Normal(seeded(), 0, 1)
	for _, mode := range []autograd.Mode{autograd.Train, autograd.Infer} {
		for name, l := range map[string]stack{
			"LSTM": layers.NewLSTM(seeded(), layers.RecurrentConfig{In: in, Units: 4, Layers: 2}),
			"GRU":  layers.NewGRU(seeded(), layers.RecurrentConfig{In: in, Units: 4}),
		} {
			whole := autograd.NewTape(mode, nil)
			want, _ := l.Run(whole, whole.Const(x), nil, nil)

			var carry layers.Carry
			tape := autograd.NewTape(mode, nil)
			var start []layers.State
			for at := 0; at < steps; at += chunk {
				tape.Reset(nil)
				start = carry.Start(tape)
				y, last := l.Run(tape, tape.Const(x.Slice(1, at, at+chunk)), start, nil)
				carry.Keep(last...) // before Backward, which must still find the states that were started from
				if mode == autograd.Train {
					tape.Backward(autograd.Sum(autograd.Square(y)))
				}
				part := want.Value().Slice(1, at, at+chunk).Contiguous()
				assert.InDeltaSlice(t, tensor.Data[float32](part), tensor.Data[float32](y.Value()), 1e-6,
					"%s, %v, from step %d", name, mode, at)
			}
			if mode == autograd.Infer {
				continue
			}
			// The last chunk alone, from the states as constants.
			alone := autograd.NewTape(mode, nil)
			states := make([]layers.State, len(start))
			for i, s := range start {
				states[i].H = alone.Const(s.H.Value().Clone())
				if s.C != nil {
					states[i].C = alone.Const(s.C.Value().Clone())
				}
			}
			y, _ := l.Run(alone, alone.Const(x.Slice(1, steps-chunk, steps)), states, nil)
			alone.Backward(autograd.Sum(autograd.Square(y)))
			for _, p := range layers.Params(l) {
				assert.Equal(t, tensor.Data[float32](alone.Grad(p.Param)), tensor.Data[float32](tape.Grad(p.Param)),
					"%s: %s", name, p.Name)
			}
			carry.Forget()
			assert.Nil(t, carry.Start(tape))
		}
	}
}

// h ← w + h, a state of a program's own, carried over the steps.
func ExampleCarry() {
	w := autograd.NewParam(tensor.FromSlice([]float32{1}))
	tape := autograd.NewTape(autograd.Train, nil)
	var carry layers.Carry
	carry.Keep(layers.State{H: tape.Const(tensor.FromSlice([]float32{0}))})
	for range 4 {
		tape.Reset(nil)
		h := carry.Start(tape)[0].H
		h = autograd.Add(tape.Use(w), h)
		tape.Backward(autograd.Sum(h))
		carry.Keep(layers.State{H: h})
		fmt.Print(h.Item(), " ")
	}
	// Output: 1 2 3 4
}
