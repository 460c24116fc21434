package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
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
	x, y := make([]float32, 0, 3*64), make([]float32, 0, 64) // two crossed features and a field; clicked or not
	for i := range 64 {
		x = append(x, float32(rng.IntN(50)*1000), none, float32(i%4))
		y = append(y, float32(i%2))
	}
	data := dataset.FromTensors(tensor.FromSlice(x, 64, 3), tensor.FromSlice(y, 64, 1))

	err := launch.Local(context.Background(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		model := models.NewWideDeep(rand.New(rand.NewPCG(2, 2)), models.WideDeepConfig{
			Features: features, Fields: []int{4}, Hidden: []int{8}, Sparse: true})
		report, err := train.Run(ctx, train.Config{
			Model: model, Optimizer: optim.Adagrad{LR: 0.1}, Train: data, Epochs: 20, BatchSize: 16, Group: g,
			LossFunc: func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
				index := layers.Indices(t.Const(b.X))
				logits := model.Forward(t, index.Slice(1, 0, 2).Contiguous(), index.Slice(1, 2, 3), nil)
				return layers.BCEWithLogits{}.Loss(t, logits, b.Y)
			},
		})
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
