package metrics_test

import (
	"fmt"
	"log"
	"math"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

func Example() {
	logits := tensor.FromSlice([]float32{2, 1, 0, 0, 1, 3, 1, 0, 0, 0, 4, 1}, 4, 3)
	labels := tensor.FromSlice([]int64{0, 2, 1, 1})
	for _, name := range []string{"accuracy", "top2", "f1-macro", "auc", "log-loss"} {
		m, err := metrics.ByName(name)
		if err != nil {
			log.Fatal(err)
		}
		acc := m.New()
		if err := acc.Add(logits, labels); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %.4f\n", name, acc.Value().Scalar)
	}
	// Output:
	// accuracy 0.7500
	// top2 1.0000
	// f1-macro 0.7778
	// auc 0.9167
	// log-loss 0.5487
}

// A metric of one's own: the share of predictions within half a degree.
func ExampleMetric() {
	within := metrics.Mean{Title: "within-0.5", Up: metrics.Higher,
		Of: func(output, target *tensor.Tensor, add func(value, weight float64)) error {
			goal := tensor.Data[float32](target)
			for i, y := range tensor.Data[float32](output) {
				hit := 0.0
				if math.Abs(float64(y-goal[i])) <= 0.5 {
					hit = 1
				}
				add(hit, 1)
			}
			return nil
		}}

	acc := within.New()
	err := acc.Add(tensor.FromSlice([]float32{20, 21, 22}), tensor.FromSlice([]float32{20.25, 25, 22}))
	fmt.Printf("%s %.3f %v\n", within.Name(), acc.Value().Scalar, err)
	// Output: within-0.5 0.667 <nil>
}

// Two ranks that share a test set put their results together.
func ExampleAccumulator() {
	one, two := metrics.MSE{}.New(), metrics.MSE{}.New()
	if err := one.Add(tensor.FromSlice([]float32{1, 2, 3}), tensor.FromSlice([]float32{1, 2, 5})); err != nil {
		log.Fatal(err)
	}
	if err := two.Add(tensor.FromSlice([]float32{4}), tensor.FromSlice([]float32{4})); err != nil {
		log.Fatal(err)
	}
	if err := one.Merge(two.State()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(one.Value().Scalar)
	// Output: 1
}
