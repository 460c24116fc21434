package gradtest

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// recurrents are the recurrent layers, of which every result is used: y, the last state and the last cell.
var recurrents = []Case{
	{Name: "Recurrent RNN", Inputs: cellInputs(1, 3, 2, 3, 2, false), Fn: recurrent(autograd.RecurrentOptions{})},
	{Name: "Recurrent RNN with ReLU", Inputs: cellInputs(1, 2, 2, 3, 2, false), Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.RNNReLU})},
	{Name: "Recurrent GRU", Inputs: cellInputs(3, 3, 2, 3, 2, false), Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.GRU})},
	{Name: "Recurrent GRU in reverse, of lengths", Inputs: cellInputs(3, 3, 3, 2, 2, false),
		Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.GRU, Reverse: true, Lengths: tensor.FromSlice([]int64{2, 3, 0})})},
	{Name: "Recurrent LSTM", Inputs: cellInputs(4, 3, 2, 3, 2, true), Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.LSTM})},
	{Name: "Recurrent LSTM in reverse", Inputs: cellInputs(4, 3, 2, 3, 2, true), Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.LSTM, Reverse: true})},
	{Name: "Recurrent LSTM of lengths", Inputs: cellInputs(4, 3, 3, 2, 2, true),
		Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.LSTM, Lengths: tensor.FromSlice([]int64{2, 3, 0})})},
	{Name: "Recurrent LSTM in reverse, of lengths", Inputs: cellInputs(4, 3, 3, 2, 2, true),
		Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.LSTM, Reverse: true, Lengths: tensor.FromSlice([]int64{2, 3, 1})})},
	{Name: "Recurrent without bias or state", Inputs: cellInputs(4, 2, 2, 2, 2, false)[:3], Fn: recurrent(autograd.RecurrentOptions{Cell: autograd.LSTM})},
}

// cellInputs are x, both weights, both biases, h and of an LSTM c.
func cellInputs(gates, steps, batch, in, units int, cell bool) []Input {
	list := of([]int{steps, batch, in}, []int{gates * units, in}, []int{gates * units, units}, []int{gates * units}, []int{gates * units}, []int{batch, units})
	if cell {
		list = append(list, Input{Shape: []int{batch, units}})
	}
	return list
}

func recurrent(o autograd.RecurrentOptions) func(*tape, vars) out {
	return func(_ *tape, x vars) out {
		w := autograd.RecurrentWeights{X: x[1], H: x[2]}
		var h, c out
		if len(x) > 3 {
			w.BiasX, w.BiasH, h = x[3], x[4], x[5]
		}
		if len(x) > 6 {
			c = x[6]
		}
		y, last, lastC := autograd.Recurrent(x[0], h, c, w, o)
		all := autograd.Add(y, autograd.Mul(last, last)) // [T, B, H] and [B, H]
		if lastC != nil {
			all = autograd.Add(all, autograd.Tanh(lastC))
		}
		return all
	}
}
