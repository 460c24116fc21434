package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

func f32(shape []int, v ...float32) *tensor.Tensor { return tensor.FromSlice(v, shape...) }
func i64(shape []int, v ...int64) *tensor.Tensor   { return tensor.FromSlice(v, shape...) }

// value is what a metric says of one batch.
func value(t *testing.T, m metrics.Metric, output, target *tensor.Tensor) float64 {
	t.Helper()
	acc := m.New()
	require.NoError(t, acc.Add(output, target), m.Name())
	return acc.Value().Scalar
}

// TestLayouts gives one batch in all layouts and dtypes that a metric reads.
func TestLayouts(t *testing.T) {
	y := f32([]int{4, 3}, 1, 2, 3, 3, 2, 1, 0, 5, 0, 2, 2, 1) // says 2, 0, 1, and 0 of two equal ones
	labels := i64([]int{4}, 2, 1, 1, 0)
	wide := tensor.New(tensor.Float32, 4, 6)
	wide.Slice(1, 0, 3).CopyFrom(y)
	ones := tensor.OneHot(labels, 3, tensor.Float32)
	for name, c := range map[string]struct{ y, t *tensor.Tensor }{
		"float32":            {y, labels},
		"float64":            {y.Cast(tensor.Float64), labels},
		"bfloat16":           {y.Cast(tensor.BFloat16), labels},
		"int32":              {y, labels.Cast(tensor.Int32)},
		"uint8":              {y, labels.Cast(tensor.Uint8)},
		"int8":               {y, labels.Cast(tensor.Int8)},
		"a view":             {wide.Slice(1, 0, 3), labels},
		"probabilities":      {y, ones},
		"[N, C, S]":          {y.Transpose(0, 1).Contiguous().Reshape(1, 3, 4), labels.Reshape(1, 4)},
		"[N, C, 1, S]":       {y.Transpose(0, 1).Contiguous().Reshape(1, 3, 1, 4), labels.Reshape(1, 1, 4)},
		"[N, C, S], strides": {y.Transpose(0, 1).Unsqueeze(0), labels.Reshape(1, 4)},
	} {
		assert.Equal(t, 0.75, value(t, metrics.Accuracy{}, c.y, c.t), name)
		assert.Equal(t, 1.0, value(t, metrics.TopK{K: 2}, c.y, c.t), name)
		assert.Equal(t, 1.0, value(t, metrics.TopK{K: 9}, c.y, c.t), name)
		assert.Equal(t, 0.75, value(t, metrics.TopK{K: 1}, c.y, c.t), name)
	}
	last := metrics.Options{ClassesLast: true}
	assert.Equal(t, 0.75, value(t, metrics.Accuracy{Options: last}, y.Reshape(2, 2, 3), labels.Reshape(2, 2)))
	yes := f32([]int{4}, 1, -1, 2, -2)
	for name, target := range map[string]*tensor.Tensor{
		"int64": i64([]int{4}, 1, 0, 0, 0), "bool": tensor.FromSlice([]bool{true, false, false, false}),
		"0 and 1": f32([]int{4}, 1, 0, 0, 0), "-1 and 1": f32([]int{4}, 1, -1, -1, -1), "soft": f32([]int{4}, 0.9, 0.1,
			0.2, 0.5),
	} {
		assert.Equal(t, 0.75, value(t, metrics.Accuracy{}, yes, target), name)
		assert.Equal(t, 0.75, value(t, metrics.Accuracy{}, yes.Reshape(4, 1), target), name)
		assert.Equal(t, 0.75, value(t, metrics.Accuracy{}, yes.Reshape(2, 1, 2), target.Reshape(2, 2)), name)
		assert.Equal(t, 0.75, value(t, metrics.Accuracy{}, yes.Reshape(2, 1, 2), target.Reshape(2, 1, 2)), name)
	}
}

// TestIgnore has labels count nowhere that are negative or listed.
func TestIgnore(t *testing.T) {
	y := f32([]int{4, 2}, 1, 0, 1, 0, 1, 0, 0, 1)
	labels := i64([]int{4}, 0, -100, 255, 1)
	border := metrics.Options{Ignore: []int64{255}}
	assert.Equal(t, 1.0, value(t, metrics.Accuracy{Options: border}, y, labels))
	assert.Equal(t, 1.0, value(t, metrics.F1{Options: border}, y, labels))
	assert.Equal(t, 1.0, value(t, metrics.AUC{Options: border}, y, labels))
	assert.Equal(t, 1.0, value(t, metrics.IoU{Options: border}, y, labels))
	assert.True(t, math.IsNaN(value(t, metrics.LogLoss{}, y, i64([]int{4}, -1, -1, -1, -1))))
	ignored := f32([]int{4, 2}, 9, 9, 9, 9, 9, 9, 9, float32(math.NaN())) // what does not count is not looked at
	assert.True(t, math.IsNaN(value(t, metrics.Accuracy{}, ignored, i64([]int{4}, -1, -1, -1, -1))))
	columns := i64([]int{2, 2}, 1, -1, 0, 1)
	said := f32([]int{2, 2}, 1, 1, 1, 1)
	assert.Equal(t, 2.0/3, value(t, metrics.Precision{Multilabel: true, Average: metrics.Micro}, said, columns))
	columns = i64([]int{2, 2}, 1, 9, 0, 1)
	nine := metrics.Options{Ignore: []int64{9}}
	precision := metrics.Precision{Multilabel: true, Average: metrics.Micro, Options: nine}
	assert.Equal(t, 2.0/3, value(t, precision, said, columns))
	signs := f32([]int{2, 2}, 1, -1, -1, 1) // floats of −1 are noes
	assert.Equal(t, 0.5, value(t, metrics.Precision{Multilabel: true, Average: metrics.Micro}, said, signs))
	grades := i64([]int{1, 3}, -1, 0, 1) // the first candidate, of the highest score, is a padding
	assert.Equal(t, 1.0, value(t, metrics.HitRatio{K: 1}, f32([]int{1, 3}, 3, 1, 2), grades))
	assert.Equal(t, 1.0, value(t, metrics.MRR{}, f32([]int{2, 3}, 3, 1, 2, 3, 1, 2), i64([]int{2}, 0, -1)))
}

