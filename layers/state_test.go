package layers_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

func newBuffer(d tensor.DType, shape ...int) *autograd.Buffer {
	return autograd.NewBuffer(tensor.New(d, shape...))
}

// net has every way in which a key comes about.
type net struct {
	Layer1            layers.Sequential
	InProjWeight      *autograd.Param
	WeightIH          *autograd.Param `state:"weight_ih_l0"`
	BN1               *stats
	Inception3a       layers.Layer
	LayerQKVBias      *autograd.Param
	NumBatchesTracked *autograd.Buffer
	Heads             map[string]*layers.Linear
}

type stats struct {
	Weight                  *autograd.Param
	RunningMean, RunningVar *autograd.Buffer
}

func newNet() *net {
	return &net{
		Layer1: layers.Sequential{layers.ReLU{}, linear()}, InProjWeight: newParam(), WeightIH: newParam(),
		BN1:         &stats{newParam(), newBuffer(tensor.Float32, 2), newBuffer(tensor.Float32, 2)},
		Inception3a: linear(), LayerQKVBias: newParam(), NumBatchesTracked: newBuffer(tensor.Int64),
		Heads: map[string]*layers.Linear{"maskB": linear()},
	}
}

func keys(dict []safetensors.Named) (list []string) {
	for _, n := range dict {
		list = append(list, n.Name)
	}
	return list
}

func TestStateDictKeys(t *testing.T) {
	assert.Equal(t, []string{
		"layer1.1.weight", "layer1.1.bias", "in_proj_weight", "weight_ih_l0", "bn1.weight", "bn1.running_mean", "bn1.running_var",
		"inception3a.weight", "inception3a.bias", "layer_qkv_bias", "num_batches_tracked", "heads.maskB.weight", "heads.maskB.bias",
	}, keys(layers.StateDict(newNet())))
	var names []string
	for _, b := range layers.Buffers(newNet()) {
		names = append(names, b.Name+" "+b.Key)
	}
	assert.Equal(t, []string{"BN1.RunningMean bn1.running_mean", "BN1.RunningVar bn1.running_var",
		"NumBatchesTracked num_batches_tracked"}, names)
	assert.PanicsWithValue(t, "layers: Params: two parameters have the key fc in a state dictionary, one of them Fc", func() {
		layers.StateDict(struct{ FC, Fc *autograd.Param }{newParam(), newParam()})
	})
	assert.PanicsWithValue(t, "layers: Params: B is an autograd.Buffer: hold it by pointer, as *autograd.Buffer", func() {
		layers.Buffers(struct{ B autograd.Buffer }{})
	})
	assert.Panics(t, func() { layers.Buffers(struct{ b *autograd.Buffer }{newBuffer(tensor.Float32)}) }, "behind a hidden field")
}

func TestStateDictRoundTrip(t *testing.T) {
	a, b := newNet(), newNet()
	for i, n := range layers.StateDict(a) {
		if n.Tensor.DType() == tensor.Int64 {
			tensor.Data[int64](n.Tensor)[0] = 7
		} else {
			n.Tensor.Fill(float64(i + 1))
		}
	}
	r, err := layers.LoadStateDict(b, layers.StateDict(a), true)
	require.NoError(t, err)
	assert.Equal(t, keys(layers.StateDict(a)), r.Loaded)
	for i, n := range layers.StateDict(b) {
		assert.True(t, n.Tensor.Equal(layers.StateDict(a)[i].Tensor), n.Name)
	}

	layers.Cast(b, tensor.Float64)
	assert.Equal(t, tensor.Float64, b.BN1.RunningMean.Value().DType())
	assert.Equal(t, tensor.Int64, b.NumBatchesTracked.Value().DType(), "a count stays one")
	b.InProjWeight.Value().Zero()
	_, err = layers.LoadStateDict(b, layers.StateDict(a), true)
	require.NoError(t, err, "widening is exact")
	assert.Equal(t, []float64{3}, tensor.Data[float64](b.InProjWeight.Value()))
}

func TestLoadStateDictPartly(t *testing.T) {
	dict := []safetensors.Named{
		{Name: "0.Weight", Tensor: tensor.FromSlice([]float32{1, 2}, 1, 2)}, // a Go path will do
		{Name: "0.bias", Tensor: tensor.FromSlice([]float32{1, 2})},
		{Name: "0.bias", Tensor: tensor.FromSlice([]float32{1})},
		{Name: "fc.weight", Tensor: tensor.FromSlice([]float32{1})},
		{Name: "1.weight", Tensor: tensor.FromSlice([]int64{1}, 1, 1)},
	}
	model := func() layers.Sequential {
		s := layers.Sequential{layers.NewLinear(seeded(), 2, 1), linear()}
		for _, p := range layers.Params(s) {
			p.Value().Fill(9)
		}
		return s
	}
	const want = "the file does not fit the model: 0.bias is [2] in the file, [1] in the model; 0.bias is given twice; " +
		"1.weight is int64 in the file, float32 in the model; missing in the file: 1.bias [1]; not in the model: fc.weight [1]"

	m := model()
	r, err := layers.LoadStateDict(m, dict, true)
	require.ErrorIs(t, err, layers.ErrMismatch)
	assert.EqualError(t, err, "layers: LoadStateDict: "+want)
	assert.Empty(t, r.Loaded)
	assert.Equal(t, []float32{9, 9}, tensor.Data[float32](layers.Params(m)[0].Value()), "strict: nothing may change")

	r, err = layers.LoadStateDict(m, dict, false)
	require.NoError(t, err)
	assert.EqualError(t, r.Err(), want)
	assert.Equal(t, []string{"0.weight"}, r.Loaded)
	assert.Equal(t, []string{"1.bias [1]"}, r.Missing)
	assert.Equal(t, []string{"fc.weight [1]"}, r.Unexpected)
	assert.Len(t, r.Mismatched, 3)
	assert.Equal(t, []float32{1, 2}, tensor.Data[float32](layers.Params(m)[0].Value()))
	assert.Equal(t, []float32{9}, tensor.Data[float32](layers.Params(m)[1].Value()))
}

