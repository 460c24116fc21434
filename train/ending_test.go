package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestStop lets one rank of several say at different moments that it is enough: no step follows, on any rank, and
// there is no error.
func TestStop(t *testing.T) {
	for sync, ranks := range map[train.Sync]int{train.AllReduce: 3, train.Sharded: 1} {
		for _, c := range []struct {
			name          string
			change        func(c *train.Config)
			steps, epochs int // taken in the epoch that was not finished, and finished
		}{
			{"at the start", func(c *train.Config) { c.OnStart = func(train.Start) error { return train.Stop } }, 0, 0},
			{"in an epoch", func(c *train.Config) {
				c.OnStep = func(s train.Step) error {
					if s.Epoch == 2 && s.Step == 3 {
						return fmt.Errorf("it is enough: %w", train.Stop)
					}
					return nil
				}
			}, 3, 1},
			{"at its last step", func(c *train.Config) {
				c.OnStep = func(s train.Step) error {
					if s.Step == s.Steps {
						return train.Stop
					}
					return nil
				}
			}, 7, 0},
			{"after an epoch", func(c *train.Config) { c.OnEpoch = func(train.Epoch) error { return train.Stop } }, 0,
				1},
		} {
			t.Run(fmt.Sprintf("%v/%d/%s", sync, ranks, c.name), func(t *testing.T) {
				path := t.TempDir() + "/run.safetensors"
				var forwards atomic.Int64
				for rank, r := range onRanks(t, ranks, sync, func(rank int, cfg *train.Config) {
					cfg.Checkpoint, cfg.Partitions, cfg.Test = path, ranks, nil
					if rank == ranks-1 {
						cfg.Model = layers.Sequential{layers.Func(func(x *autograd.Var) *autograd.Var {
							forwards.Add(1)
							return x
						}), cfg.Model.(layers.Layer)}
						c.change(cfg)
					} else {
						cfg.Model = layers.Sequential{layers.Identity{}, cfg.Model.(layers.Layer)}
					}
				}) {
					require.NoError(t, r.err, "rank %d", rank)
					require.True(t, r.report.Stopped)
					require.Equal(t, c.steps, r.report.Steps)
					require.Len(t, r.report.Epochs, c.epochs)
				}
				require.EqualValues(t, 7*c.epochs+c.steps, forwards.Load(),
					"no step more, on the rank that has said so")
				if c.name == "at the start" {
					return
				}
				// What it leaves is a checkpoint to go on from, to the bits of a run that never stopped.
				want := onRanks(t, ranks, sync, func(_ int, cfg *train.Config) {
					cfg.Partitions, cfg.Test = ranks,
						nil
				})
				got := onRanks(t, ranks, sync, func(_ int, cfg *train.Config) {
					cfg.Model = layers.Sequential{layers.Identity{}, cfg.Model.(layers.Layer)}
					cfg.Checkpoint, cfg.Resume, cfg.Partitions, cfg.Test = path, train.MustResume, ranks, nil
				})
				requireAll(t, want[0], got)
			})
		}
	}
}

var errEnough = errors.New("no room on the disk")

// TestCallbackFails lets a function of the user's fail on one rank: its own error there, and one with its text on the
// others.
func TestCallbackFails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *train.Config)
		want   string
	}{
		"OnStart": {func(c *train.Config) { c.OnStart = func(train.Start) error { return errEnough } },
			"no room"},
		"OnStep": {func(c *train.Config) { c.OnStep = func(train.Step) error { return errEnough } }, "no room"},
		"OnEpoch": {func(c *train.Config) { c.OnEpoch = func(train.Epoch) error { return errEnough } },
			"no room"},
		"OnStep panics": {func(c *train.Config) { c.OnStep = func(train.Step) error { panic(errEnough) } },
			"train: Config.OnStep: no room on the disk ("},
	} {
		t.Run(name, func(t *testing.T) {
			for rank, r := range onRanks(t, 3, train.Sharded, func(rank int, cfg *train.Config) {
				if rank == 1 {
					c.change(cfg)
				}
			}) {
				require.ErrorContains(t, r.err, c.want, "rank %d", rank)
				require.Equal(t, rank == 1, errors.Is(r.err, errEnough))
				require.NotNil(t, r.report)
			}
		})
	}
}

