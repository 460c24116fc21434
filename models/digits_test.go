package models_test

import (
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

// DigitsNet must read at least 97 % of handwritten digits that it has not seen, after ten passes over those it has, at a
// rate that falls to nothing (without which the last few steps move the accuracy by a per cent either way).
func TestDigitsNetLearnsDigits(t *testing.T) {
	train, test, err := dataset.Digits()
	require.NoError(t, err)
	net := models.DigitsNet(rand.New(rand.NewPCG(1, 2)))
	var params []*autograd.Param
	for _, p := range layers.Params(net) {
		params = append(params, p.Param)
	}
	set := autograd.NewSet(params)
	grad := tensor.New(tensor.Float32, set.Len())
	momentum := make([]float32, set.Len())
	tape := autograd.NewTape(autograd.Train, nil)
	tape.GradsInto(set, grad)

	plan := dataset.Plan{N: train.Len(), BatchSize: 32, Partitions: 1, Shuffle: true, Seed: 1}
	const epochs = 10
	for e := range epochs {
		rate := 0.05 * (1 - float32(e)/epochs)
		reader := plan.Epoch(e).Open(train, 0, 0)
		for {
			batch, err := reader.Next(t.Context())
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			grad.Zero()
			tape.Reset(nil)
			tape.Backward(layers.CrossEntropy{}.Loss(tape, net.Forward(tape, tape.Const(batch.X)), batch.Y))
			vec.SGDMomentum(tensor.Data[float32](set.Value()), tensor.Data[float32](grad), momentum,
				vec.SGDCoef{Momentum: 0.9, New: 1, Rate: rate})
		}
		reader.Close()
	}

	var all dataset.Batch
	all.Resize(test.Len(), test.Spec())
	index := make([]int, test.Len())
	for i := range index {
		index[i] = i
	}
	require.NoError(t, test.Fill(&all, index))
	infer := autograd.NewTape(autograd.Infer, nil)
	y := tensor.Data[float32](net.Forward(infer, infer.Const(all.X)).Value())
	right := 0
	for i, label := range tensor.Data[int64](all.Y) {
		if vec.ArgMax(y[10*i:10*i+10]) == int(label) {
			right++
		}
	}
	accuracy := float64(right) / float64(test.Len())
	assert.GreaterOrEqual(t, accuracy, 0.97, "accuracy on the held-out fifth")
}
