package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

func TestContainersAgainstPyTorch(t *testing.T) {
	checkTorch(t, "containers.json", map[string]torchCase{
		"Bilinear": {
			model: func() any { return layers.NewBilinear(seeded(), 3, 4, 2) },
			run: func(t *autograd.Tape, model any, x []*autograd.Var, _ []*tensor.Tensor) []*autograd.Var {
				return []*autograd.Var{model.(*layers.Bilinear).Forward(t, x[0], x[1])}
			},
		},
		"PReLU":            {model: func() any { return layers.NewPReLU(3) }},
		"WeightNormLinear": {model: func() any { return layers.NewWeightNormLinear(seeded(), 5, 4) }},
		"WeightNormConv2D": {model: func() any {
			return layers.NewWeightNormConv2D(seeded(), layers.Conv2DConfig{In: 2, Out: 3, Kernel: 3, Stride: 2})
		}},
		"SpectralNormLinear": {model: func() any { return layers.NewSpectralNormLinear(seeded(), 5, 4) }},
		"SpectralNormConv1D": {model: func() any {
			return layers.NewSpectralNormConv1D(seeded(), layers.Conv1DConfig{In: 2, Out: 3, Kernel: 2, Dilation: 2})
		}},
		"SpectralNormConv2D": {model: func() any {
			return layers.NewSpectralNormConv2D(seeded(), layers.Conv2DConfig{In: 4, Out: 2, Kernel: 3, Stride: 2, Pad: 1, Groups: 2})
		}},
		"SpectralNormConv3D": {model: func() any {
			return layers.NewSpectralNormConv3D(seeded(), layers.Conv3DConfig{In: 2, Out: 2, Kernel: [3]int{2, 2, 2}, NoBias: true})
		}},
	})
}

// A reparametrised layer starts as the plain one of the same draws; spectral norm leaves no direction longer than it was.
func TestReparametrisationsStartPlain(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	x := tensor.New(tensor.Float32, 3, 5)
	x.Normal(seeded(), 0, 1)
	plain := layers.NewLinear(seeded(), 5, 4).Forward(tape, tape.Const(x)).Value()
	normed := layers.NewWeightNormLinear(seeded(), 5, 4).Forward(tape, tape.Const(x)).Value()
	assert.InDeltaSlice(t, tensor.Data[float32](plain), tensor.Data[float32](normed), 1e-6)

	spectral := layers.NewSpectralNormLinear(seeded(), 5, 4)
	spectral.Bias = nil
	along := autograd.Reshape(tape.Const(spectral.WeightV.Value()), 1, 5)
	y := autograd.Norm(spectral.Forward(tape, along), 2)
	assert.InDelta(t, 1, y.Item(), 1e-4, "the longest direction, of length 1")
}

// A step of power iteration takes its room from the tape: no copy of the weight is made.
func TestSpectralNormAllocations(t *testing.T) {
	step := stepOf(layers.NewSpectralNormConv2D(seeded(), layers.Conv2DConfig{In: 4, Out: 4, Kernel: 3}), []int{2, 4, 6, 6})
	step()
	assert.LessOrEqual(t, alloctest.PerRun(3, step), uint64(2))
}

func TestContainersRefuse(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	x := tape.Const(tensor.New(tensor.Float32, 2, 3))
	for want, do := range map[string]func(){
		"layers: Residual: the body gives [2 4], the shortcut [2 3]": func() {
			layers.Residual{Body: layers.NewLinear(seeded(), 3, 4)}.Forward(tape, x)
		},
		"layers: Concat: no branches":                                                 func() { layers.Concat{}.Forward(tape, x) },
		"layers: Parallel: no branches":                                               func() { layers.Parallel{}.Forward(tape, x) },
		"layers: Bilinear: a [2 3] and b [2 3]: want [N, 3] and [N, 4]":               func() { layers.NewBilinear(seeded(), 3, 4, 2).Forward(tape, x, x) },
		"layers: NewMaxout: pieces = 0, want > 0":                                     func() { layers.NewMaxout(seeded(), 3, 4, 0) },
		"layers: NewBilinear: in2 = 0, want > 0":                                      func() { layers.NewBilinear(seeded(), 3, 0, 4) },
		"autograd: PReLU: x [2 3] and slopes [2]: want [1] or [3]":                    func() { layers.NewPReLU(2).Forward(tape, x) },
		"autograd: GLU: axis -1 of shape [2 3] is of odd length: it cannot be halved": func() { layers.GLU{}.Forward(tape, x) },
	} {
		assert.PanicsWithValue(t, want, do)
	}
}
