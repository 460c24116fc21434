package layers

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// RecurrentConfig says what a stack of recurrent layers looks like. In and Units are needed.
type RecurrentConfig struct {
	In, Units     int     // features of a step; units of a layer
	Layers        int     // 0 means 1
	Bidirectional bool    // each layer reads the sequence both ways; results are put side by side
	Dropout       float64 // 0 to 1, of the results of all layers but the last while training
	NoBias        bool
	// Proj, of an LSTM alone, makes its results, and the state h, a product of the units with a matrix: so many features instead of
	// Units, and fewer than these. PyTorch's proj_size. Such an LSTM goes step by step, op by op. 0 means none.
	Proj int
}

// features returns how many features a layer's results have in one direction.
func (c RecurrentConfig) features() int {
	if c.Proj > 0 {
		return c.Proj
	}
	return c.Units
}

// State is what one layer of a stack, in one direction, remembers: H [N, Units], or [N, Proj], and C [N, Units] of an LSTM.
type State struct{ H, C *autograd.Var }

// RecurrentStack is what RNN, LSTM and GRU have in common: their parameters, and Run, which takes and returns states.
// Make it by NewRNN, NewLSTM or NewGRU.
type RecurrentStack struct {
	// Weights holds the parameters under PyTorch's names: weight_ih_l0 [G·Units, In], weight_hh_l0 [G·Units, Units], bias_ih_l0 and
	// bias_hh_l0 [G·Units], for each layer, and with the ending _reverse for the other direction. With Proj, weight_hh is
	// [G·Units, Proj], and there is weight_hr_l0 [Proj, Units].
	Weights map[string]*autograd.Param `state:""`

	config RecurrentConfig
	cell   autograd.Cell
	cells  []cellParams // by layer, then by direction
}

type cellParams struct{ x, h, biasX, biasH, proj *autograd.Param }

// newRecurrentStack draws all parameters evenly from ±1/√Units, as PyTorch does.
func newRecurrentStack(op string, rng *rand.Rand, cell autograd.Cell, c RecurrentConfig) RecurrentStack {
	positive(op, "In", c.In)
	positive(op, "Units", c.Units)
	if c.Proj < 0 || c.Proj >= c.Units || c.Proj > 0 && cell != autograd.LSTM {
		panic(fmt.Sprintf("layers: %s: Proj = %d with %d units: want 0, or of an LSTM less than its units", op, c.Proj, c.Units))
	}
	c.Layers = max(c.Layers, 1)
	s := RecurrentStack{Weights: make(map[string]*autograd.Param), config: c, cell: cell}
	bound := 1 / math.Sqrt(float64(c.Units))
	add := func(name string, shape ...int) *autograd.Param {
		s.Weights[name] = newParam(rng, Uniform(-bound, bound), shape...)
		return s.Weights[name]
	}
	rows := cell.Gates() * c.Units
	for layer := range c.Layers {
		in := c.In
		if layer > 0 {
			in = c.features() * s.directions()
		}
		for direction := range s.directions() {
			end := fmt.Sprintf("_l%d%s", layer, [...]string{"", "_reverse"}[direction])
			p := cellParams{x: add("weight_ih"+end, rows, in), h: add("weight_hh"+end, rows, c.features())}
			if !c.NoBias {
				p.biasX, p.biasH = add("bias_ih"+end, rows), add("bias_hh"+end, rows)
			}
			if c.Proj > 0 {
				p.proj = add("weight_hr"+end, c.Proj, c.Units)
			}
			s.cells = append(s.cells, p)
		}
	}
	return s
}

func (s *RecurrentStack) directions() int {
	if s.config.Bidirectional {
		return 2
	}
	return 1
}

