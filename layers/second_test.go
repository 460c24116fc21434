package layers_test

import (
	"math"
	"testing"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// penalised returns a case that computes, of what run does, the sum of the squares of all gradients of the sum of the
// squares.
func penalised(model func() any, run func(t *autograd.Tape, model any, x vars, raw consts) []*autograd.Var) torchCase {
	return torchCase{model: model, run: func(t *autograd.Tape, model any, x vars, raw consts) []*autograd.Var {
		squares := func(of []*autograd.Var) *autograd.Var {
			sum := autograd.Sum(autograd.Square(of[0]))
			for _, v := range of[1:] {
				sum = autograd.Add(sum, autograd.Sum(autograd.Square(v)))
			}
			return sum
		}
		loss, of := squares(run(t, model, x, raw)), append(vars{}, x...)
		for _, p := range layers.Params(model) {
			of = append(of, t.Use(p.Param))
		}
		return []*autograd.Var{squares(t.Gradients(loss, of...))}
	}}
}

// Second derivatives of attention, recurrent layers, lookups and losses. second.json is written by testdata/second.py.
func TestSecondDerivativesAsPyTorch(t *testing.T) {
	sequence := func(l stack, lengths ...int64) torchCase {
		return penalised(func() any { return l }, func(t *autograd.Tape, model any, x vars, _ consts) []*autograd.Var {
			var of *tensor.Tensor
			if lengths != nil {
				of = tensor.FromSlice(lengths)
			}
			y, last := l.Run(t, x[0], nil, of)
			results := []*autograd.Var{y}
			for _, s := range last {
				if results = append(results, s.H); s.C != nil {
					results = append(results, s.C)
				}
			}
			return results
		})
	}
	attend := func(m func(d tensor.DType) layers.Masks) torchCase {
		return penalised(func() any { return layers.NewMultiheadAttention(seeded(), 4, 2) },
			func(t *autograd.Tape, model any, x vars, _ consts) []*autograd.Var {
				l := model.(*layers.MultiheadAttention)
				return []*autograd.Var{l.Attend(t, x[0], x[len(x)/2], x[len(x)-1], m(x[0].DType()))}
			})
	}
	of := func(loss func(t *autograd.Tape, x vars, raw consts) *autograd.Var) torchCase {
		return penalised(func() any { return &struct{}{} },
			func(t *autograd.Tape, _ any, x vars, raw consts) []*autograd.Var {
				return []*autograd.Var{loss(t, x, raw)}
			})
	}
	config, noBias := layers.RecurrentConfig{In: 2, Units: 2}, layers.RecurrentConfig{In: 2, Units: 2, NoBias: true}
	both := layers.RecurrentConfig{In: 2, Units: 2, Bidirectional: true}
	padding := tensor.FromSlice([]bool{false, false, false, false, false, true}, 2, 3)
	mask := tensor.FromSlice([]float64{0.5, -1, 0, math.Inf(-1), 2, 0.3}, 2, 3)
	weight := tensor.FromSlice([]float64{1, 0.5, 2, 3})
	probabilities := tensor.FromSlice([]float64{0.1, 0, 0.7, 0.2}).Expand(3, 4)
	ignore := []int64{-100}
	const each = layers.NoReduction
	checkTorch(t, "second.json", map[string]torchCase{
		"RNN":                        sequence(layers.NewRNN(seeded(), false, config)),
		"RNN with ReLU":              sequence(layers.NewRNN(seeded(), true, noBias)),
		"GRU of lengths, both ways":  sequence(layers.NewGRU(seeded(), both), 1, 3),
		"LSTM, two layers":           sequence(layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 2, Units: 2, Layers: 2})),
		"LSTM of lengths, both ways": sequence(layers.NewLSTM(seeded(), both), 3, 2),
		"LSTM projected of lengths, both ways": sequence(layers.NewLSTM(seeded(),
			layers.RecurrentConfig{In: 2, Units: 3, Proj: 2, Bidirectional: true}), 3, 2),
		"MultiheadAttention": attend(func(tensor.DType) layers.Masks {
			return layers.Masks{Causal: true, KeyPadding: padding}
		}),
		"MultiheadAttention to others, with a mask to add": attend(func(d tensor.DType) layers.Masks {
			return layers.Masks{Mask: mask.Cast(d)}
		}),
		"Embedding": penalised(func() any { return layers.NewEmbedding(seeded(), 4, 2).SetPadding(1) },
			func(t *autograd.Tape, model any, _ vars, raw consts) []*autograd.Var {
				return []*autograd.Var{autograd.Tanh(model.(*layers.Embedding).Lookup(t, raw[0].Cast(tensor.Int64)))}
			}),
		"CrossEntropy": of(func(t *autograd.Tape, x vars, raw consts) *autograd.Var {
			return layers.CrossEntropy{}.Loss(t, x[0], labels(raw[1]))
		}),
		"CrossEntropy, weighted and smoothed": of(func(t *autograd.Tape, x vars, raw consts) *autograd.Var {
			l := layers.CrossEntropy{Weight: weight, LabelSmoothing: 0.1, Ignore: ignore, Reduction: each}
			return l.Loss(t, x[0], labels(raw[1]))
		}),
		"CrossEntropy of probabilities": of(func(t *autograd.Tape, x vars, _ consts) *autograd.Var {
			d := x[0].DType()
			return layers.CrossEntropy{Weight: weight.Cast(d)}.Loss(t, x[0], probabilities.Cast(d))
		}),
		"NLL": of(func(t *autograd.Tape, x vars, raw consts) *autograd.Var {
			l := layers.NLL{Weight: weight, Ignore: ignore, Reduction: each}
			return l.Loss(t, autograd.Tanh(x[0]), labels(raw[1]))
		}),
		"BCE": of(func(_ *autograd.Tape, x vars, _ consts) *autograd.Var { return autograd.BinaryCrossEntropy(x[0], x[1]) }),
		"BCE with logits": of(func(_ *autograd.Tape, x vars, _ consts) *autograd.Var {
			return autograd.BinaryCrossEntropyWithLogits(x[0], x[1])
		}),
	})
}
