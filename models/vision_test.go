package models_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
)

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// small are the image models at a size that learns in about a second.
var small = []struct {
	name  string
	input []int // of a sample
	rate  float32
	steps int
	make  func(rng *rand.Rand, classes int) layers.Layer
}{
	{"ResNet18", []int{3, 16, 16}, 0.05, 25, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewResNet18(rng, models.ResNetConfig{Classes: classes, Width: 4, Small: true})
	}},
	{"ResNet18 for large images", []int{1, 32, 32}, 0.05, 25, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewResNet18(rng, models.ResNetConfig{In: 1, Classes: classes, Width: 4})
	}},
	{"ResNet20", []int{3, 16, 16}, 0.05, 25, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewResNet20(rng, models.ResNetConfig{Classes: classes, Width: 4})
	}},
	{"ResNet50", []int{3, 16, 16}, 0.05, 25, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewResNet50(rng, models.ResNetConfig{Classes: classes, Width: 2, Small: true})
	}},
	{"VGG11", []int{3, 32, 32}, 0.005, 40, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewVGG11(rng, models.VGGConfig{Height: 32, Width: 32, Classes: classes, Channels: 8, Hidden: 64,
			Dropout: models.Zero})
	}},
	{"VGG16", []int{3, 32, 32}, 0.003, 100, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewVGG16(rng, models.VGGConfig{Height: 32, Width: 32, Classes: classes, Channels: 8, Hidden: 64,
			Dropout: models.Zero})
	}},
	{"InceptionV1", []int{3, 32, 32}, 0.05, 40, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewInceptionV1(rng, models.InceptionConfig{Classes: classes, Shrink: 16, Dropout: models.Zero})
	}},
	{"MobileNetV2", []int{3, 8, 8}, 0.005, 40, func(rng *rand.Rand, classes int) layers.Layer {
		return models.NewMobileNetV2(rng, models.MobileNetConfig{Classes: classes, Width: 0.25, Dropout: models.Zero,
			Small: true})
	}},
}

func TestVisionOverfits(t *testing.T) {
	for _, c := range small {
		t.Run(c.name, func(t *testing.T) {
			const n, classes = 4, 5
			net := c.make(random(), classes)
			x := tensor.New(tensor.Float32, append([]int{n}, c.input...)...)
			x.Normal(random(), 0, 1)
			labels := tensor.FromSlice([]int64{3, 0, 4, 1})
			loss := func(tape *autograd.Tape) *autograd.Var {
				return layers.CrossEntropy{}.Loss(tape, net.Forward(tape, tape.Const(x)), labels)
			}
			if testing.Short() { // that the loss falls says less, but at a tenth of the cost
				first := loss(autograd.NewTape(autograd.Train, random())).Item()
				overfit(t, net, c.rate, 5, first, loss)
			} else {
				overfit(t, net, c.rate, c.steps, 0.1, loss)
			}
			for _, batch := range []int{1, 2} { // in use, a batch of any size
				infer := autograd.NewTape(autograd.Infer, nil)
				assert.Equal(t, []int{batch, classes}, net.Forward(infer, infer.Const(x.Slice(0, 0, batch))).Shape())
			}
		})
	}
}

// overfit descends, with momentum 0.9, until the loss must be below the bound.
func overfit(t *testing.T, model any, rate float32, steps int, below float64, loss func(*autograd.Tape) *autograd.Var) {
	t.Helper()
	params := layers.Params(model)
	velocity := make([][]float32, len(params))
	for i, p := range params {
		velocity[i] = make([]float32, p.Value().Len())
	}
	tape := autograd.NewTape(autograd.Train, random())
	last := math.Inf(1)
	for range steps {
		tape.Reset(random())
		l := loss(tape)
		tape.Backward(l)
		last = l.Item()
		for i, p := range params {
			g := tape.Grad(p.Param)
			require.NotNil(t, g, "%s is not used", p.Name)
			v := velocity[i]
			vec.Scale(v, 0.9, v)
			vec.Add(v, v, tensor.Data[float32](g))
			vec.Axpy(tensor.Data[float32](p.Value()), -rate, v)
		}
	}
	assert.Less(t, last, below, "the loss after %d steps", steps)
}

