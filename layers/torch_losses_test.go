package layers_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

type (
	reduction = layers.Reduction
	vars      = []*autograd.Var
	consts    = []*tensor.Tensor
	// lossFn is the Go side of a case: x are the inputs, c the constants, in x's dtype.
	lossFn func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var
)

func labels(c *tensor.Tensor) *tensor.Tensor {
	out := tensor.New(tensor.Int64, c.Shape()...)
	for i, v := range tensor.Data[float64](c.Cast(tensor.Float64)) {
		tensor.Data[int64](out)[i] = int64(v)
	}
	return out
}

// plain is a Loss whose target is of the result's dtype.
func plain(loss func(r reduction) layers.Loss) lossFn {
	return func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return loss(r).Loss(t, x[0], c[0])
	}
}

// labelled is a Loss whose target is labels, with the weights that follow it, if any.
func labelled(loss func(r reduction, w *tensor.Tensor) layers.Loss) lossFn {
	return func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return loss(r, after(c)).Loss(t, x[0], labels(c[0]))
	}
}

// after returns the constant after the target, or nil.
func after(c consts) *tensor.Tensor {
	if len(c) < 2 {
		return nil
	}
	return c[1]
}

var torchLosses = map[string]lossFn{
	"CrossEntropy":        labelled(func(r reduction, _ *tensor.Tensor) layers.Loss { return layers.CrossEntropy{Reduction: r} }),
	"CrossEntropy weight": labelled(func(r reduction, w *tensor.Tensor) layers.Loss { return layers.CrossEntropy{Weight: w, Reduction: r} }),
	"CrossEntropy smoothing": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss {
		return layers.CrossEntropy{LabelSmoothing: 0.1, Reduction: r}
	}),
	"CrossEntropy smoothing weight": labelled(func(r reduction, w *tensor.Tensor) layers.Loss {
		return layers.CrossEntropy{LabelSmoothing: 0.1, Weight: w, Reduction: r}
	}),
	"CrossEntropy ignore": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss {
		return layers.CrossEntropy{Ignore: []int64{0}, Reduction: r}
	}),
	"CrossEntropy ignore smoothing weight": labelled(func(r reduction, w *tensor.Tensor) layers.Loss {
		return layers.CrossEntropy{Ignore: []int64{0}, LabelSmoothing: 0.2, Weight: w, Reduction: r}
	}),
	"CrossEntropy pixels": labelled(func(r reduction, w *tensor.Tensor) layers.Loss { return layers.CrossEntropy{Weight: w, Reduction: r} }),
	"CrossEntropy pixels smoothing": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss {
		return layers.CrossEntropy{LabelSmoothing: 0.1, Reduction: r}
	}),
	"CrossEntropy probabilities": plain(func(r reduction) layers.Loss { return layers.CrossEntropy{Reduction: r} }),
	"CrossEntropy probabilities weight smoothing": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.CrossEntropy{LabelSmoothing: 0.1, Weight: c[1], Reduction: r}.Loss(t, x[0], c[0])
	},
	"NLL": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss { return layers.NLL{Reduction: r} }),
	"NLL weight ignore": labelled(func(r reduction, w *tensor.Tensor) layers.Loss {
		return layers.NLL{Weight: w, Ignore: []int64{4}, Reduction: r}
	}),
	"NLL pixels": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss { return layers.NLL{Reduction: r} }),
	"MSE":        plain(func(r reduction) layers.Loss { return layers.MSE{Reduction: r} }),
	"L1":         plain(func(r reduction) layers.Loss { return layers.L1{Reduction: r} }),
	"SmoothL1":   plain(func(r reduction) layers.Loss { return layers.SmoothL1{Beta: 0.7, Reduction: r} }),
	"Huber":      plain(func(r reduction) layers.Loss { return layers.Huber{Delta: 0.7, Reduction: r} }),
	"KLDiv":      plain(func(r reduction) layers.Loss { return layers.KLDiv{Reduction: r} }),
	"KLDiv log":  plain(func(r reduction) layers.Loss { return layers.KLDiv{LogTarget: true, Reduction: r} }),
	"PoissonNLL": plain(func(r reduction) layers.Loss { return layers.PoissonNLL{Reduction: r} }),
	"PoissonNLL full": plain(func(r reduction) layers.Loss {
		return layers.PoissonNLL{Full: true, Reduction: r}
	}),
	"PoissonNLL rates": plain(func(r reduction) layers.Loss { return layers.PoissonNLL{Rates: true, Reduction: r} }),
	"GaussianNLL": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.GaussianNLL{Full: true, Reduction: r}.Loss(t, x[0], x[1], c[0])
	},
	"BCE": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.BCE{Weight: c[1], Reduction: r}.Loss(t, x[0], c[0])
	},
	"BCEWithLogits": plain(func(r reduction) layers.Loss { return layers.BCEWithLogits{Reduction: r} }),
	"BCEWithLogits pos_weight": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.BCEWithLogits{PosWeight: c[1], Reduction: r}.Loss(t, x[0], c[0])
	},
	"SigmoidFocal":   plain(func(r reduction) layers.Loss { return layers.SigmoidFocal{Reduction: r} }),
	"Dice":           plain(func(r reduction) layers.Loss { return layers.Dice{Reduction: r} }),
	"Hinge":          plain(func(r reduction) layers.Loss { return layers.Hinge{Reduction: r} }),
	"SoftMargin":     plain(func(r reduction) layers.Loss { return layers.SoftMargin{Reduction: r} }),
	"HingeEmbedding": plain(func(r reduction) layers.Loss { return layers.HingeEmbedding{Margin: 0.8, Reduction: r} }),
	"CosineEmbedding": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.CosineEmbedding{Margin: 0.2, Reduction: r}.Loss(t, x[0], x[1], c[0])
	},
	"MarginRanking": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.MarginRanking{Margin: 0.3, Reduction: r}.Loss(t, x[0], x[1], c[0])
	},
	"Triplet": func(t *autograd.Tape, r reduction, x vars, _ consts) *autograd.Var {
		return layers.Triplet{Reduction: r}.Loss(t, x[0], x[1], x[2])
	},
	"Triplet swap": func(t *autograd.Tape, r reduction, x vars, _ consts) *autograd.Var {
		return layers.Triplet{Swap: true, P: 3, Margin: 1.5, Reduction: r}.Loss(t, x[0], x[1], x[2])
	},
	"MultiMargin": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss { return layers.MultiMargin{Reduction: r} }),
	"MultiMargin squared": labelled(func(r reduction, w *tensor.Tensor) layers.Loss {
		return layers.MultiMargin{P: 2, Margin: 0.6, Weight: w, Reduction: r}
	}),
	"MultiLabelMargin": labelled(func(r reduction, _ *tensor.Tensor) layers.Loss { return layers.MultiLabelMargin{Reduction: r} }),
	"MultiLabelSoftMargin": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.MultiLabelSoftMargin{Weight: c[1], Reduction: r}.Loss(t, x[0], c[0])
	},
	"CTC": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.CTC{Reduction: r}.Loss(t, autograd.LogSoftmax(x[0]), labels(c[0]), []int{7, 6, 4}, []int{3, 2, 1})
	},
	"CTC joined": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.CTC{Blank: 2, Reduction: r}.Loss(t, autograd.LogSoftmax(x[0]), labels(c[0]), []int{7, 6, 4}, []int{3, 2, 1})
	},
	"CTC too short": func(t *autograd.Tape, r reduction, x vars, c consts) *autograd.Var {
		return layers.CTC{ZeroInfinity: true, Reduction: r}.Loss(t, autograd.LogSoftmax(x[0]), labels(c[0]), []int{3, 2}, []int{3, 2})
	},
}

