package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

func TestValidateNamesFieldAndValue(t *testing.T) {
	for _, c := range []struct {
		change func(*train.Config)
		want   string
	}{
		{func(c *train.Config) { c.Model = nil }, "Config.Model is nil"},
		{func(c *train.Config) { c.Model = struct{}{} }, "Config.Model is a struct {}"},
		{func(c *train.Config) { c.Model = layers.Dropout{} }, "no parameters"},
		{func(c *train.Config) { c.Loss = nil }, "Config.Loss is nil"},
		{func(c *train.Config) { c.Train = nil }, "Config.Train is nil"},
		{func(c *train.Config) {
			c.Train = dataset.FromTensors(tensor.New(tensor.Float32, 0, 6), tensor.New(tensor.Int64, 0))
		}, "Config.Train has 0 samples"},
		{func(c *train.Config) { c.LossWeight = func(*dataset.Batch) float64 { return 1 } },
			"Config.LossWeight is set and Config.LossFunc is nil"},
		{func(c *train.Config) { c.Loss = layers.MSE{Reduction: layers.NoReduction} },
			"Config.Loss is a layers.MSE without a reduction"},
		{func(c *train.Config) { c.Resume = 3 }, "Config.Resume = 3"},
		{func(c *train.Config) { c.ResumeWith = []string{"Epochs"} },
			`Config.ResumeWith = ["Epochs"] and Config.Resume is not set`},
		{func(c *train.Config) { c.BatchSize = -2 }, "Config.BatchSize = -2"},
		{func(c *train.Config) { c.Partitions = -3 }, "Config.Partitions = -3"},
		{func(c *train.Config) { c.Workers = -4 }, "Config.Workers = -4"},
		{func(c *train.Config) { c.Sync = 9 }, "Config.Sync = 9"},
		{func(c *train.Config) { c.Compress = 7 }, "Config.Compress = 7"},
		{func(c *train.Config) { c.ErrorFeedback = true }, "Config.ErrorFeedback is set and Config.Compress is none"},
		{func(c *train.Config) { c.Resume = train.MustResume }, "Config.Checkpoint is empty"},
		{func(c *train.Config) { c.Optimizer = optim.Adam{Beta1: 1.5} }, "Beta1"},
		{func(c *train.Config) { c.Schedule = optim.Step{Every: -1} }, "train: Config.Schedule: optim: Step.Every = -1"},
		{func(c *train.Config) { c.ClipNorm = math.NaN() }, "Config.ClipNorm = NaN, want at least 0"},
		{func(c *train.Config) { c.ClipValue = -1 }, "Config.ClipValue = -1, want at least 0"},
		{func(c *train.Config) { c.Accumulate = -1 }, "Config.Accumulate = -1, want at least 1"},
		{func(c *train.Config) { c.Average = &train.Average{Decay: 1} }, "Config.Average.Decay = 1, want 0 <= Decay < 1"},
		{func(c *train.Config) { c.Average = &train.Average{SWA: true, WarmUp: true} }, "Config.Average.SWA is set"},
		{func(c *train.Config) { c.Average = &train.Average{From: -1} }, "Config.Average.From = -1"},
		{func(c *train.Config) { c.OnNotFinite = 5 }, "Config.OnNotFinite = 5, want NotFiniteStop or NotFiniteSkip"},
		{func(c *train.Config) { c.MaxSkips = 5 }, "Config.MaxSkips = 5 and Config.OnNotFinite is stop"},
		{func(c *train.Config) {
			c.Test = dataset.FromTensors(tensor.New(tensor.Float32, 2, 5), tensor.New(tensor.Int64, 2))
		}, "shape [5], Config.Train of shape [6]"},
	} {
		t.Run(c.want, func(t *testing.T) {
			cfg := config(train.AllReduce)
			c.change(&cfg)
			report, err := train.Run(t.Context(), cfg)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, report)
		})
	}
}

func TestMoreRanksThanPartitions(t *testing.T) {
	for _, r := range onRanks(t, 3, train.AllReduce, func(_ int, c *train.Config) { c.Partitions = 2 }) {
		require.ErrorContains(t, r.err, "Config.Partitions = 2, want at least the number of ranks, 3")
	}
}

