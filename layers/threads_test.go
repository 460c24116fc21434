package layers_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Results and gradients must have the same bits on one thread and on four, at sizes that are worth sharing out.
func TestThreadsDoNotShow(t *testing.T) {
	for _, c := range []struct {
		name  string
		layer func() layers.Layer
		input []int
	}{
		{"BatchNorm", func() layers.Layer { return layers.NewBatchNorm(32) }, []int{8, 32, 16, 16}},
		{"BatchNorm of features", func() layers.Layer { return layers.NewBatchNorm(256) }, []int{256, 256}},
		{"LayerNorm", func() layers.Layer { return layers.NewLayerNorm(64) }, []int{1000, 64}},
		{"RMSNorm", func() layers.Layer { return layers.NewRMSNorm(64) }, []int{1000, 64}},
		{"GroupNorm", func() layers.Layer { return layers.NewGroupNorm(4, 32) }, []int{8, 32, 16, 16}},
		{"LocalResponseNorm", func() layers.Layer { return layers.LocalResponseNorm{Size: 5} }, []int{8, 16, 16, 16}},
		{"LSTM", func() layers.Layer {
			return layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 64, Units: 64, Bidirectional: true})
		}, []int{65, 4, 64}},
		{"GRU", func() layers.Layer { return layers.NewGRU(seeded(), layers.RecurrentConfig{In: 64, Units: 64}) }, []int{65, 4, 64}},
		{"MultiheadAttention with dropout", func() layers.Layer {
			l := layers.NewMultiheadAttention(seeded(), 64, 4)
			l.Dropout = 0.2
			return l
		}, []int{3, 130, 64}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(threads int) []*tensor.Tensor {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
				layer := c.layer()
				x := tensor.New(tensor.Float32, c.input...)
				x.Normal(seeded(), 0, 1)
				in := autograd.NewParam(x)
				tape := autograd.NewTape(autograd.Train, seeded())
				y := layer.Forward(tape, tape.Use(in))
				tape.Backward(autograd.Mean(autograd.Mul(y, y)))
				all := []*tensor.Tensor{y.Value(), tape.Grad(in)}
				for _, p := range layers.Params(layer) {
					all = append(all, tape.Grad(p.Param))
				}
				return all
			}
			one, four := run(1), run(4)
			for i := range one {
				assert.True(t, one[i].Equal(four[i]), "tensor %d of results and gradients", i)
			}
		})
	}
}