// Losses must be PyTorch's under every reduction, and gradients for the unreduced loss and the mean. testdata/losses.json is
// written by testdata/losses.py. In float64 numbers of order one agree to 1e-10; in float32 inputs are rounded and so is every
// operation, and up to ten of them in a row have conditions of some tens.
func TestLossesAgainstPyTorch(t *testing.T) {
	var cases []struct {
		Name                 string
		Inputs, Consts       []numbers
		R, None, Mean, Sum   numbers
		NoneGrads, MeanGrads []numbers
	}
	text, err := os.ReadFile("testdata/losses.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Len(t, cases, len(torchLosses))
	for _, c := range cases {
		fn := torchLosses[c.Name]
		require.NotNil(t, fn, "no Go side for %s", c.Name)
		for d, tol := range map[tensor.DType]float64{tensor.Float64: 1e-10, tensor.Float32: 1000 * 0x1p-24} {
			t.Run(c.Name+" "+d.String(), func(t *testing.T) {
				for r, want := range map[reduction]numbers{layers.NoReduction: c.None, layers.MeanReduction: c.Mean, layers.SumReduction: c.Sum} {
					tape := autograd.NewTape(autograd.Train, nil)
					var params []*autograd.Param
					var x vars
					var fixed consts
					for _, in := range c.Inputs {
						p := autograd.NewParam(in.tensor(d))
						params, x = append(params, p), append(x, tape.Use(p))
					}
					for _, k := range c.Consts {
						fixed = append(fixed, k.tensor(d))
					}
					y := fn(tape, r, x, fixed)
					assertNear(t, r.String(), want, y.Value(), tol)
					var grads []numbers
					switch r {
					case layers.NoReduction:
						y, grads = autograd.Sum(autograd.Mul(y, tape.Const(c.R.tensor(d)))), c.NoneGrads
					case layers.MeanReduction:
						grads = c.MeanGrads
					default:
						continue
					}
					tape.Backward(y)
					for i, g := range grads {
						assertNear(t, r.String()+" gradient", g, tape.Grad(params[i]), tol)
					}
				}
			})
		}
	}
}

func assertNear(t *testing.T, what string, want numbers, got *tensor.Tensor, tol float64) {
	t.Helper()
	require.Equal(t, append([]int{}, want.Shape...), append([]int{}, got.Shape()...), what)
	largest := 1.0
	for _, v := range want.Data {
		largest = max(largest, math.Abs(v))
	}
	assert.InDeltaSlice(t, append([]float64{}, want.Data...), tensor.Data[float64](got.Cast(tensor.Float64)), tol*largest, what)
}