// TestDisagreement starts three ranks of which the last differs: all of them must refuse, and say in what.
func TestDisagreement(t *testing.T) {
	for _, c := range []struct {
		change func(*train.Config)
		want   string
	}{
		{func(c *train.Config) { c.BatchSize = 64 }, "on BatchSize: rank 0 has 16, rank 2 has 64"},
		{func(c *train.Config) { c.Epochs = 4 }, "on Epochs: rank 0 has 3, rank 2 has 4"},
		{func(c *train.Config) { c.Seed = 8 }, "on Seed: rank 0 has 5, rank 2 has 8"},
		{func(c *train.Config) { c.Partitions = 4 }, "on Partitions: rank 0 has 8, rank 2 has 4"},
		{func(c *train.Config) { c.Optimizer = optim.Adam{LR: 0.02} }, "on Optimizer: rank 0 has adam{LR:0.01"},
		{func(c *train.Config) { c.ParamGroups = []optim.Group{{Pattern: "*.Bias", WeightDecay: optim.Zero}} }, "on ParamGroups: rank 0 has [], rank 2 has [{Pattern:*.Bias"},
		{func(c *train.Config) { c.HistogramWhen = train.EveryEpoch() },
			"on HistogramWhen: rank 0 has nothing, rank 2 has every epoch"},
		{func(c *train.Config) { c.ValidateWhen = nil },
			"on ValidateWhen: rank 0 has every 7 steps, rank 2 has nothing"},
		{func(c *train.Config) { c.Sync = train.Sharded }, "on Sync: rank 0 has allreduce, rank 2 has sharded"},
		{func(c *train.Config) { c.Train = blobs(99, 1) },
			"99 samples of shape [6], 3 classes: every rank is given the whole data set"},
		{func(c *train.Config) {
			n := newNet()
			n.Hidden.Weight = autograd.NewParam(tensor.New(tensor.Float32, 12, features))
			c.Model = n
		}, "on Model.Hidden.Weight: rank 0 has [11 6], rank 2 has [12 6]"},
	} {
		t.Run(c.want, func(t *testing.T) {
			for rank, r := range onRanks(t, 3, train.AllReduce, func(rank int, cfg *train.Config) {
				cfg.ValidateWhen, cfg.EndWhen = train.EverySteps(7), train.MaxSteps(20)
				if rank == 2 {
					c.change(cfg)
				}
			}) {
				require.ErrorIs(t, r.err, train.ErrDisagree, "rank %d", rank)
				require.ErrorContains(t, r.err, c.want, "rank %d", rank)
			}
		})
	}
}

// broken is a source whose sample number 50 cannot be read.
type broken struct{ dataset.Source }

var errDisk = errors.New("disk on fire")

func (b broken) Fill(batch *dataset.Batch, index []int) error {
	for _, i := range index {
		if i == 50 {
			return fmt.Errorf("sample %d: %w", i, errDisk)
		}
	}
	return b.Source.Fill(batch, index)
}

// TestFailureOnOneRank makes one partition fail in several ways. The rank that has it returns its error, all others one
// that names that rank, and nobody waits for a timeout.
func TestFailureOnOneRank(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		for name, c := range map[string]struct {
			change func(*train.Config)
			want   string
		}{
			"unreadable sample": {func(c *train.Config) { c.Train = broken{c.Train} }, "disk on fire"},
			"label out of range": {func(c *train.Config) {
				x, y := tensor.New(tensor.Float32, 101, features), tensor.New(tensor.Int64, 101)
				tensor.Data[int64](y)[50] = 3
				c.Train = dataset.FromTensors(x, y).WithClasses(4)
			}, "label 3"},
			"panic in the loss": {func(c *train.Config) {
				model := c.Model.(*net)
				c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
					for _, i := range tensor.Data[int64](b.Y) {
						if b.N == 1 && i == 2 {
							panic("no loss for you")
						}
					}
					return layers.CrossEntropy{}.Loss(t, model.Forward(t, t.Const(b.X)), b.Y)
				}
				c.Test = nil
			}, "no loss for you"},
		} {
			t.Run(fmt.Sprintf("%v %s", sync, name), func(t *testing.T) {
				own := 0
				for rank, r := range onRanks(t, 4, sync, func(_ int, cfg *train.Config) { c.change(cfg) }) {
					require.ErrorContains(t, r.err, c.want, "rank %d", rank)
					if !errors.Is(r.err, collectives.ErrPeerLost) && !isRemote(r.err) {
						own++
					}
				}
				require.Positive(t, own, "some rank reports its own error")
			})
		}
	}
}

func isRemote(err error) bool {
	var rank int
	_, scan := fmt.Sscanf(err.Error(), "train: rank %d failed:", &rank)
	return scan == nil
}

func TestNotFiniteLoss(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		t.Run(sync.String(), func(t *testing.T) {
			before := weights(newNet())
			for rank, r := range onRanks(t, 2, sync, func(_ int, c *train.Config) {
				x, y := tensor.New(tensor.Float32, 101, features), tensor.New(tensor.Int64, 101)
				tensor.Data[float32](x)[40*features] = float32(math.NaN())
				c.Train, c.BatchSize = dataset.FromTensors(x, y).WithClasses(classes), 101
			}) {
				require.ErrorIs(t, r.err, train.ErrNotFinite, "rank %d", rank)
				require.ErrorContains(t, r.err, "NaN at epoch 1, step 1 with learning rate 0.01")
				require.Equal(t, before, r.weights, "the weights are those before the step")
			}
		})
	}
}

// TestLostPeer lets one rank leave in the middle of training.
func TestLostPeer(t *testing.T) {
	errs := make([]error, 3)
	_ = launch.Local(t.Context(), 3, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		c := config(train.Sharded)
		c.Group = g
		if g.Rank() == 1 {
			c.OnStep = func(s train.Step) error {
				if s.Epoch == 2 {
					g.Close()
				}
				return nil
			}
		}
		_, errs[g.Rank()] = train.Run(ctx, c)
		return nil
	})
	require.ErrorIs(t, errs[1], collectives.ErrClosed)
	for _, rank := range []int{0, 2} {
		require.ErrorIs(t, errs[rank], collectives.ErrPeerLost, "rank %d", rank)
		require.ErrorContains(t, errs[rank], "rank 1 lost", "rank %d", rank)
	}
}

func TestCheckpointCannotBeWritten(t *testing.T) {
	path := t.TempDir() + "/no/such/folder/run.safetensors"
	for rank, r := range onRanks(t, 2, train.AllReduce, func(_ int, c *train.Config) { c.Checkpoint = path }) {
		require.ErrorContains(t, r.err, path, "rank %d", rank)
	}
}
