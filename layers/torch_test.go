package layers_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Ten steps of gradient descent must give PyTorch's losses and end at PyTorch's weights. testdata/train.json is written by
// testdata/train.py.
func TestTrainsAsPyTorch(t *testing.T) {
	var want struct {
		X           []float64
		Labels      []int64
		First, Last map[string][]float64
		Losses      []float64
	}
	text, err := os.ReadFile("testdata/train.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &want))

	for _, c := range []struct {
		dtype tensor.DType
		tol   float64 // a thousand roundings: ten steps, each through sums of up to 54 products
	}{{tensor.Float64, 1000 * 0x1p-53}, {tensor.Float32, 1000 * 0x1p-24}} {
		t.Run(c.dtype.String(), func(t *testing.T) {
			net := layers.Sequential{
				layers.NewConv2D(seeded(), layers.Conv2DConfig{In: 1, Out: 3, Kernel: 3, Pad: 1}), layers.ReLU{}, layers.MaxPool2D{Kernel: 2},
				layers.NewConv2D(seeded(), layers.Conv2DConfig{In: 3, Out: 4, Kernel: 2}), layers.Tanh{}, layers.AvgPool2D{Kernel: 2},
				layers.Flatten{}, layers.NewLinear(seeded(), 4, 5), layers.Sigmoid{}, layers.NewLinear(seeded(), 5, 3),
			}
			params := layers.Params(net)
			require.Len(t, params, len(want.First))
			for _, p := range params {
				first := want.First[strings.ToLower(p.Name)] // PyTorch writes 0.weight
				p.Replace(tensor.FromSlice(first, p.Value().Shape()...).Cast(c.dtype))
			}
			x := tensor.FromSlice(want.X, 6, 1, 7, 7).Cast(c.dtype)
			tape := autograd.NewTape(autograd.Train, nil)
			for step, w := range want.Losses {
				tape.Reset(nil)
				loss := layers.CrossEntropy{}.Loss(tape, net.Forward(tape, tape.Const(x)), tensor.FromSlice(want.Labels))
				tape.Backward(loss)
				assert.InDelta(t, w, loss.Item(), c.tol*w, "loss of step %d", step)
				for _, p := range params {
					if c.dtype == tensor.Float32 {
						descend[float32](p.Value(), tape.Grad(p.Param))
					} else {
						descend[float64](p.Value(), tape.Grad(p.Param))
					}
				}
			}
			for _, p := range params {
				got := tensor.Data[float64](p.Value().Cast(tensor.Float64))
				for i, w := range want.Last[strings.ToLower(p.Name)] {
					assert.InDelta(t, w, got[i], c.tol*(1+math.Abs(w)), "%s[%d]", p.Name, i)
				}
			}
		})
	}
}

func descend[T vec.Float](w, g *tensor.Tensor) {
	const rate = 0.5
	vec.Axpy(tensor.Data[T](w), -rate, tensor.Data[T](g))
}