// Run reads sequences x, starting from the states given, and returns the results of the last layer and the last states.
//
//	x [N, T, In]   lengths [N] Int64 or Int32, or nil   y [N, T, Units] or [N, T, Proj], or twice that if bidirectional
//
// State l·directions+d is that of layer l in direction d, 1 being the reverse; a nil slice means zeros. Where lengths are given,
// only so many first steps of each sequence count: beyond them y is zero, and the last state is that after the last step that
// counts, as of PyTorch's packed sequences. Sequences need not be sorted.
func (s *RecurrentStack) Run(t *autograd.Tape, x *autograd.Var, start []State, lengths *tensor.Tensor,
) (y *autograd.Var, last []State) {
	if x.Rank() != 3 || x.Dim(2) != s.config.In {
		panic(fmt.Sprintf("layers: %s: x %v, want [N, T, %d]", cellName(s.cell), x.Shape(), s.config.In))
	}
	if start != nil && len(start) != len(s.cells) {
		panic(fmt.Sprintf("layers: %s: %d states for %d layers and directions", cellName(s.cell), len(start), len(s.cells)))
	}
	last = make([]State, len(s.cells))
	y = autograd.Transpose(x, 0, 1) // steps first, so that those of a step lie together
	for layer := range s.config.Layers {
		if layer > 0 {
			y = autograd.Dropout(y, s.config.Dropout)
		}
		in := y
		for direction := range s.directions() {
			i := layer*s.directions() + direction
			p, from := s.cells[i], State{}
			if start != nil {
				from = start[i]
			}
			var out *autograd.Var
			if p.proj != nil {
				out, last[i] = p.projected(t, in, from, lengths, direction == 1)
			} else {
				w := autograd.RecurrentWeights{X: t.Use(p.x), H: t.Use(p.h), BiasX: useOrNil(t, p.biasX), BiasH: useOrNil(t, p.biasH)}
				out, last[i].H, last[i].C = autograd.Recurrent(in, from.H, from.C, w,
					autograd.RecurrentOptions{Cell: s.cell, Reverse: direction == 1, Lengths: lengths})
			}
			if direction == 0 {
				y = out
			} else {
				y = autograd.Concat(-1, y, out)
			}
		}
	}
	return autograd.Transpose(y, 0, 1), last
}

func (s *RecurrentStack) forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y, _ := s.Run(t, x, nil, nil)
	return y
}

func cellName(c autograd.Cell) string {
	return [...]string{autograd.RNNTanh: "RNN", autograd.RNNReLU: "RNN", autograd.GRU: "GRU", autograd.LSTM: "LSTM"}[c]
}

// RNN is a stack of Elman's recurrent layers, h' = tanh(Wx·x + bx + Wh·h + bh). See
// RecurrentStack for the parameters, and its Run for shapes, states and lengths.
//
//	x [N, T, In]   y [N, T, Units·directions]
//
// PyTorch's RNN with batch_first. Source: Elman, Cognitive Science 14 (1990).
type RNN struct{ RecurrentStack }

// NewRNN returns an RNN whose parameters are drawn evenly from ±1/√Units; if relu, with ReLU in place of tanh.
func NewRNN(rng *rand.Rand, relu bool, c RecurrentConfig) *RNN {
	cell := autograd.RNNTanh
	if relu {
		cell = autograd.RNNReLU
	}
	return &RNN{newRecurrentStack("NewRNN", rng, cell, c)}
}

// Forward returns the results of the last layer for all steps, starting from zeros.
func (l *RNN) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var { return l.forward(t, x) }

// LSTM is a stack of long short-term memories (see autograd.Cell). See
// RecurrentStack for the parameters, and its Run for shapes, states and lengths.
//
//	x [N, T, In]   y [N, T, Units·directions], or Proj·directions
//
// PyTorch's LSTM with batch_first. Source: Hochreiter and Schmidhuber, Neural Computation 9 (1997).
type LSTM struct{ RecurrentStack }

// NewLSTM returns an LSTM whose parameters are drawn evenly from ±1/√Units.
func NewLSTM(rng *rand.Rand, c RecurrentConfig) *LSTM {
	return &LSTM{newRecurrentStack("NewLSTM", rng, autograd.LSTM, c)}
}

// Forward returns the results of the last layer for all steps, starting from zeros.
func (l *LSTM) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var { return l.forward(t, x) }

// GRU is a stack of gated recurrent units (see autograd.Cell). See
// RecurrentStack for the parameters, and its Run for shapes, states and lengths.
//
//	x [N, T, In]   y [N, T, Units·directions]
//
// PyTorch's GRU with batch_first. Source: Cho et al., arXiv:1406.1078.
type GRU struct{ RecurrentStack }

// NewGRU returns a GRU whose parameters are drawn evenly from ±1/√Units.
func NewGRU(rng *rand.Rand, c RecurrentConfig) *GRU {
	return &GRU{newRecurrentStack("NewGRU", rng, autograd.GRU, c)}
}

// Forward returns the results of the last layer for all steps, starting from zeros.
func (l *GRU) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var { return l.forward(t, x) }