// TestLogLossFarOut is exact where a softmax in float32 would be 0: the loss of logits (1000, 0) of class 1 is 1000.
func TestLogLossFarOut(t *testing.T) {
	far := f32([]int{1, 2}, 1000, 0)
	assert.Equal(t, 1000.0, value(t, metrics.LogLoss{}, far, i64([]int{1}, 1)))
	assert.Equal(t, 0.0, value(t, metrics.LogLoss{}, far, i64([]int{1}, 0)))
	assert.Equal(t, 1000.0, value(t, metrics.LogLoss{}, f32([]int{1}, -1000), i64([]int{1}, 1)))
	masked := f32([]int{1, 3}, 0, 0, float32(math.Inf(-1)))
	assert.InDelta(t, math.Log(2), value(t, metrics.LogLoss{}, masked, i64([]int{1}, 0)), 1e-15)
	assert.Equal(t, math.Inf(1), value(t, metrics.LogLoss{}, masked, i64([]int{1}, 2)))
	// Soft targets: −¾ log ½ − ¼ log ½, and of one logit 0 a yes by three quarters.
	assert.InDelta(t, math.Log(2), value(t, metrics.LogLoss{}, f32([]int{1, 2}, 5, 5), f32([]int{1, 2}, 0.75, 0.25)),
		1e-15)
	// −¾ log σ(1) − ¼ log σ(−1) = ¾ log(1+1/e) + ¼ log(1+e)
	want := 0.75*math.Log1p(math.Exp(-1)) + 0.25*math.Log1p(math.E)
	assert.InDelta(t, want, value(t, metrics.LogLoss{}, f32([]int{1}, 1), f32([]int{1}, 0.75)), 1e-15)
}

// TestTiesAreChance has a model that gives every item one score do as well as chance: of 100 candidates one is
// relevant, and is among the first 10 in 10 of 100 orders. The mean of 1/place is H(100)/100.
func TestTiesAreChance(t *testing.T) {
	y, labels := tensor.New(tensor.Float32, 1, 100), i64([]int{1}, 0)
	assert.InDelta(t, 0.1, value(t, metrics.HitRatio{}, y, labels), 1e-15)
	harmonic := 0.0
	for i := 1; i <= 100; i++ {
		harmonic += 1 / float64(i)
	}
	assert.InDelta(t, harmonic/100, value(t, metrics.MRR{}, y, labels), 1e-15)
	// All of 3 candidates relevant: the first one is, whatever the order.
	assert.Equal(t, 1.0, value(t, metrics.MRR{}, tensor.New(tensor.Float32, 1, 3), f32([]int{1, 3}, 1, 1, 1)))
	// One of 100 equal scores pairs as a yes with 99 noes: each counts ½.
	assert.Equal(t, 0.5, value(t, metrics.AUC{}, tensor.New(tensor.Float32, 100), tensor.OneHot(labels, 100,
		tensor.Float32).Reshape(100)))
}

// TestAUCWithoutOneClass leaves a class without samples out of the mean, and says NaN where there is none.
func TestAUCWithoutOneClass(t *testing.T) {
	acc := metrics.AUC{}.New()
	require.NoError(t, acc.Add(f32([]int{2, 3}, 2, 1, 0, 1, 2, 0), i64([]int{2}, 0, 1)))
	v := acc.Value()
	assert.Equal(t, 1.0, v.Scalar)
	require.Len(t, v.Parts, 3)
	assert.True(t, math.IsNaN(v.Parts[2].Value))
	assert.True(t, math.IsNaN(value(t, metrics.AveragePrecision{}, f32([]int{2}, 1, 2), i64([]int{2}, 0, 0))), "no yes")
}

// TestZeroHasNoSign: scores −0 and +0 are one score.
func TestZeroHasNoSign(t *testing.T) {
	y := f32([]int{2}, float32(math.Copysign(0, -1)), 0)
	assert.Equal(t, 0.5, value(t, metrics.AUC{}, y, i64([]int{2}, 0, 1)))
	assert.Equal(t, 0.5, value(t, metrics.AveragePrecision{}, y, i64([]int{2}, 0, 1)))
}

