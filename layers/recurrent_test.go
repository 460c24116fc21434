package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// stack is what the recurrent layers have in common.
type stack interface {
	Run(t *autograd.Tape, x *autograd.Var, start []layers.State, lengths *tensor.Tensor) (*autograd.Var, []layers.State)
}

// recurrent.json is written by testdata/recurrent.py.
func TestRecurrentAsPyTorch(t *testing.T) {
	sequence := func(l stack, lengths ...int64) torchCase {
		return torchCase{model: func() any { return l }, run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
			var start []layers.State
			if len(x) > 1 { // states [layers·directions, N, Units]
				for i := range x[1].Dim(0) {
					at := func(v *autograd.Var) *autograd.Var {
						return autograd.Reshape(autograd.Slice(v, 0, i, i+1), v.Dim(1), v.Dim(2))
					}
					s := layers.State{H: at(x[1])}
					if len(x) > 2 {
						s.C = at(x[2])
					}
					start = append(start, s)
				}
			}
			var of *tensor.Tensor
			if lengths != nil {
				of = tensor.FromSlice(lengths)
			}
			y, last := l.Run(t, x[0], start, of)
			results := []*autograd.Var{y}
			for _, s := range last {
				results = append(results, s.H)
			}
			for _, s := range last {
				if s.C != nil {
					results = append(results, s.C)
				}
			}
			return results
		}}
	}
	cell := func(c autograd.Cell) torchCase {
		return torchCase{
			model: func() any { return layers.NewRecurrentCell(seeded(), c, 4, 2) },
			run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
				s := layers.State{H: x[1]}
				if len(x) > 2 {
					s.C = x[2]
				}
				s = model.(*layers.RecurrentCell).Step(t, x[0], s)
				if s.C != nil {
					return []*autograd.Var{s.H, s.C}
				}
				return []*autograd.Var{s.H}
			},
		}
	}
	config := layers.RecurrentConfig{In: 4, Units: 2}
	both := layers.RecurrentConfig{In: 4, Units: 2, Bidirectional: true}
	deep := layers.RecurrentConfig{In: 4, Units: 2, Bidirectional: true, Layers: 2}
	checkTorch(t, "recurrent.json", map[string]torchCase{
		"RNN":                         sequence(layers.NewRNN(seeded(), false, config)),
		"RNN with ReLU, without bias": sequence(layers.NewRNN(seeded(), true, layers.RecurrentConfig{In: 4, Units: 2, NoBias: true})),
		"LSTM":                        sequence(layers.NewLSTM(seeded(), config)),
		"LSTM with states, two layers, both ways": sequence(layers.NewLSTM(seeded(), deep)),
		"LSTM of lengths, both ways":              sequence(layers.NewLSTM(seeded(), both), 1, 3),
		"GRU":                                     sequence(layers.NewGRU(seeded(), config)),
		"GRU with a state, two layers, both ways": sequence(layers.NewGRU(seeded(), deep)),
		"GRU of lengths, both ways":               sequence(layers.NewGRU(seeded(), both), 3, 2),
		"LSTM projected":                          sequence(layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 4, Units: 3, Proj: 2})),
		"LSTM projected, with states, two layers, both ways, without bias": sequence(layers.NewLSTM(seeded(),
			layers.RecurrentConfig{In: 4, Units: 3, Proj: 1, Bidirectional: true, Layers: 2, NoBias: true})),
		"LSTM projected of lengths, both ways": sequence(layers.NewLSTM(seeded(),
			layers.RecurrentConfig{In: 4, Units: 3, Proj: 2, Bidirectional: true}), 1, 3),
		"RNNCell":  cell(autograd.RNNTanh),
		"GRUCell":  cell(autograd.GRU),
		"LSTMCell": cell(autograd.LSTM),
		"ConvLSTM": {
			model: func() any { return layers.NewConvLSTM(seeded(), 3, 2, 3) },
			run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
				y, last := model.(*layers.ConvLSTM).Run(t, x[0], layers.State{H: x[1], C: x[2]})
				return []*autograd.Var{y, last.H, last.C}
			},
		},
	})
}

// What stands beyond a sequence's length must not matter, and a batch must not mix its sequences.
func TestRecurrentLengths(t *testing.T) {
	l := layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 4, Units: 3, Bidirectional: true})
	tape := autograd.NewTape(autograd.Infer, nil)
	x := tensor.New(tensor.Float32, 2, 5, 4)
	x.Normal(seeded(), 0, 1)
	y, last := l.Run(tape, tape.Const(x), nil, tensor.FromSlice([]int64{3, 5}))
	short, shortLast := l.Run(tape, tape.Const(x.Slice(0, 0, 1).Slice(1, 0, 3)), nil, nil)
	assert.InDeltaSlice(t, tensor.Data[float32](short.Value()), tensor.Data[float32](y.Value())[:3*6], 1e-6)
	for i := range last {
		assert.InDeltaSlice(t, tensor.Data[float32](shortLast[i].C.Value()), tensor.Data[float32](last[i].C.Value())[:3], 1e-6)
	}
	assert.Equal(t, make([]float32, 2*6), tensor.Data[float32](y.Value())[3*6:5*6], "beyond the length")
	assert.PanicsWithValue(t, "autograd: Recurrent: sequence 1 has length 6 of 5 steps", func() {
		l.Run(tape, tape.Const(x), nil, tensor.FromSlice([]int64{3, 6}))
	})
	projected := layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 4, Units: 3, Proj: 2})
	assert.PanicsWithValue(t, "layers: LSTM: sequence 1 has length 6 of 5 steps", func() {
		projected.Run(tape, tape.Const(x), nil, tensor.FromSlice([]int64{3, 6}))
	})
	assert.PanicsWithValue(t, "layers: LSTM: states h [2 2] and c [1 3]: want [2, 2] and [2, 3]", func() {
		projected.Run(tape, tape.Const(x), []layers.State{{C: tape.Const(tensor.New(tensor.Float32, 1, 3))}}, nil)
	})
	assert.PanicsWithValue(t, "layers: NewGRU: Proj = 2 with 3 units: want 0, or of an LSTM less than its units", func() {
		layers.NewGRU(seeded(), layers.RecurrentConfig{In: 4, Units: 3, Proj: 2})
	})
	assert.PanicsWithValue(t, "layers: LSTM: x [2 4], want [N, T, 4]", func() { l.Forward(tape, tape.Const(tensor.New(tensor.Float32, 2, 4))) })
}