// leaver is a source in which reading sample 50 ends the goroutine.
type leaver struct{ dataset.Source }

func (l leaver) Fill(b *dataset.Batch, index []int) error {
	for _, i := range index {
		if i == 50 {
			runtime.Goexit()
		}
	}
	return l.Source.Fill(b, index)
}

// TestGoexit ends goroutines in the model and in the data, as FailNow of a test does: an error on all ranks, and
// nobody waits.
func TestGoexit(t *testing.T) {
	exit := layers.Func(func(x *autograd.Var) *autograd.Var { runtime.Goexit(); return x })
	for name, change := range map[string]func(c *train.Config){
		"layer":      func(c *train.Config) { c.Model = layers.Sequential{c.Model.(layers.Layer), exit} },
		"data":       func(c *train.Config) { c.Train = leaver{c.Train} },
		"evaluation": func(c *train.Config) { c.Train, c.Test = blobs(16, 1), leaver{blobs(101, 2)} },
	} {
		for _, cut := range []struct{ ranks, parts int }{{1, 1}, {1, 4}, {2, 8}} {
			t.Run(fmt.Sprintf("%s/%d/%d", name, cut.ranks, cut.parts), func(t *testing.T) {
				for rank, r := range onRanks(t, cut.ranks, train.AllReduce, func(_ int, c *train.Config) {
					c.Partitions, c.Workers = cut.parts, 2
					change(c)
				}) {
					require.ErrorContains(t, r.err, "runtime.Goexit", "rank %d", rank)
				}
			})
		}
	}
}

// odd is a schedule that gives one rate at step 9.
type odd struct{ rate float64 }

func (o odd) Rate(base float64, step, _ int) float64 {
	if step == 9 {
		return o.rate
	}
	return base
}

func TestLoopScheduleRefused(t *testing.T) {
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1)} {
		m := newTwo()
		l := newLoop(t, train.LoopConfig{Model: m, Schedule: odd{rate}})
		for range 9 {
			require.NoError(t, m.step(l, []float32{1, 1}, []float32{1}))
		}
		before := m.values()
		err := m.step(l, []float32{1, 1}, []float32{1})
		require.EqualError(t, err, fmt.Sprintf("train: Loop.Step: LoopConfig.Schedule gives the learning rate %v "+
			"for the optimizer's 0.01, want 0 <= rate < Inf in step 10; the weights are those before it", rate))
		require.Equal(t, before, m.values())
		require.NoError(t, m.step(l, []float32{1, 1}, []float32{1}), "without that step the loop may go on")
	}
}

func TestScheduleRefused(t *testing.T) {
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1)} {
		for _, r := range onRanks(t, 2, train.AllReduce, func(_ int, c *train.Config) { c.Schedule = odd{rate} }) {
			require.ErrorContains(t, r.err, fmt.Sprintf("gives the learning rate %v for the optimizer's 0.01, "+
				"want 0 <= rate < Inf at epoch 2, step 3", rate))
			require.Len(t, r.report.Epochs, 1)
		}
	}
	c := config(train.AllReduce)
	c.Schedule = odd{0}
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err, "a rate of 0 is one")
}

// Two runs of one model, or of models that share a parameter, would race: the second is refused, and does not harm
// the first.
func TestTwoRunsOfOneModel(t *testing.T) {
	c := config(train.AllReduce)
	shared := newNet()
	shared.Out = c.Model.(*net).Out
	c.OnStep = func(s train.Step) error {
		if s.Step > 1 {
			return nil
		}
		for _, model := range []any{c.Model, shared} {
			second := config(train.AllReduce)
			second.Model = model
			_, err := train.Run(t.Context(), second)
			if err == nil {
				return errors.New("the second Run trained")
			}
			require.ErrorContains(t, err, "another Run trains its parameter")
		}
		return nil
	}
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	_, err = train.Run(t.Context(), config(train.AllReduce))
	require.NoError(t, err)
	c.OnStep = nil
	_, err = train.Run(t.Context(), c)
	require.NoError(t, err, "afterwards it may be trained again")
}

