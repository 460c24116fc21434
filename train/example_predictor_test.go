package train_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/optim"
)

// Early stopping by the AUC, and predictions from many goroutines afterwards.
func ExamplePredictor() {
	data := blobs(200, 1)
	model := layers.NewLinear(rand.New(rand.NewPCG(1, 1)), features, classes)
	report, err := train.Run(context.Background(), train.Config{Model: model, Loss: layers.CrossEntropy{},
		Optimizer: optim.Adam{LR: 0.05}, Train: data, Test: blobs(100, 2), Epochs: 50, Metrics: []metrics.Metric{metrics.AUC{}},
		Early: &train.EarlyStopping{Patience: 4}})
	if err != nil {
		log.Fatal(err)
	}
	auc, _ := report.Test().Value("auc")
	fmt.Println(report.Stopped, auc > 0.95)

	p, err := train.NewPredictor(model, train.PredictorOptions{})
	if err != nil {
		log.Fatal(err)
	}
	y, err := p.PredictTensor(context.Background(), tensor.New(tensor.Float32, 2, features))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Shape())
	// Output:
	// true true
	// [2 3]
}
