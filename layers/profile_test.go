package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

func TestProfile(t *testing.T) {
	shared := layers.NewLinear(seeded(), 6, 6)
	net := layers.Sequential{
		layers.NewConv2D(seeded(), layers.Conv2DConfig{In: 1, Out: 2, Kernel: 3, Pad: 1}), layers.ReLU{}, layers.MaxPool2D{Kernel: 2},
		layers.Flatten{}, layers.NewLinear(seeded(), 8, 6), shared, shared,
	}
	assert.Equal(t, `layer  op         output     parameters  flops
0      Conv2D     [3 2 4 4]          20   1824
       ReLU       [3 2 4 4]           0     96
       MaxPool2D  [3 2 2 2]           0     96
4      Linear     [3 6]              54    306
5      Linear     [3 6]              42    234
5      Linear     [3 6]               0    234
total                               116   2790
`, layers.ProfileTable(layers.Profile(net, 3, 1, 4, 4)))
	assert.Equal(t, 116, layers.Count(net))

	bilinear := layers.NewBilinear(seeded(), 3, 4, 2)
	rows := layers.ProfileFunc(bilinear, func(tape *autograd.Tape) {
		x := func(d int) *autograd.Var { return tape.Const(tensor.New(tensor.Float32, 5, d)) }
		bilinear.Forward(tape, x(3), x(4))
	})
	total := 0
	for _, r := range rows {
		total += r.FLOPs
	}
	assert.Equal(t, 2*5*2*3*4+5*2*3+5*2*3+5*2, total, "a product, one by elements, a sum, a bias")

	lstm := layers.NewLSTM(seeded(), layers.RecurrentConfig{In: 3, Units: 4})
	total = 0
	for _, r := range layers.Profile(lstm, 2, 5, 3) {
		total += r.FLOPs
	}
	assert.Equal(t, 2*(2*5)*(4*4*3+4*4*4), total, "every weight, every step of every sequence")
}
