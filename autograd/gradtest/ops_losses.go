package gradtest

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// losses are the ops that compare a prediction with a target.
var losses = []Case{
	{Name: "SmoothL1", Inputs: wide(3, 5), Fn: with(autograd.SmoothL1, 1.5)},
	{Name: "SmoothL1 without a bend", Inputs: wide(3, 5), Fn: with(autograd.SmoothL1, 0)},
	{Name: "Huber", Inputs: wide(3, 5), Fn: with(autograd.Huber, 1.5)},
	{Name: "Hinge", Inputs: wide(3, 5), Fn: with(autograd.Hinge, 1)},
	{Name: "HingeEmbedding", Inputs: scored(4, 3), Fn: func(t *tape, x vars) out {
		return autograd.HingeEmbedding(x[0], signs(t, x[0]), 1)
	}},
	{Name: "CosineEmbedding", Inputs: of([]int{4, 3}), Fn: func(t *tape, x vars) out {
		return autograd.CosineEmbedding(x[0], signs(t, x[0]), 0.1)
	}},
	{Name: "BinaryCrossEntropy", Inputs: shares(3, 5), Fn: two(autograd.BinaryCrossEntropy)},
	{Name: "BinaryCrossEntropyWithLogits", Inputs: scored(3, 5), Fn: two(autograd.BinaryCrossEntropyWithLogits)},
	{Name: "SigmoidFocal", Inputs: scored(3, 5), Fn: func(_ *tape, x vars) out { return autograd.SigmoidFocal(x[0], x[1], 0.25, 2) }},
	{Name: "SigmoidFocal without alpha and gamma", Inputs: scored(3, 5), Fn: func(_ *tape, x vars) out {
		return autograd.SigmoidFocal(x[0], x[1], -1, 0)
	}},
	{Name: "KLDiv", Inputs: scored(3, 5), Fn: two(autograd.KLDiv)},
	{Name: "KLDivLog", Inputs: of([]int{3, 5}, []int{3, 5}), Fn: two(autograd.KLDivLog)},
	{Name: "PoissonNLL", Inputs: scored(3, 5), Fn: two(autograd.PoissonNLL)},
	{Name: "PoissonNLLOfRates", Inputs: shares(3, 5), Fn: func(_ *tape, x vars) out {
		return autograd.PoissonNLLOfRates(x[0], x[1], 1e-3)
	}},
	{Name: "GaussianNLL", Inputs: append(of([]int{3, 5}, []int{3, 5}), Input{Shape: []int{3, 5}, Lo: 0.5, Hi: 2}),
		Fn: func(_ *tape, x vars) out { return autograd.GaussianNLL(x[0], x[1], x[2], 1e-6) }},
	{Name: "CosineSimilarity", Inputs: of([]int{2, 3, 4}, []int{2, 3, 4}), Fn: func(_ *tape, x vars) out {
		return autograd.CosineSimilarity(x[0], x[1], 1e-3)
	}},
	{Name: "PairwiseDistance", Inputs: of([]int{3, 5}, []int{3, 5}), Fn: func(_ *tape, x vars) out {
		return autograd.PairwiseDistance(x[0], x[1], 2, 1e-6)
	}},
	{Name: "PairwiseDistance of another norm", Inputs: of([]int{3, 5}, []int{3, 5}), Fn: func(_ *tape, x vars) out {
		return autograd.PairwiseDistance(x[0], x[1], 3, 1e-6)
	}},
	{Name: "NLL", Inputs: wide(4, 3), Fn: func(_ *tape, x vars) out {
		return autograd.NLL(x[0], tensor.FromSlice([]int64{2, 0, -100, 1}), nil, []int64{-100})
	}},
	{Name: "NLL with weights", Inputs: wide(3, 3), Fn: func(_ *tape, x vars) out {
		return autograd.NLL(x[0], tensor.FromSlice([]int64{2, 0, 1}), tensor.FromSlice([]float64{1, 0, 3}), nil)
	}},
	{Name: "SoftCrossEntropy", Inputs: wide(2, 3), Fn: func(_ *tape, x vars) out {
		return autograd.SoftCrossEntropy(x[0], tensor.FromSlice([]float64{0.5, 0, 0.3, 0, 2, 0}, 2, 3).Cast(x[0].DType()))
	}},
	{Name: "MultiMargin", Inputs: wide(3, 4), Fn: func(_ *tape, x vars) out {
		return autograd.MultiMargin(x[0], tensor.FromSlice([]int64{2, 0, 3}), nil, 1, 1)
	}},
	{Name: "MultiMargin, squared and weighted", Inputs: wide(3, 4), Fn: func(_ *tape, x vars) out {
		return autograd.MultiMargin(x[0], tensor.FromSlice([]int64{2, 0, 3}), tensor.FromSlice([]float64{1, 2, 3, 4}), 2, 0.7)
	}},
	{Name: "MultiLabelMargin", Inputs: []Input{{Shape: []int{2, 4}, Lo: -4, Hi: 4.3}}, Fn: func(_ *tape, x vars) out {
		return autograd.MultiLabelMargin(x[0], tensor.FromSlice([]int64{3, 0, -1, 1, 2, -1, -1, -1}, 2, 4))
	}},
	{Name: "Dice", Inputs: shares(3, 5), Fn: func(_ *tape, x vars) out { return autograd.Dice(x[0], x[1], 1) }},
	{Name: "CTC", Inputs: []Input{{Shape: []int{5, 3, 4}, Lo: -2, Hi: -0.1}}, Fn: func(_ *tape, x vars) out {
		targets := tensor.FromSlice([]int64{1, 1, 3, 2, 3, 0, 0, 0, 0}, 3, 3) // the third spells nothing
		return autograd.CTC(x[0], targets, []int{5, 4, 2}, []int{3, 2, 0}, autograd.CTCOptions{})
	}},
	{Name: "CTC of joined targets", Inputs: []Input{{Shape: []int{4, 2, 3}, Lo: -2, Hi: -0.1}}, Fn: func(_ *tape, x vars) out {
		return autograd.CTC(x[0], tensor.FromSlice([]int64{0, 1, 1}), []int{4, 3}, []int{2, 1}, autograd.CTCOptions{Blank: 2})
	}},
}

// scored returns an input with elements from −4 to 4 and a target of the same shape between 0 and 1.
func scored(shape ...int) []Input {
	return []Input{{Shape: shape, Lo: -4, Hi: 4}, {Shape: shape, Lo: 0.05, Hi: 0.95}}
}

// shares returns two inputs with elements between 0 and 1, well away from either.
func shares(shape ...int) []Input {
	return []Input{{Shape: shape, Lo: 0.1, Hi: 0.9}, {Shape: shape, Lo: 0.05, Hi: 0.95}}
}

// signs returns a constant of x's shape, 1 and −1 by turns.
func signs(t *tape, x out) out {
	s := tensor.New(x.DType(), x.Shape()...)
	for i := range s.Len() {
		v := 1 - 2*float64(i%2)
		if s.DType() == tensor.Float32 {
			tensor.Data[float32](s)[i] = float32(v)
		} else {
			tensor.Data[float64](s)[i] = v
		}
	}
	return t.Const(s)
}
