// Fashion trains a small convolutional network on Fashion-MNIST to 93.5 % and more of test accuracy, in some minutes
// on two cores:
//
//	go run ./bench/fashion
//
// The network has three stages of two 3×3 convolutions, normalised, with a shortcut around the second one. Images are
// mirrored and moved by one pixel at random. The test set decides nothing: what is printed last is the accuracy
// after the last epoch.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

const seed = 1

// Net classifies images of 28 by 28 pixels: x [N, 1, 28, 28], y [N, 10].
type Net struct {
	Stages []*Stage
	Drop   layers.Dropout
	Out    *layers.Linear
}

// Stage is two convolutions, each normalised and rectified, the second with a shortcut; then 2×2 max-pooling.
type Stage struct {
	First, Second         *layers.Conv2D
	NormFirst, NormSecond *layers.BatchNorm
	Pool                  layers.MaxPool2D
}

func newNet(rng *rand.Rand, widths []int, drop float64) *Net {
	net, in := &Net{Drop: layers.Dropout{P: drop}}, 1
	for _, out := range widths {
		net.Stages = append(net.Stages, &Stage{
			First:      layers.NewConv2D(rng, layers.Conv2DConfig{In: in, Out: out, Kernel: 3, Pad: 1, NoBias: true}),
			Second:     layers.NewConv2D(rng, layers.Conv2DConfig{In: out, Out: out, Kernel: 3, Pad: 1, NoBias: true}),
			NormFirst:  layers.NewBatchNorm(out),
			NormSecond: layers.NewBatchNorm(out),
			Pool:       layers.MaxPool2D{Kernel: 2},
		})
		in = out
	}
	net.Out = layers.NewLinear(rng, in*3*3, 10)
	return net
}

func (n *Net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	for _, s := range n.Stages {
		x = s.Forward(t, x)
	}
	return n.Out.Forward(t, n.Drop.Forward(t, layers.Flatten{}.Forward(t, x)))
}

func (s *Stage) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	x = s.Pool.Forward(t, autograd.ReLU(s.NormFirst.Forward(t, s.First.Forward(t, x))))
	return autograd.Add(x, autograd.ReLU(s.NormSecond.Forward(t, s.Second.Forward(t, x))))
}

// augmented mirrors each second image on average, and moves it by one pixel each way. The pixels that come in
// are background.
func augmented(src dataset.Source) dataset.Source {
	return dataset.Map(src, func(b *dataset.Batch, index []int) error {
		h, w := b.X.Dim(2), b.X.Dim(3)
		x, old := tensor.Data[float32](b.X), make([]float32, h*w)
		for i, sample := range index {
			rng := rand.NewPCG(seed<<32|uint64(b.Epoch), uint64(sample))
			bits := rng.Uint64()
			mirror, down, right := bits&1 != 0, int(bits>>8%3)-1, int(bits>>16%3)-1
			image := x[i*h*w : (i+1)*h*w]
			background := min(image[0], image[w-1])
			copy(old, image)
			for r := range h {
				for c := range w {
					fr, fc := r-down, c-right
					if mirror {
						fc = w - 1 - fc
					}
					image[r*w+c] = background
					if fr >= 0 && fr < h && fc >= 0 && fc < w {
						image[r*w+c] = old[fr*w+fc]
					}
				}
			}
		}
		return nil
	})
}

func main() {
	log.SetFlags(0)
	epochs := flag.Int("epochs", 10, "passes over the training set")
	batch := flag.Int("batch", 128, "samples a step")
	rate := flag.Float64("lr", 0.01, "largest learning rate")
	decay := flag.Float64("decay", 0.01, "weight decay")
	drop := flag.Float64("dropout", 0.2, "share of the last stage's outputs that are dropped")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()

	set, test, err := dataset.FashionMNIST("")
	if err != nil {
		log.Fatal(err)
	}
	mean, std, err := dataset.MeanStd(set)
	if err != nil {
		log.Fatal(err)
	}
	model := newNet(rand.New(rand.NewPCG(seed, 0)), []int{32, 64, 128}, *drop)
	began := time.Now()
	report, err := train.Run(ctx, train.Config{
		Model: model, Loss: layers.CrossEntropy{LabelSmoothing: 0.05},
		Optimizer: optim.AdamW{LR: *rate, WeightDecay: *decay}, Schedule: optim.OneCycle{Rise: 0.2},
		Train: augmented(dataset.Normalize(set, mean, std)), Test: dataset.Normalize(test, mean, std),
		Epochs: *epochs, BatchSize: *batch, Partitions: 2, Seed: seed,
		OnEpoch: func(e train.Epoch) error {
			fmt.Printf("epoch %2d/%d  loss %.4f  test accuracy %.2f %%  %v\n", e.Epoch, e.Epochs, e.Train.Loss,
				100*e.Test.Accuracy(), time.Since(began).Round(time.Second))
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("test accuracy %.2f %% after %v\n", 100*report.Test().Accuracy(), time.Since(began).Round(time.Second))
}