// The numbers of parameters and some names are torchvision's.
func TestVisionIsTorchvisions(t *testing.T) {
	if testing.Short() {
		t.Skip("networks of full size, only to be counted")
	}
	for name, c := range map[string]struct {
		model  any
		params int
		keys   []string
	}{
		"resnet18": {models.NewResNet18(random(), models.ResNetConfig{}), 11_689_512, []string{
			"conv1.weight", "bn1.running_mean", "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer1.1.bn2.bias",
			"layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_var", "layer4.1.conv2.weight", "fc.weight", "fc.bias"}},
		"resnet50": {models.NewResNet50(random(), models.ResNetConfig{}), 25_557_032, []string{
			"layer1.0.conv3.weight", "layer1.0.downsample.0.weight", "layer3.5.bn3.weight"}},
		"resnet20": {models.NewResNet20(random(), models.ResNetConfig{Classes: 10}), 269_722, []string{"layer3.2.conv2.weight"}},
		"mobilenet_v2": {models.NewMobileNetV2(random(), models.MobileNetConfig{}), 3_504_872, []string{
			"features.0.0.weight", "features.0.1.running_mean", "features.1.conv.0.0.weight", "features.1.conv.1.weight", "features.1.conv.2.weight",
			"features.2.conv.1.0.weight", "features.17.conv.3.bias", "features.18.1.weight", "classifier.1.weight"}},
		"googlenet": {models.NewInceptionV1(random(), models.InceptionConfig{}), 6_624_904, []string{
			"conv1.conv.weight", "conv1.bn.running_mean", "inception3a.branch1.conv.weight", "inception4e.branch2.1.bn.bias",
			"inception5b.branch4.1.conv.weight", "fc.bias"}},
		// Full size is 500 MB; these follow from the paper's table with a quarter of its channels and 1/16 of its hidden units.
		"vgg11": {models.NewVGG11(random(), models.VGGConfig{Channels: 16, Hidden: 256}), vggCount(16, 256, 1, 1, 2, 2, 2), []string{
			"features.0.weight", "features.3.weight", "features.6.weight", "features.8.weight", "features.11.weight", "features.18.bias",
			"classifier.0.weight", "classifier.3.weight", "classifier.6.bias"}},
		"vgg16": {models.NewVGG16(random(), models.VGGConfig{Channels: 16, Hidden: 256}), vggCount(16, 256, 2, 2, 3, 3, 3), []string{
			"features.2.weight", "features.28.weight"}},
	} {
		assert.Equal(t, c.params, layers.Count(c.model), name)
		got := map[string]bool{}
		for _, n := range layers.StateDict(c.model) {
			got[n.Name] = true
		}
		for _, key := range c.keys {
			assert.True(t, got[key], "%s has no %s", name, key)
		}
	}
	assert.Equal(t, 132_863_336, vggCount(64, 4096, 1, 1, 2, 2, 2), "torchvision's vgg11")
	assert.Equal(t, 138_357_544, vggCount(64, 4096, 2, 2, 3, 3, 3), "torchvision's vgg16")
	assert.PanicsWithValue(t, "models: VGG: images of 28 by 28 pixels, want at least 32 by 32: they are halved five times", func() {
		models.NewVGG11(random(), models.VGGConfig{Height: 28, Width: 28})
	})
}

// vggCount counts the parameters of a VGG for 224 pixels and 1000 classes.
func vggCount(channels, hidden int, stages ...int) int {
	n, in, out := 0, 3, channels
	for i, convolutions := range stages {
		for range convolutions {
			n, in = n+9*in*out+out, out
		}
		if i < 3 {
			out *= 2
		}
	}
	return n + in*49*hidden + hidden + hidden*hidden + hidden + hidden*1000 + 1000
}

// At 224 pixels the stages must have the sizes of the papers' tables: 7×7 before the mean.
func TestVisionSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("images of full size")
	}
	x := tensor.New(tensor.Float32, 1, 3, 224, 224)
	tape := autograd.NewTape(autograd.Infer, nil)
	in := tape.Const(x)
	mobile := models.NewMobileNetV2(random(), models.MobileNetConfig{Width: 0.25})
	assert.Equal(t, []int{7, 7}, mobile.Features.Forward(tape, in).Shape()[2:])
	resnet := models.NewResNet18(random(), models.ResNetConfig{Width: 4})
	assert.Equal(t, []int{1, 1000}, resnet.Forward(tape, in).Shape())
	inception := models.NewInceptionV1(random(), models.InceptionConfig{Shrink: 16})
	assert.Equal(t, []int{1, 1000}, inception.Forward(tape, in).Shape())
}