// Floats of any width are taken, rounded where the model's are narrower, which the report says. numpy.float32(0.1) is
// 0.10000000149011612, and 3e38 is below the largest float32.
func TestLoadStateDictConverts(t *testing.T) {
	m := &net{WeightIH: newParam(), InProjWeight: newParam(), NumBatchesTracked: newBuffer(tensor.Int64)}
	r, err := layers.LoadStateDict(m, []safetensors.Named{
		{Name: "in_proj_weight", Tensor: tensor.FromBits(tensor.BFloat16, []uint16{0x3f80}, 1)},
		{Name: "weight_ih_l0", Tensor: tensor.FromSlice([]float64{0.1})},
		{Name: "num_batches_tracked", Tensor: tensor.Scalar(int32(7))},
	}, true)
	require.NoError(t, err)
	assert.Equal(t, []string{"weight_ih_l0 from float64 to float32"}, r.Narrowed)
	assert.Len(t, r.Loaded, 3)
	assert.Equal(t, []float32{1}, tensor.Data[float32](m.InProjWeight.Value()))
	assert.Equal(t, []float32{0.1}, tensor.Data[float32](m.WeightIH.Value()))
	assert.Equal(t, []int64{7}, tensor.Data[int64](m.NumBatchesTracked.Value()))

	for v, ok := range map[float64]bool{3e38: true, -3.5e38: false, math.Inf(1): true, math.NaN(): true} {
		dict := []safetensors.Named{{Name: "weight_ih_l0", Tensor: tensor.FromSlice([]float64{v})}}
		r, err = layers.LoadStateDict(m, dict, false)
		require.NoError(t, err)
		if ok {
			assert.Empty(t, r.Mismatched, "%v", v)
			continue
		}
		assert.Equal(t,
			[]string{"weight_ih_l0 is float64 in the file, float32 in the model, where -3.5e+38 is too large"},
			r.Mismatched)
	}
}

// PyTorch's dictionary of a model with tied weights has them under both names:
//
//	m = torch.nn.ModuleDict({"embedding": torch.nn.Embedding(3, 2), "head": torch.nn.Linear(2, 3, bias=False)})
//	m["head"].weight = m["embedding"].weight
//	list(m.state_dict())  # ['embedding.weight', 'head.weight']
func TestLoadStateDictOfTiedWeights(t *testing.T) {
	type tied struct {
		Embedding, Head *layers.Linear
		Stack           layers.Sequential
	}
	build := func() *tied {
		m := &tied{Embedding: layers.NewLinear(seeded(), 2, 3), Head: layers.NewLinear(seeded(), 2, 3)}
		m.Embedding.Bias, m.Head.Bias = nil, nil
		m.Head.Weight = m.Embedding.Weight
		m.Stack = layers.Sequential{m.Head} // a layer that stands twice
		return m
	}
	weight := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	other := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 7}, 3, 2)
	named := func(name string, x *tensor.Tensor) safetensors.Named { return safetensors.Named{Name: name, Tensor: x} }
	assert.Equal(t, []string{"embedding.weight"}, keys(layers.StateDict(build())), "one tensor is saved once")
	for _, dict := range [][]safetensors.Named{
		{named("embedding.weight", weight), named("head.weight", weight.Clone())},
		{named("head.weight", weight)},
		{named("stack.0.weight", weight), named("Head.Weight", weight)},
	} {
		m := build()
		r, err := layers.LoadStateDict(m, dict, true)
		require.NoError(t, err)
		assert.Equal(t, []string{"embedding.weight"}, r.Loaded)
		assert.True(t, m.Head.Weight.Value().Equal(weight))
	}
	_, err := layers.LoadStateDict(build(), []safetensors.Named{named("embedding.weight", weight),
		named("head.weight", other)}, true)
	require.ErrorIs(t, err, layers.ErrMismatch)
	assert.ErrorContains(t, err, "embedding.weight and head.weight are one in the model and differ in the file")
	_, err = layers.LoadStateDict(build(), []safetensors.Named{named("head.weight", weight), named("head.weight",
		weight)}, true)
	assert.ErrorContains(t, err, "head.weight is given twice")
}
