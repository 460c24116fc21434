package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Without running statistics both modes normalise by the batch, as PyTorch does:
//
//	l = torch.nn.BatchNorm1d(2, track_running_stats=False).eval()
//	l(torch.tensor([[1., 2.], [3., 6.]]))    # [[-1.0000, -1.0000], [1.0000, 1.0000]]
func TestBatchNormWithoutStatistics(t *testing.T) {
	for _, mode := range []autograd.Mode{autograd.Train, autograd.Infer} {
		l := layers.NewBatchNorm(2)
		l.RunningMean, l.RunningVar, l.NumBatchesTracked = nil, nil, nil
		tape := autograd.NewTape(mode, nil)
		y := l.Forward(tape, tape.Const(tensor.FromSlice([]float32{1, 2, 3, 6}, 2, 2)))
		assert.InDeltaSlice(t, []float32{-1, -1, 1, 1}, tensor.Data[float32](y.Value()), 1e-5, mode)

		half := layers.NewBatchNorm(2)
		half.RunningVar = nil
		assert.PanicsWithValue(t, "layers: BatchNorm: one of RunningMean and RunningVar is nil: want both or neither",
			func() { half.Forward(tape, y) })
		l.Fixed = true
		assert.PanicsWithValue(t, "layers: BatchNorm: Fixed without running statistics", func() { l.Forward(tape, y) })
	}
	count := layers.NewBatchNorm(2)
	count.NumBatchesTracked = nil
	tape := autograd.NewTape(autograd.Train, nil)
	x := tape.Const(tensor.FromSlice([]float32{1, 2, 3, 6}, 2, 2))
	count.Forward(tape, x)
	assert.InDeltaSlice(t, []float32{0.2, 0.4}, tensor.Data[float32](count.RunningMean.Value()), 1e-7,
		"a tenth of the mean, without a count")
	count.Momentum = 0
	assert.PanicsWithValue(t, "layers: BatchNorm: Momentum = 0 averages over all batches, and NumBatchesTracked, "+
		"which counts them, is nil",
		func() { count.Forward(tape, x) })
}

// Freeze leaves the running statistics moving, as PyTorch's requires_grad=False does; FreezeStatistics holds them.
func TestFreezeStatistics(t *testing.T) {
	net := &struct{ Body, Head layers.Sequential }{
		layers.Sequential{layers.NewBatchNorm(2), layers.Residual{Body: layers.NewBatchNorm(2)}},
		layers.Sequential{layers.NewBatchNorm(2)}}
	step := func() (moved []string) {
		before := map[string]*tensor.Tensor{}
		for _, b := range layers.Buffers(net) {
			before[b.Name] = b.Buffer.Value().Clone()
		}
		tape := autograd.NewTape(autograd.Train, nil)
		x := tensor.New(tensor.Float32, 4, 2)
		x.Normal(seeded(), 3, 2)
		net.Head.Forward(tape, net.Body.Forward(tape, tape.Const(x)))
		for _, b := range layers.Buffers(net) {
			if !b.Buffer.Value().Equal(before[b.Name]) {
				moved = append(moved, b.Name)
			}
		}
		return moved
	}
	layers.Freeze(net, "*")
	assert.Len(t, step(), 9, "mean, variance and count of each")
	assert.Equal(t, 2, layers.FreezeStatistics(net, "Body.*"))
	assert.Equal(t, []string{"Head.0.RunningMean", "Head.0.RunningVar", "Head.0.NumBatchesTracked"}, step())
	assert.Equal(t, 1, layers.FreezeStatistics(net, "head.0"))
	assert.Empty(t, step())
	assert.Equal(t, 3, layers.UnfreezeStatistics(net, "*"))
	assert.Len(t, step(), 9)
	assert.Zero(t, layers.FreezeStatistics(net, "Tail.*"))
}
