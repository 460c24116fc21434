package models_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

// batch gives columns by name.
type batch map[string]*tensor.Tensor

func (b batch) Col(name string) *tensor.Tensor { return b[name] }

// shaped is data whose samples are small, for each model, with options that make it small too.
var shaped = map[string]struct {
	data    models.Data
	options map[string]any
	shape   []int // of the outputs of a sample
}{
	"mlp":         {numbers(5, 3), map[string]any{"hidden": "7"}, []int{3}},
	"wide-deep":   {mixed(2), map[string]any{"hidden": []int{6}, "embedding": 4}, []int{2}},
	"neumf":       {models.Data{Columns: mixed(1).Columns[1:], Outputs: 1}, map[string]any{"hidden": "8,4"}, []int{1}},
	"autoencoder": {numbers(9, 9), map[string]any{"sizes": "4,2"}, []int{9}},
	"digitsnet":   {numbers(0, 10, 1, 8, 8), nil, []int{10}},
	"lenet5":      {numbers(0, 10, 1, 28, 28), nil, []int{10}},
	"resnet20":    {numbers(0, 3, 2, 8, 8), map[string]any{"width": 2}, []int{3}},
	"resnet18":    {numbers(0, 3, 3, 32, 32), map[string]any{"width": 2}, []int{3}},
	"resnet50":    {numbers(0, 3, 3, 8, 8), map[string]any{"width": 2, "small": true}, []int{3}},
	"vgg11":       {numbers(0, 3, 3, 32, 32), map[string]any{"channels": 4, "hidden": 8}, []int{3}},
	"vgg16":       {numbers(0, 3, 3, 32, 32), map[string]any{"channels": 4, "hidden": 8}, []int{3}},
	"inception":   {numbers(0, 3, 3, 32, 32), map[string]any{"shrink": 16}, []int{3}},
	"mobilenet":   {numbers(0, 3, 3, 32, 32), map[string]any{"width": 0.25}, []int{3}},
	"textcnn":     {sentence(4), map[string]any{"features": 8, "filters": 4}, []int{4}},
	"transformer": {sentence(4), map[string]any{"features": 8, "layers": 1}, []int{4}},
	"gpt":         {sentence(11), map[string]any{"features": 8, "layers": 1}, []int{6, 11}},
	"lstm":        {sentence(11), map[string]any{"features": 8, "layers": 1}, []int{6, 11}},
}

func numbers(n, outputs int, shape ...int) models.Data {
	if shape == nil {
		shape = []int{n}
	}
	return models.Data{Columns: []models.Column{{Name: "x", Shape: shape}}, Outputs: outputs}
}

func mixed(outputs int) models.Data {
	columns := []models.Column{{Name: "age"}, {Name: "city", Classes: 7}, {Name: "job", Classes: 3}}
	return models.Data{Columns: columns, Outputs: outputs}
}

func sentence(outputs int) models.Data {
	return models.Data{Columns: []models.Column{{Name: "text", Shape: []int{6}, Classes: 11}}, Outputs: outputs}
}

// TestBuildAll makes each model of the table by name and wants the outputs that the data asks for.
func TestBuildAll(t *testing.T) {
	for _, e := range models.All {
		t.Run(e.Name, func(t *testing.T) {
			c, ok := shaped[e.Name]
			require.True(t, ok, "no data for it here")
			net, err := e.Build(random(), c.data, c.options)
			require.NoError(t, err)
			in := batch{}
			for _, col := range c.data.Columns {
				shape := append([]int{2}, col.Shape...)
				in[col.Name] = tensor.New(tensor.Float32, shape...)
				if col.Classes > 0 {
					in[col.Name] = tensor.New(tensor.Int64, shape...)
					tensor.Data[int64](in[col.Name])[0] = int64(col.Classes - 1)
				}
			}
			tape := autograd.NewTape(autograd.Infer, nil)
			y := layers.Apply(tape, net, in, in[c.data.Columns[0].Name], tensor.Float32)
			assert.Equal(t, append([]int{2}, c.shape...), y.Shape())
			assert.NotEmpty(t, e.About)
			assert.NotEmpty(t, e.Wants)
			_, err = e.Build(random(), c.data, map[string]any{"wdth": 1})
			assert.ErrorContains(t, err, "models: "+e.Name+": there ")
		})
	}
}

// TestTabularOverfits learns eight rows of numbers and categories by heart.
func TestTabularOverfits(t *testing.T) {
	for _, name := range []string{"mlp", "wide-deep"} {
		e, _ := models.Find(name)
		net, err := e.Build(random(), mixed(2), map[string]any{"hidden": "16"})
		require.NoError(t, err)
		in := batch{
			"age":  tensor.FromSlice([]float32{1, 2, 3, 4, 1, 2, 3, 4}),
			"city": tensor.FromSlice([]int64{0, 1, 2, 3, 4, 5, 6, 0}),
			"job":  tensor.FromSlice([]int64{0, 1, 2, 0, 1, 2, 0, 1}),
		}
		labels := tensor.FromSlice([]int64{0, 1, 1, 0, 1, 0, 0, 1})
		overfit(t, net, 0.3, 150, 0.05, func(tape *autograd.Tape) *autograd.Var {
			return layers.CrossEntropy{}.Loss(tape, layers.Apply(tape, net, in, in["age"], tensor.Float32), labels)
		})
	}
}

func TestBuildErrors(t *testing.T) {
	for _, c := range []struct {
		model   string
		data    models.Data
		options map[string]any
		want    string
	}{
		{"lenet5", numbers(0, 10, 1, 8, 8), nil, "models: lenet5: takes samples of [1 28 28], x is [1 8 8]"},
		{"lenet5", numbers(0, 3, 1, 28, 28), nil, "models: lenet5: has 10 outputs, the data wants 3"},
		{"resnet20", numbers(13, 3), nil,
			"models: resnet20: takes images [channels height width] of at least 4 by 4 pixels, x is [13]"},
		{"resnet20", numbers(0, 3, 3, 3, 9), nil, "of at least 4 by 4 pixels, x is [3 3 9]"},
		{"resnet20", mixed(3), nil, "takes one input, there are 3: age, city, job"},
		{"neumf", mixed(1), nil, "takes two categories, user and item, there are 2 among age, city, job"},
		{"wide-deep", numbers(4, 1), nil, "takes at least 1 categories, there are 0 among x"},
		{"autoencoder", numbers(4, 1), nil, "returns the 4 numbers of x, the target has 1"},
		{"gpt", sentence(4), nil, "says which of 11 words, those of text, comes next, the data has 4"},
		{"textcnn", numbers(4, 1), nil, "takes numbers of words, x holds measurements"},
		{"mlp", numbers(4, 0), nil, "has at least one output, the data wants 0"},
		{"mlp", numbers(4, 1), map[string]any{"hidden": "a"}, `models: mlp: hidden: "a", want a whole number`},
		{"mlp", numbers(4, 1), map[string]any{"hidden": "-3"}, "models: mlp with map[hidden:-3]: "},
		{"resnet20", numbers(0, 3, 1, 8, 8), map[string]any{"classes": 3}, `there is no "classes"`},
	} {
		e, ok := models.Find(c.model)
		require.True(t, ok)
		_, err := e.Build(random(), c.data, c.options)
		assert.ErrorContains(t, err, c.want, c.model)
	}
}
