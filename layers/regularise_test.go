package layers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

func TestFreezeByName(t *testing.T) {
	net := &struct{ Features, Head layers.Sequential }{layers.Sequential{linear(), linear()}, layers.Sequential{linear()}}
	frozen := func() (list []string) {
		for _, p := range layers.Params(net) {
			if p.Frozen {
				list = append(list, p.Name)
			}
		}
		return list
	}
	assert.Equal(t, 4, layers.Freeze(net, "Features.*"))
	assert.Equal(t, []string{"Features.0.Weight", "Features.0.Bias", "Features.1.Weight", "Features.1.Bias"}, frozen())
	assert.Equal(t, 1, layers.Unfreeze(net, "features.1.weight"), "a key will do")
	assert.Equal(t, 3, layers.Unfreeze(net, "*"+".bias"), "also what was not frozen")
	assert.Equal(t, []string{"Features.0.Weight"}, frozen())
	assert.Zero(t, layers.Freeze(net, "Feature.*"))
	assert.PanicsWithValue(t, `layers: pattern "[": syntax error in pattern`, func() { layers.Freeze(net, "[") })
}

func TestPenalty(t *testing.T) {
	net := layers.Sequential{layers.NewLinear(seeded(), 2, 1), layers.NewLinear(seeded(), 1, 1)}
	layers.Cast(net, tensor.Float64)
	for i, v := range [][]float64{{3, -4}, {2}, {5}, {-1}} { // weight, bias, weight, bias
		copy(tensor.Data[float64](layers.Params(net)[i].Value()), v)
	}
	for _, c := range []struct {
		penalty layers.Penalty
		frozen  string
		want    float64
		grads   []float64 // of the first weight
	}{
		{layers.Penalty{L1: 0.5}, "", 0.5 * (3 + 4 + 2 + 5 + 1), []float64{0.5, -0.5}},
		{layers.Penalty{L2: 0.5}, "", 0.25 * (9 + 16 + 4 + 25 + 1), []float64{1.5, -2}},
		{layers.Penalty{Patterns: []string{"*.weight"}, L1: 1, L2: 2}, "", 12 + 50, []float64{1 + 6, -1 - 8}},
		{layers.Penalty{Patterns: []string{"0.*"}, L1: 1}, "0.Bias", 7, []float64{1, -1}},
		{layers.Penalty{}, "", 0, []float64{0, 0}},
	} {
		layers.Unfreeze(net, "*")
		layers.Freeze(net, c.frozen)
		tape := autograd.NewTape(autograd.Train, nil)
		loss := c.penalty.Of(tape, net)
		assert.InDelta(t, c.want, loss.Item(), 1e-12, "%+v", c.penalty)
		tape.Backward(loss)
		assert.InDeltaSlice(t, c.grads, tensor.Data[float64](tape.Grad(layers.Params(net)[0].Param)), 1e-12, "%+v", c.penalty)
	}
	tape := autograd.NewTape(autograd.Train, nil)
	assert.PanicsWithValue(t, `layers: Penalty: no parameter that trains matches ["head"]`, func() {
		layers.Penalty{Patterns: []string{"head"}, L1: 1}.Of(tape, net)
	})
}
