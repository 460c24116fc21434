package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// steps are training steps of sequence layers, at sizes that are measured elsewhere too.
var steps = []struct {
	name  string
	layer func() layers.Layer
	input []int
}{
	{"LSTM 2x256 T64 B32", func() layers.Layer {
		return layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 256, Units: 256, Layers: 2})
	}, []int{32, 64, 256}},
	{"GRU 2x256 T64 B32", func() layers.Layer {
		return layers.NewGRU(seeded(), layers.RecurrentConfig{In: 256, Units: 256, Layers: 2})
	}, []int{32, 64, 256}},
	{"transformer block D256 T128 B16", func() layers.Layer {
		return layers.NewTransformerEncoderLayer(seeded(), layers.TransformerConfig{Features: 256, Heads: 4})
	}, []int{16, 128, 256}},
	{"BatchNorm 64x32x32 B32", func() layers.Layer { return layers.NewBatchNorm(64) }, []int{32, 64, 32, 32}},
}

// stepOf returns forward, backward and an update of a layer on a batch of n, and how many samples that is.
func stepOf(layer layers.Layer, input []int) func() {
	var params []*autograd.Param
	for _, p := range layers.Params(layer) {
		params = append(params, p.Param)
	}
	set := autograd.NewSet(params)
	grad := tensor.New(tensor.Float32, set.Len())
	tape := autograd.NewTape(autograd.Train, nil)
	tape.GradsInto(set, grad)
	x := tensor.New(tensor.Float32, input...)
	x.Normal(seeded(), 0, 1)
	return func() {
		tape.Reset(nil)
		grad.Zero()
		tape.Backward(autograd.Mean(layer.Forward(tape, tape.Const(x))))
		vec.SGD(tensor.Data[float32](set.Value()), tensor.Data[float32](grad), 0, 0.1)
	}
}

func BenchmarkSequenceStep(b *testing.B) {
	for _, s := range steps {
		b.Run(s.name, func(b *testing.B) {
			step := stepOf(s.layer(), s.input)
			step()
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(s.input[0]*b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}

// After the first step, a step must allocate nearly nothing: a few closures and options for each op, whatever the sizes.
func TestSequenceStepAllocations(t *testing.T) {
	for _, s := range steps {
		small := append([]int{}, s.input...)
		if small[0] = 2; len(small) == 3 {
			small[1] = 5 // steps
		}
		step := stepOf(s.layer(), small)
		step()
		assert.Less(t, alloctest.PerRun(3, step), uint64(100), "%s: heap allocations a step", s.name)
	}
}
