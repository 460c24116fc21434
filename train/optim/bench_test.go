package optim_test

import (
	"testing"

	"github.com/tutti-ml/tutti/train/optim"
)

// BenchmarkGrouped steps as many weights as ResNet-50 has, whole, and cut into runs as by a group for biases and normalisations.
func BenchmarkGrouped(b *testing.B) {
	const filters, length, others, short = 54, 472_000, 53, 1024 // 25.5 M, alternating
	cut := []optim.Run{{N: length, Group: -1}}
	for range others {
		cut = append(cut, optim.Run{N: short, Group: 0}, optim.Run{N: length, Group: -1})
	}
	const total = filters*length + others*short
	w, g := random(1, total), random(2, total)
	for _, c := range []struct {
		o     optim.Optimizer
		bytes int64 // read and written for each weight
	}{{optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}, 4 * 5}, {optim.AdamW{}, 4 * 7}} {
		step := func(s optim.Stepper) func(b *testing.B) {
			return func(b *testing.B) {
				b.SetBytes(c.bytes * total)
				for b.Loop() {
					s.Step(w, g, 1e-6)
				}
			}
		}
		b.Run(c.o.Name()+"/whole", step(c.o.New(total)))
		b.Run(c.o.Name()+"/grouped", step(optim.NewGrouped[float32](c.o, groups, cut)))
	}
}
