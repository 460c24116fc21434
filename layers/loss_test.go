package layers_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Every loss of the package must be compared with PyTorch's.
func TestEveryLossHasACase(t *testing.T) {
	table, err := os.ReadFile("torch_losses_test.go")
	require.NoError(t, err)
	files, err := filepath.Glob("loss*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`\nfunc \((?:l )?(\w+)\) Loss\(`).FindAllSubmatch(text, -1) {
			found++
			assert.Contains(t, string(table), "layers."+string(m[1])+"{", file)
		}
	}
	assert.Greater(t, found, 20)
}

func TestLossesRefuse(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	x := func(shape ...int) *autograd.Var { return tape.Const(tensor.New(tensor.Float32, shape...)) }
	f := func(shape ...int) *tensor.Tensor { return tensor.New(tensor.Float32, shape...) }
	i := func(shape ...int) *tensor.Tensor { return tensor.New(tensor.Int64, shape...) }
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"layers: L1: the result is [3 2] and the target [3]: want one shape", func() {
			layers.L1{}.Loss(tape, x(3, 2), f(3))
		}},
		{"layers: BCE: the result is [3] and the target [3 1]: reshape the targets to [3]",
			func() { layers.BCE{}.Loss(tape, x(3), f(3, 1)) }},
		{"layers: CrossEntropy: y [3 2] and labels [2]: want [N, C, ...] and [N, ...]", func() {
			layers.CrossEntropy{Reduction: layers.SumReduction}.Loss(tape, x(3, 2), i(2))
		}},
		{"layers: CrossEntropy: logits [3 2] and target [3 1]: want labels [N, ...], int64, or class probabilities " +
			"of the logits' shape",
			func() { layers.CrossEntropy{}.Loss(tape, x(3, 2), f(3, 1)) }},
		{"layers: CrossEntropy: y [3 2] and labels [3 1]: reshape the labels to [3]",
			func() { layers.CrossEntropy{Ignore: []int64{0}}.Loss(tape, x(3, 2), i(3, 1)) }},
		{"layers: CrossEntropy: labels are float32, want int64 or int32: take target.Cast(tensor.Int64)",
			func() { layers.CrossEntropy{}.Loss(tape, x(3, 2), f(3)) }},
		{"layers: CrossEntropy: labels are uint8, want int64 or int32: take target.Cast(tensor.Int64)", func() {
			layers.CrossEntropy{}.Loss(tape, x(3, 2), tensor.New(tensor.Uint8, 3, 2))
		}},
		{"layers: CrossEntropy: logits are float32, class probabilities float64: take target.Cast(y.DType())", func() {
			layers.CrossEntropy{}.Loss(tape, x(3, 2), tensor.New(tensor.Float64, 3, 2))
		}},
		{"layers: CrossEntropy: the target is nil: does the data have labels or targets?",
			func() { layers.CrossEntropy{}.Loss(tape, x(3, 2), nil) }},
		{"layers: CrossEntropy: LabelSmoothing = 2, want 0 to 1", func() { layers.CrossEntropy{LabelSmoothing: 2}.Loss(tape, x(3, 2), i(3)) }},
		{"autograd: NLL: weights [4] of 2 classes: want [2]", func() { layers.CrossEntropy{Weight: f(4)}.Loss(tape, x(3, 2), i(3)) }},
		{"layers: CrossEntropy: weights [4] of 2 classes: want [2]", func() {
			layers.CrossEntropy{Weight: f(4), LabelSmoothing: 0.1}.Loss(tape, x(3, 2), i(3))
		}},
		{"layers: NLL: labels are float32, want int64 or int32", func() { layers.NLL{}.Loss(tape, x(3, 2), f(3)) }},
		{"autograd: MultiMargin: p = 3, want 1 or 2", func() { layers.MultiMargin{P: 3}.Loss(tape, x(3, 2), i(3)) }},
		{"autograd: PairwiseDistance: shapes [3 2] and [3 1]: want the same, of one axis at least", func() {
			layers.Triplet{}.Loss(tape, x(3, 2), x(3, 2), x(3, 1))
		}},
		{"layers: Reduction(7): want MeanReduction, SumReduction or NoReduction", func() { layers.L1{Reduction: 7}.Loss(tape, x(3), f(3)) }},
		{"autograd: CTC: sample 1: input length 5 of 4 steps, target length 1", func() {
			layers.CTC{}.Loss(tape, x(4, 2, 3), i(2, 1), []int{4, 5}, []int{1, 1})
		}},
		{"autograd: CTC: targets [2 1] for 2 samples of together 3 symbols, at most 2: want [N, S] or [3]", func() {
			layers.CTC{}.Loss(tape, x(4, 2, 3), i(2, 1), []int{4, 4}, []int{1, 2})
		}},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
	bad := tensor.FromSlice([]int64{0, 7, 1})
	for name, loss := range map[string]layers.Loss{
		"NLL": layers.NLL{}, "MultiMargin": layers.MultiMargin{}, "SoftCrossEntropy": layers.CrossEntropy{LabelSmoothing: 0.1},
	} {
		func() {
			defer func() { assert.Equal(t, &autograd.LabelError{Op: name, Row: 1, Label: 7, Classes: 2}, recover()) }()
			loss.Loss(tape, x(3, 2), bad)
		}()
	}
}

