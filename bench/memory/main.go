//go:build linux

// Command memory measures the peak resident memory of each rank while an MLP trains, writes a checkpoint and resumes
// from it, beside what the state takes. Each rank is a process, of this program again:
//
//	go run ./bench/memory                       the table of an MLP 64-6000-6000-10, 36 million parameters
//	go run ./bench/memory -hidden 17550 -ranks 2 -sync sharded -steps 1    310 million
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

const (
	features = 64
	classes  = 10
	batch    = 512
)

func main() {
	log.SetFlags(0)
	hidden := flag.Int("hidden", 6000, "width of the two hidden layers")
	ranks := flag.Int("ranks", 0, "number of ranks; 0: the whole table")
	sync := flag.String("sync", "sharded", "allreduce or sharded")
	steps := flag.Int("steps", 4, "steps of each phase")
	phase := flag.String("phase", "", "what a rank does: plain, write or resume")
	file := flag.String("file", "", "the checkpoint of a rank")
	flag.Parse()
	s, err := train.ParseSync(*sync)
	if err != nil {
		log.Fatal(err)
	}
	switch {
	case *phase != "":
		err = rank(*hidden, *steps, s, *phase, *file)
	case *ranks > 0:
		err = job(*hidden, *ranks, *steps, s)
	default:
		for _, c := range []struct {
			ranks int
			sync  train.Sync
		}{{1, train.AllReduce}, {2, train.AllReduce}, {2, train.Sharded}, {4, train.Sharded}} {
			if err = job(*hidden, c.ranks, *steps, c.sync); err != nil {
				break
			}
		}
	}
	if err != nil {
		log.Fatal(err)
	}
}

// job measures each phase.
func job(hidden, ranks, steps int, sync train.Sync) error {
	dir, err := os.MkdirTemp("", "memory")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	weights := 4 * ((features+1)*hidden + (hidden+1)*hidden + (hidden+1)*classes)
	moments := 2 * weights
	if sync == train.Sharded {
		moments /= ranks
	}
	// each layer's output, what the activation makes of it, and their gradients
	activations := 4 * (batch / ranks) * (4*hidden + 2*hidden + features + 3*classes)
	fmt.Printf("%d parameters, %v, %d ranks: limit %d MB\n", weights/4, sync, ranks,
		(weights*2+moments)*11/10>>20+activations>>20+64)
	for _, phase := range []string{"plain", "write", "resume"} {
		err := launch.Spawn(context.Background(), launch.SpawnConfig{N: ranks, Stdout: os.Stdout, Stderr: os.Stderr,
			Argv: []string{self, "-phase", phase, "-hidden", strconv.Itoa(hidden), "-steps", strconv.Itoa(steps),
				"-sync", sync.String(), "-file", filepath.Join(dir, "run.safetensors")}})
		if err != nil {
			return err
		}
	}
	return nil
}

// rank is one rank at work in one phase.
func rank(hidden, steps int, sync train.Sync, phase, file string) error {
	ctx := context.Background()
	g, err := launch.Open(ctx, launch.Config{})
	if err != nil {
		return err
	}
	defer g.Close()
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float32, steps*batch*features), make([]int64, steps*batch)
	for i := range x {
		x[i] = rng.Float32()
	}
	for i := range y {
		y[i] = int64(rng.IntN(classes))
	}
	c := train.Config{Loss: layers.CrossEntropy{}, Optimizer: optim.Adam{LR: 1e-4}, Sync: sync, Group: g, BatchSize: batch,
		Train: dataset.FromTensors(tensor.FromSlice(x, steps*batch, features),
			tensor.FromSlice(y, steps*batch)).WithClasses(classes),
		Model: layers.Sequential{layers.NewLinear(rng, features, hidden), layers.ReLU{}, layers.NewLinear(rng, hidden, hidden),
			layers.ReLU{}, layers.NewLinear(rng, hidden, classes)}}
	var peaks []string
	peak := func(what string) {
		peaks = append(peaks, fmt.Sprintf("%s %s", what, peakMB()))
	}
	peak("model")
	switch phase {
	case "write":
		c.Checkpoint = file
	case "resume":
		c.Checkpoint, c.Resume, c.Epochs = file, train.MustResume, 2
	}
	c.OnStart = func(train.Start) error { peak("start"); return nil }
	c.OnStep = func(s train.Step) error {
		if s.Step == min(2, steps) {
			peak("steps")
		}
		return nil
	}
	if _, err := train.Run(ctx, c); err != nil {
		return err
	}
	peak("end")
	fmt.Printf("%-7s rank %d: %s\n", phase, g.Rank(), strings.Join(peaks, ", "))
	return collectives.Barrier(ctx, g)
}

// peakMB is the peak of this process' resident memory, without what it shares with other processes by files in memory.
func peakMB() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	value := func(name string) int {
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
				n, _ := strconv.Atoi(fields[1])
				return n / 1024
			}
		}
		return 0
	}
	return fmt.Sprint(slices.Max([]int{value("VmHWM"), value("VmRSS")}), " MB")
}