// A panic says where the user's own code was, and with %+v by which way it came there.
func TestPanicSaysWhere(t *testing.T) {
	c := config(train.AllReduce)
	c.Model = layers.Sequential{c.Model.(layers.Layer), layers.Func(func(x *autograd.Var) *autograd.Var {
		var none []int
		_ = none[x.Rank()+2]
		return x
	})}
	_, err := train.Run(t.Context(), c)
	require.ErrorContains(t, err, "train: forward and backward of partition 0: layers: 1 (Func): runtime error: "+
		"index out of range [4] with length 0 (")
	require.Regexp(t, `\(ending_test\.go:\d+, train_test\.TestPanicSaysWhere\.func\d+\)$`, err.Error())
	require.Contains(t, fmt.Sprintf("%+v", err), "layers.Sequential.Forward")
	require.NotContains(t, fmt.Sprintf("%v", err), "\n")
}

// TestNoEpochs evaluates the model as it is.
func TestNoEpochs(t *testing.T) {
	for _, ranks := range []int{1, 2} {
		for _, r := range onRanks(t, ranks, train.AllReduce, func(_ int, c *train.Config) { c.Epochs = -1 }) {
			require.NoError(t, r.err)
			require.Equal(t, weights(newNet()), r.weights)
			require.Empty(t, r.report.Epochs)
			want, err := train.Evaluate(t.Context(), train.Config{Model: newNet(), Loss: layers.CrossEntropy{},
				BatchSize: 16}, blobs(40, 2))
			require.NoError(t, err)
			require.Equal(t, want, r.report.Test())
		}
	}
}

// slow is an optimizer whose name, which a checkpoint says, may take long to say: it stands for a slow disk.
type slow struct {
	optim.Adam
	say func()
}

func (s slow) Name() string { s.say(); return "slow" }

// TestSlowCheckpoint writes and reads a checkpoint for longer than the ranks' timeout, and lets OnEpoch take as long:
// the others wait.
func TestSlowCheckpoint(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	for epochs, mode := range []train.ResumeMode{train.NoResume, train.MustResume} {
		err := launch.Local(t.Context(), 3, collectives.Config{Timeout: 100 * time.Millisecond},
			func(ctx context.Context, g *collectives.Group) error {
				c := config(train.Sharded)
				asked := 0
				c.Optimizer = slow{optim.Adam{LR: 0.01}, func() {
					// The first and the third time the ranks have compared what they are told, in time.
					if asked++; asked%2 == 0 && g.Rank() == 0 {
						time.Sleep(150 * time.Millisecond)
					}
				}}
				c.Group, c.Checkpoint, c.Resume, c.Epochs = g, path, mode, epochs+1
				if g.Rank() == 0 {
					c.OnEpoch = func(train.Epoch) error { time.Sleep(150 * time.Millisecond); return nil }
				}
				_, err := train.Run(ctx, c)
				return err
			})
		require.NoError(t, err)
	}
}

// A rank that takes no part in a step any more leaves the normalisations to the others.
func TestStopInSyncBatchNorm(t *testing.T) {
	for rank, r := range onRanks(t, 3, train.Sharded, func(rank int, c *train.Config) {
		c.Model, c.SyncBatchNorm = normalised(), true
		c.OnStep = func(s train.Step) error {
			if s.Step == 3 && rank == 1 {
				return train.Stop
			}
			return nil
		}
	}) {
		require.NoError(t, r.err, "rank %d", rank)
		require.Equal(t, 3, r.report.Steps)
	}
}
