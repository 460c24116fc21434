package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// No weight decay for biases, and a tenth of the learning rate for the first layer.
func ExampleConfig_groups() {
	rng := rand.New(rand.NewPCG(1, 2))
	x := tensor.FromSlice([]float32{1, 2, 2, 1, -1, -2, -2, -1}, 4, 2)
	y := tensor.FromSlice([]int64{0, 0, 1, 1})
	config := train.Config{
		Model: layers.Sequential{layers.NewLinear(rng, 2, 8), layers.Tanh{}, layers.NewLinear(rng, 8, 2)},
		Loss:  layers.CrossEntropy{}, Train: dataset.FromTensors(x, y).WithClasses(2), Epochs: 50,
		Optimizer:   optim.AdamW{LR: 0.01, WeightDecay: 0.1},
		ParamGroups: []optim.Group{{Pattern: "*.bias", WeightDecay: optim.Zero}, {Pattern: "0.*", Factor: 0.1}},
	}
	report, err := train.Run(context.Background(), config)
	fmt.Println(report.Epochs[49].Train.Correct, "of 4,", err)

	config.ParamGroups[0].Pattern = "*.bais"
	_, err = train.Run(context.Background(), config)
	fmt.Println(err)
	// Output:
	// 4 of 4, <nil>
	// train: Config.ParamGroups[0]: no parameter of layers.Sequential matches "*.bais"
}