// A batch of nothing, as a rank may get at the end of an epoch, costs nothing and is no NaN.
func TestLossesOfNothing(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	y, target, labels := tensor.New(tensor.Float32, 0, 3), tensor.New(tensor.Float32, 0, 3), tensor.New(tensor.Int64, 0)
	for _, l := range []layers.Loss{layers.MSE{}, layers.L1{}, layers.SmoothL1{}, layers.Huber{}, layers.BCE{}, layers.BCEWithLogits{},
		layers.KLDiv{}, layers.KLDiv{BatchMean: true}, layers.PoissonNLL{}, layers.SigmoidFocal{}, layers.Dice{}, layers.Hinge{},
		layers.SoftMargin{}, layers.HingeEmbedding{}, layers.MultiLabelSoftMargin{}, layers.CrossEntropy{}} {
		assert.Zero(t, l.Loss(tape, tape.Const(y), target).Item(), "%T", l)
	}
	for _, l := range []layers.Loss{layers.CrossEntropy{}, layers.CrossEntropy{LabelSmoothing: 0.1}, layers.NLL{}, layers.MultiMargin{}} {
		assert.Zero(t, l.Loss(tape, tape.Const(y), labels).Item(), "%T", l)
	}
	// So does a batch whose labels are all ignored.
	ignored := layers.CrossEntropy{Ignore: []int64{-100}}
	x := autograd.NewParam(tensor.New(tensor.Float32, 2, 3))
	loss := ignored.Loss(tape, tape.Use(x), tensor.FromSlice([]int64{-100, -100}))
	assert.Zero(t, loss.Item())
	tape.Backward(loss)
	assert.Equal(t, make([]float32, 6), tensor.Data[float32](tape.Grad(x)))
}

// TestWeigh wants what Loss divides by, as the quotient of the sum and the mean of the same losses.
func TestWeigh(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	w := tensor.FromSlice([]float32{1, 2, 5}, 3)
	tape := autograd.NewTape(autograd.Infer, nil)
	logits := tensor.New(tensor.Float32, 4, 3, 2)
	logits.Normal(rng, 0, 1)
	labels := tensor.FromSlice([]int64{0, 1, 2, 0, 1, 1, 2, 0}, 4, 2)
	even := tensor.New(tensor.Float32, 4, 3, 2)
	even.Fill(1.0 / 3)
	for name, c := range map[string]struct {
		mean, sum layers.Loss
		target    *tensor.Tensor
		want      float64
	}{
		"ignored": {layers.CrossEntropy{Ignore: []int64{1}}, layers.CrossEntropy{Ignore: []int64{1},
			Reduction: layers.SumReduction}, labels, 5},
		"weighted": {layers.CrossEntropy{Weight: w}, layers.CrossEntropy{Weight: w,
			Reduction: layers.SumReduction}, labels, 3*1 + 3*2 + 2*5},
		"both": {layers.NLL{Weight: w, Ignore: []int64{2}}, layers.NLL{Weight: w,
			Ignore: []int64{2}, Reduction: layers.SumReduction}, labels, 3*1 + 3*2},
		"ignored, of int32": {layers.CrossEntropy{Ignore: []int64{1}}, layers.CrossEntropy{Ignore: []int64{1},
			Reduction: layers.SumReduction}, labels.Cast(tensor.Int32), 5},
		"weighted, of labels turned": {layers.NLL{Weight: w}, layers.NLL{Weight: w,
			Reduction: layers.SumReduction}, labels.Transpose(0, 1).Clone().Transpose(0, 1), 3*1 + 3*2 + 2*5},
		"weighted probabilities": {layers.CrossEntropy{Weight: w}, layers.CrossEntropy{Weight: w,
			Reduction: layers.SumReduction}, even, 8},
	} {
		value := func(l layers.Loss) float64 {
			return float64(tensor.Data[float32](l.Loss(tape, tape.Const(logits), c.target).Value())[0])
		}
		assert.Equal(t, c.want, c.mean.(layers.Weigher).Weigh()(c.target), name)
		assert.InDelta(t, c.want, value(c.sum)/value(c.mean), 1e-5*c.want, name)
		assert.Nil(t, c.sum.(layers.Weigher).Weigh(), name)
	}
	assert.Nil(t, layers.CrossEntropy{LabelSmoothing: 0.1}.Weigh())
	assert.Nil(t, layers.NLL{}.Weigh())
}

