package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// Wide and deep learning over a vocabulary of a hundred thousand crossed features, of which a batch has a few: on two ranks only the
// rows that the batch looked up are exchanged and stepped.
func ExampleConfig_sparse() {
	const features, none = 100_000, 100_000 - 1
	rng := rand.New(rand.NewPCG(1, 1))
	var wide, deep []int64 // two crossed features, and a field
	var clicked []float32
	for i := range 64 {
		wide = append(wide, int64(rng.IntN(50)*1000), none)
		deep = append(deep, int64(i%4))
		clicked = append(clicked, float32(i%2))
	}
	data := dataset.FromColumns("clicked", dataset.Values{Name: "wide", Tensor: tensor.FromSlice(wide, 64, 2)},
		dataset.Values{Name: "deep", Tensor: tensor.FromSlice(deep, 64, 1)},
		dataset.Values{Name: "clicked", Tensor: tensor.FromSlice(clicked, 64, 1)})

	err := launch.Local(context.Background(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		model := models.NewWideDeep(rand.New(rand.NewPCG(2, 2)), models.WideDeepConfig{
			Features: features, Fields: []int{4}, Hidden: []int{8}, Sparse: true})
		report, err := train.Run(ctx, train.Config{
			Model: model, Loss: layers.BCEWithLogits{}, Optimizer: optim.Adagrad{LR: 0.1}, Train: data,
			Epochs: 20, BatchSize: 16, Group: g})
		if err == nil && g.Rank() == 0 {
			wide := tensor.Data[float32](model.Wide.Weight.Value())
			moved := 0
			for _, w := range wide {
				if w != 0 {
					moved++
				}
			}
			fmt.Println("the loss fell below a tenth:", report.Epochs[19].Train.Loss < report.Epochs[0].Train.Loss/10)
			fmt.Println("of", len(wide), "weights those of at most 50 features have moved:", moved > 0 && moved <= 50)
		}
		return err
	})
	fmt.Println(err)
	// Output:
	// the loss fell below a tenth: true
	// of 100000 weights those of at most 50 features have moved: true
	// <nil>
}
