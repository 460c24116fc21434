package browser

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/tutti-ml/tutti/train/summary"
)

const (
	epochs = 5
	steps  = 400 // of an epoch
)

// job plays a training run to a sink: the same numbers every time.
type job struct {
	sink   summary.RankSink
	rng    *rand.Rand
	global int
	start  time.Time
}

func newJob(sink summary.RankSink) *job {
	j := &job{sink: sink, rng: rand.New(rand.NewPCG(1, 2)), start: time.Now()}
	sink.Start(summary.Run{Model: "lenet5", Params: 61706, Train: 60000, Test: 10000, Epochs: epochs, Steps: steps,
		BatchSize: 150, Ranks: 4, Partitions: 12, Time: j.start, Host: "node-1", Process: 4711,
		Config: []summary.Field{{Name: "Optimizer", Value: "AdamW"}, {Name: "Optimizer.LR", Value: "0.002"},
			{Name: "Data", Value: "fashion-mnist"}, {Name: "Note", Value: "<script>alert(1)</script>"}}})
	return j
}

// step plays the next step, and what belongs to the end of an epoch.
func (j *job) step() {
	j.global++
	epoch := (j.global-1)/steps + 1
	part := float64(j.global) / (epochs * steps)
	ms := func(x float64) time.Duration {
		return time.Duration(x * (0.9 + 0.2*j.rng.Float64()) * float64(time.Millisecond))
	}
	phases := summary.Phases{Data: ms(0.4), Forward: ms(2.1), Backward: ms(4.3), Sync: ms(1.2), Update: ms(0.3)}
	j.sink.Step(summary.Step{Epoch: epoch, Step: (j.global-1)%steps + 1, Global: j.global, Samples: 150,
		Loss: 0.25 + 2*math.Exp(-6*part) + 0.15*j.rng.Float64(), Rate: 0.001 * (1 + math.Cos(math.Pi*part)),
		Phases: phases, Elapsed: phases.Total() + 100*time.Microsecond,
		Values: []summary.Value{{Name: "grad_norm", Value: 1 + j.rng.Float64()}},
		Time:   j.start.Add(time.Duration(j.global) * 8 * time.Millisecond)})
	if j.global%steps != 0 {
		return
	}
	good := 0.93 - 0.4*math.Exp(-float64(epoch))
	j.sink.Epoch(summary.Epoch{Epoch: epoch, Global: j.global, Samples: steps * 150, Elapsed: steps * 8 * time.Millisecond,
		Train: []summary.Value{{Name: "loss", Value: 1.2 - good}, {Name: "accuracy", Value: good + 0.01}},
		Test: []summary.Value{{Name: "loss", Value: 1.25 - good}, {Name: "accuracy", Value: good},
			{Name: "f1/macro", Value: good - 0.01}}})
	var ranks []summary.Rank
	for r := range 4 {
		ranks = append(ranks, summary.Rank{Rank: r, Host: fmt.Sprintf("node-%d", r/2+1), Samples: 4500, Elapsed: time.Second,
			Phases: summary.Phases{Data: ms(50), Forward: ms(250), Backward: ms(510), Sync: ms(140), Update: ms(30)},
			Seen:   time.Now()})
	}
	j.sink.Ranks(ranks)
	j.sink.Checkpoint(summary.Checkpoint{Path: "lenet5.safetensors", Epoch: epoch, Global: j.global, Bytes: 1 << 20})
}

// play plays steps up to step global.
func (j *job) play(global int) {
	for j.global < global {
		j.step()
	}
}