// TestTwoLogits are compared by their difference: (5, 6) is more of a yes than (0, 0.5).
func TestTwoLogits(t *testing.T) {
	y := f32([]int{3, 2}, 5, 6, 0, 0.5, 9, 9)
	assert.Equal(t, 1.0, value(t, metrics.AUC{}, y, i64([]int{3}, 1, 0, 0)))
	assert.Equal(t, 1.0, value(t, metrics.AveragePrecision{}, y, i64([]int{3}, 1, 0, 0)))
}

// TestR2OfEqualTargets is 0 for outputs that are wrong, whatever the targets, though their squares are not exact.
func TestR2OfEqualTargets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		y, target := make([]float64, 2+rng.IntN(50)), make([]float64, 52)
		goal := rng.NormFloat64() * math.Exp2(float64(rng.IntN(100)-50))
		for i := range target {
			target[i] = goal
		}
		got := value(t, metrics.R2{}, tensor.FromSlice(y), tensor.FromSlice(target[:len(y)]))
		assert.Equal(t, 0.0, got, "%d targets of %v", len(y), goal)
	}
}

func TestConfusionMatrix(t *testing.T) {
	acc := metrics.ConfusionMatrix{}.New()
	assert.Equal(t, []int{0, 0}, acc.(*metrics.Confusion).Matrix().Shape())
	require.NoError(t, acc.Add(f32([]int{3, 2}, 1, 0, 0, 1, 0, 1), i64([]int{3}, 0, 0, 1)))
	m := acc.(*metrics.Confusion).Matrix()
	assert.Equal(t, []int64{1, 1, 0, 1}, tensor.Data[int64](m))
	tensor.Data[int64](m)[0] = 99
	assert.Equal(t, 2.0/3, acc.Value().Scalar, "the matrix is a copy")
}

// TestAddAllocatesNothing once it is warm, for those that keep no scores: metrics look at training batches, too.
func TestAddAllocatesNothing(t *testing.T) {
	y, labels := tensor.New(tensor.Float32, 128, 10), tensor.New(tensor.Int64, 128)
	grades := tensor.New(tensor.Float32, 128, 10)
	for i := range tensor.Data[float32](y) {
		tensor.Data[float32](y)[i] = float32(i * 7919 % 101)
	}
	words := tensor.New(tensor.Int64, 8, 16)
	for _, c := range []struct {
		m      metrics.Metric
		output *tensor.Tensor
		target *tensor.Tensor
	}{
		{metrics.Accuracy{}, y, labels}, {metrics.TopK{}, y, labels}, {metrics.ConfusionMatrix{}, y, labels},
		{metrics.F1{}, y, labels},
		{metrics.IoU{}, y, labels}, {metrics.LogLoss{}, y, labels}, {metrics.F1{Multilabel: true}, y, grades},
		{metrics.MSE{}, y, grades},
		{metrics.R2{}, y, grades}, {metrics.NDCG{}, y, grades}, {metrics.HitRatio{}, y, labels}, {metrics.Accuracy{}, y,
			grades},
		{metrics.BLEU{}, words, words},
	} {
		acc := c.m.New()
		if n := alloctest.PerRun(5, func() {
			if err := acc.Add(c.output, c.target); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: Add allocates %d times", c.m.Name(), n)
		}
	}
}

func TestImproves(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		d           metrics.Direction
		value, best float64
		want        bool
	}{
		{metrics.Higher, 2, 1, true}, {metrics.Higher, 1, 1, false}, {metrics.Lower, 1, 2, true}, {metrics.Lower, 2, 2,
			false},
		{metrics.Higher, 1, nan, true}, {metrics.Lower, nan, 1, false}, {metrics.Lower, nan, nan, false},
		{metrics.Neither, 2, 1, false},
		{metrics.Lower, 5, nan, true},
	} {
		assert.Equal(t, c.want, c.d.Improves(c.value, c.best), "%v.Improves(%v, %v)", c.d, c.value, c.best)
	}
}

func BenchmarkAccuracyAdd(b *testing.B) { benchmarkAdd(b, metrics.Accuracy{}) }
func BenchmarkLogLossAdd(b *testing.B)  { benchmarkAdd(b, metrics.LogLoss{}) }
func BenchmarkAUCAdd(b *testing.B)      { benchmarkAdd(b, metrics.AUC{}) }

// benchmarkAdd adds batches of 128 samples of 10 classes.
func benchmarkAdd(b *testing.B, m metrics.Metric) {
	y, labels := tensor.New(tensor.Float32, 128, 10), tensor.New(tensor.Int64, 128)
	for i := range tensor.Data[float32](y) {
		tensor.Data[float32](y)[i] = float32(i*7919%101) / 10
	}
	acc := m.New()
	for b.Loop() {
		if err := acc.Add(y, labels); err != nil {
			b.Fatal(err)
		}
	}
}
