// How much of communication hides behind backward: the step time of data-parallel training without communication, with it
// after backward, and with it while backward runs.

package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
)

// An OverlapCase is a model, and what is fed to it.
type OverlapCase struct {
	Name  string
	Batch int // samples a rank and step
	shape []int
	model func(*rand.Rand) layers.Layer
}

// OverlapCases are LeNet-5, which has little to send, and a perceptron of 25 million parameters, which has much.
var OverlapCases = []OverlapCase{
	{"LeNet-5, 62 k parameters", 64, []int{1, 28, 28}, func(r *rand.Rand) layers.Layer { return models.LeNet5(r) }},
	{"MLP 784-3072-3072-3072-1024-10, 25 M parameters", 64, []int{784},
		func(r *rand.Rand) layers.Layer { return models.MLP(r, 784, 3072, 3072, 3072, 1024, 10) }},
}

// Overlap trains each case on g's ranks, all of them at the same time, for some steps in each of the three ways by turns,
// and writes on rank 0 the median step times, their ratio, and the fraction of the communication that is hidden:
//
//	1 − (overlapped − alone) / (after backward − alone)
//
// Every rank of g calls it.
func Overlap(ctx context.Context, g *collectives.Group, w io.Writer, sync train.Sync, wire collectives.Wire, steps, rounds int) error {
	if g.Rank() == 0 {
		form := "whole"
		if wire != collectives.Float32Wire {
			form = "in " + wire.String()
		}
		fmt.Fprintf(w, "%d ranks, %v, gradients %s, %s\n%-50s %10s %10s %10s %7s %7s\n", g.Size(), sync, form, g.Explain(),
			"ms a step, median", "alone", "after", "overlapped", "ratio", "hidden")
	}
	for _, c := range OverlapCases {
		var times [3][]time.Duration // alone, after, overlapped
		for range rounds {
			for way := range times {
				if err := collectives.Barrier(ctx, g); err != nil {
					return err
				}
				t, err := c.run(ctx, g, way, sync, wire, steps)
				if err != nil {
					return fmt.Errorf("bench: %s: %w", c.Name, err)
				}
				times[way] = append(times[way], t...)
			}
		}
		var ms [3]float64
		for way, t := range times {
			slices.Sort(t)
			ms[way] = float64(t[len(t)/2]) / 1e6
		}
		if err := collectives.AllReduce(ctx, g, ms[:], collectives.Mean); err != nil {
			return err
		}
		if g.Rank() == 0 {
			fmt.Fprintf(w, "%-50s %10.2f %10.2f %10.2f %7.2f %6.0f%%\n", c.Name, ms[0], ms[1], ms[2], ms[2]/ms[0], 100*(1-(ms[2]-ms[0])/(ms[1]-ms[0])))
		}
	}
	return nil
}

// run returns the times of the steps in one of the ways, but the first few's.
func (c OverlapCase) run(ctx context.Context, g *collectives.Group, way int, sync train.Sync, wire collectives.Wire, steps int) ([]time.Duration, error) {
	ranks := g.Size()
	config := train.Config{Sync: sync, Group: g, Compress: wire}
	switch way {
	case 0:
		ranks, config.Group, config.Compress = 1, collectives.Alone(), collectives.Float32Wire
	case 1:
		config.Bucket = -1
	}
	const warm = 3
	n := (steps + warm) * c.Batch * ranks
	rng := rand.New(rand.NewPCG(1, 1))
	few := tensor.New(tensor.Float32, append([]int{c.Batch * ranks}, c.shape...)...)
	few.Normal(rng, 0, 1)
	config.Model, config.Loss = c.model(rng), layers.CrossEntropy{}
	config.Train = repeated{dataset.FromTensors(few, tensor.New(tensor.Int64, c.Batch*ranks)).WithClasses(10), n}
	config.BatchSize = c.Batch * ranks
	var times []time.Duration
	last := time.Now()
	config.OnStep = func(s train.Step) error {
		if s.Step > warm {
			times = append(times, time.Since(last))
		}
		last = time.Now()
		return nil
	}
	_, err := train.Run(ctx, config)
	return times, err
}

// repeated is a source that gives its samples again and again, n in all.
type repeated struct {
	dataset.Source
	n int
}

func (r repeated) Len() int { return r.n }

func (r repeated) Fill(b *dataset.Batch, index []int) error {
	again := make([]int, len(index))
	for i, k := range index {
		again[i] = k % r.Source.Len()
	}
	return r.Source.Fill(b, again)
}
