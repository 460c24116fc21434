package layers

import (
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
)

// RecurrentCell is one step of a recurrent layer, for loops written by hand: PyTorch's RNNCell, GRUCell and LSTMCell.
//
//	x [N, In]   state [N, Units]   WeightIH [G·Units, In]   WeightHH [G·Units, Units]   BiasIH, BiasHH [G·Units] or nil
//
// For whole sequences RNN, GRU and LSTM are much faster: they multiply all inputs at once.
type RecurrentCell struct {
	WeightIH, WeightHH, BiasIH, BiasHH *autograd.Param
	Cell                               autograd.Cell
}

// NewRecurrentCell returns a cell whose parameters are drawn evenly from ±1/√units.
func NewRecurrentCell(rng *rand.Rand, cell autograd.Cell, in, units int) *RecurrentCell {
	positive("NewRecurrentCell", "in", in)
	positive("NewRecurrentCell", "units", units)
	bound := 1 / math.Sqrt(float64(units))
	init, rows := Uniform(-bound, bound), cell.Gates()*units
	return &RecurrentCell{newParam(rng, init, rows, in), newParam(rng, init, rows, units), newParam(rng, init, rows), newParam(rng, init, rows), cell}
}

// Step returns the state after x. A zero State is zeros.
func (l *RecurrentCell) Step(t *autograd.Tape, x *autograd.Var, s State) State {
	w := autograd.RecurrentWeights{X: t.Use(l.WeightIH), H: t.Use(l.WeightHH), BiasX: useOrNil(t, l.BiasIH), BiasH: useOrNil(t, l.BiasHH)}
	_, h, c := autograd.Recurrent(autograd.Reshape(x, 1, x.Dim(0), -1), s.H, s.C, w, autograd.RecurrentOptions{Cell: l.Cell})
	return State{h, c}
}
