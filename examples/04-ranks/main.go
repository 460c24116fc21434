// Lesson 4: ranks. The same training on 1 and on 4 data-parallel ranks ends with the same bits.
//
// The ranks are goroutines here. As processes they would get their group from launch.Open instead: see the README.
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// trained gives the weights that training on n ranks ends with.
func trained(n int) []float32 {
	digits, _, err := dataset.Digits()
	if err != nil {
		log.Fatal(err)
	}
	var weights []float32
	err = launch.Local(context.Background(), n, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		model := models.MLP(rand.New(rand.NewPCG(1, 1)), 64, 32, 10)
		_, err := train.Run(ctx, train.Config{
			Model: layers.Sequential{layers.Flatten{}, model}, Loss: layers.CrossEntropy{}, Optimizer: optim.Adam{},
			Train: digits, BatchSize: 64, Group: g,
			// The batch is cut into 8 parts and their gradients are summed along one fixed tree, whoever computes them.
			Partitions: 8, Sync: train.Sharded,
		})
		if g.Rank() == 0 {
			for _, p := range layers.Params(model) {
				weights = append(weights, tensor.Data[float32](p.Param.Value())...)
			}
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	return weights
}

func main() {
	fmt.Println("same bits:", slices.Equal(trained(1), trained(4)))
}

// Output:
// same bits: true