// A target whose shape or dtype is not the result's is refused by every loss that compares element by element, with
// what to do: a target [3, 1] would broadcast to a result [3].
func TestTargetsMustMatch(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	y, positive := tape.Const(tensor.New(tensor.Float32, 3)), tape.Const(tensor.New(tensor.Float32, 3))
	for name, loss := range map[string]func(target *tensor.Tensor){
		"MSE":                  func(x *tensor.Tensor) { layers.MSE{}.Loss(tape, y, x) },
		"L1":                   func(x *tensor.Tensor) { layers.L1{}.Loss(tape, y, x) },
		"SmoothL1":             func(x *tensor.Tensor) { layers.SmoothL1{}.Loss(tape, y, x) },
		"Huber":                func(x *tensor.Tensor) { layers.Huber{}.Loss(tape, y, x) },
		"PoissonNLL":           func(x *tensor.Tensor) { layers.PoissonNLL{}.Loss(tape, y, x) },
		"GaussianNLL":          func(x *tensor.Tensor) { layers.GaussianNLL{}.Loss(tape, y, positive, x) },
		"KLDiv":                func(x *tensor.Tensor) { layers.KLDiv{}.Loss(tape, y, x) },
		"BCE":                  func(x *tensor.Tensor) { layers.BCE{}.Loss(tape, y, x) },
		"BCEWithLogits":        func(x *tensor.Tensor) { layers.BCEWithLogits{}.Loss(tape, y, x) },
		"SigmoidFocal":         func(x *tensor.Tensor) { layers.SigmoidFocal{}.Loss(tape, y, x) },
		"Hinge":                func(x *tensor.Tensor) { layers.Hinge{}.Loss(tape, y, x) },
		"SoftMargin":           func(x *tensor.Tensor) { layers.SoftMargin{}.Loss(tape, y, x) },
		"HingeEmbedding":       func(x *tensor.Tensor) { layers.HingeEmbedding{}.Loss(tape, y, x) },
		"MarginRanking":        func(x *tensor.Tensor) { layers.MarginRanking{}.Loss(tape, y, positive, x) },
		"Dice":                 func(x *tensor.Tensor) { layers.Dice{}.Loss(tape, y, x) },
		"MultiLabelSoftMargin": func(x *tensor.Tensor) { layers.MultiLabelSoftMargin{}.Loss(tape, y, x) },
	} {
		assert.PanicsWithValue(t, "layers: "+name+": the result is [3] and the target [3 1]: reshape the targets "+
			"to [3]",
			func() { loss(tensor.New(tensor.Float32, 3, 1)) })
		assert.PanicsWithValue(t, "layers: "+name+": the result is float32 and the target int64: take "+
			"target.Cast(y.DType())",
			func() { loss(tensor.New(tensor.Int64, 3)) })
		assert.PanicsWithValue(t, "layers: "+name+": the target is nil: does the data have labels or targets?",
			func() { loss(nil) })
	}
}
