package layers_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

func newParam() *autograd.Param { return autograd.NewParam(tensor.New(tensor.Float32, 1)) }

func linear() *layers.Linear { return layers.NewLinear(seeded(), 1, 1) }

func names(model any) []string {
	list := []string{}
	for _, p := range layers.Params(model) {
		list = append(list, p.Name)
	}
	return list
}

type base struct{ Scale *autograd.Param }

type Block struct{ Fc *layers.Linear }

func TestParamNames(t *testing.T) {
	shared := linear()
	for _, c := range []struct {
		name  string
		model any
		want  []string
	}{
		{"a layer", linear(), []string{"Weight", "Bias"}},
		{"no bias", &layers.Linear{Weight: newParam()}, []string{"Weight"}},
		{"without parameters", layers.ReLU{}, []string{}},
		{"nothing", nil, []string{}},
		{"a chain", layers.Sequential{layers.ReLU{}, linear(), layers.Sequential{linear()}},
			[]string{"1.Weight", "1.Bias", "2.0.Weight", "2.0.Bias"}},
		{"a user's struct", &struct {
			Features layers.Sequential
			Head     *layers.Linear
			Absent   *layers.Linear
			Gain     *autograd.Param
			Any      any
			Steps    int
			Mean     *tensor.Tensor
		}{Features: layers.Sequential{linear()}, Head: linear(), Gain: newParam(), Any: Block{linear()}},
			[]string{"Features.0.Weight", "Features.0.Bias", "Head.Weight", "Head.Bias", "Gain", "Any.Fc.Weight", "Any.Fc.Bias"}},
		{"a struct by value", struct{ Blocks [2]Block }{[2]Block{{linear()}, {linear()}}},
			[]string{"Blocks.0.Fc.Weight", "Blocks.0.Fc.Bias", "Blocks.1.Fc.Weight", "Blocks.1.Fc.Bias"}},
		{"embedded structs", &struct {
			base
			*Block
		}{base{newParam()}, &Block{linear()}}, []string{"Scale", "Fc.Weight", "Fc.Bias"}},
		{"an embedded interface", &struct{ layers.Layer }{linear()}, []string{"Layer.Weight", "Layer.Bias"}},
		{"an embedded parameter", &struct{ *autograd.Param }{newParam()}, []string{"Param"}},
		{"a map, sorted", map[string]layers.Layer{"b": linear(), "a": linear()}, []string{"a.Weight", "a.Bias", "b.Weight", "b.Bias"}},
		{"a shared layer, once", layers.Sequential{shared, layers.ReLU{}, shared}, []string{"0.Weight", "0.Bias"}},
		{"hidden fields that hold nothing", &struct {
			A  *layers.Linear
			mu sync.Mutex
			n  any
		}{A: linear(), n: 3}, []string{"A.Weight", "A.Bias"}},
		{"a hidden field that repeats what is listed", &struct {
			A     *layers.Linear
			cache []*autograd.Param
		}{shared, []*autograd.Param{shared.Weight}}, []string{"A.Weight", "A.Bias"}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, names(c.model)) })
	}
}

type ring struct {
	Next *ring
	W    *autograd.Param
}

type hiddenRing struct {
	W    *autograd.Param
	next *hiddenRing
}

func TestParamsPanic(t *testing.T) {
	loop := &ring{W: newParam()}
	loop.Next = &ring{Next: loop}
	self := layers.Sequential{nil}
	self[0] = self
	for _, c := range []struct {
		want  string
		model any
	}{
		{"layers: Params: *struct { fc *layers.Linear }: the parameter at fc.Bias is behind a field that is not exported, " +
			"so it would not be trained: export the field", &struct{ fc *layers.Linear }{linear()}},
		{"layers: Params: struct { net layers.Layer }: the parameter at net.0.Bias is behind a field that is not exported, " +
			"so it would not be trained: export the field", struct{ net layers.Layer }{layers.Sequential{linear()}}},
		{"layers: Params: Next.Next leads back to the model, a *layers_test.ring: a model must not contain itself", loop},
		{"layers: Params: 0 leads back to the model, a layers.Sequential: a model must not contain itself", self},
		{"layers: Params: Heads is a map[int]layers.Layer: a map of layers needs string keys, to have an order",
			&struct{ Heads map[int]layers.Layer }{map[int]layers.Layer{1: linear()}}},
		{"layers: Params: two parameters are named Scale: embedded structs have a field in common", &struct {
			base
			Scale *autograd.Param
		}{base{newParam()}, newParam()}},
		{"layers: Params: W is an autograd.Param: hold it by pointer, as *autograd.Param", &struct{ W autograd.Param }{*newParam()}},
	} {
		assert.PanicsWithValue(t, c.want, func() { layers.Params(c.model) })
	}
	back := &hiddenRing{W: newParam()}
	back.next = back
	assert.Equal(t, []string{"W"}, names(back), "a way back behind a hidden field is not followed")
}

func TestSummary(t *testing.T) {
	net := layers.Sequential{layers.NewLinear(seeded(), 20, 10), layers.ReLU{}, linear()}
	layers.Params(net)[0].Frozen = true
	assert.Equal(t, `0.Weight  [10 20]        200  frozen
0.Bias    [10]            10
2.Weight  [1 1]            1
2.Bias    [1]              1
total                    212
`, layers.Summary(net))
	assert.Equal(t, 212, layers.Count(net))
}

func TestCastKeepsValues(t *testing.T) {
	net := linear()
	before := net.Weight.Value()
	layers.Cast(net, tensor.Float64)
	assert.Equal(t, tensor.Float64, net.Weight.Value().DType())
	assert.True(t, net.Weight.Value().Cast(tensor.Float32).Equal(before))
}
