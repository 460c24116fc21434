package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// twoNorms has a normalisation behind a normalisation, the second in a checkpoint, which computes it once more in backward.
type twoNorms struct{ A, B *layers.BatchNorm }

func newTwoNorms() *twoNorms {
	m := &twoNorms{layers.NewBatchNorm(3), layers.NewBatchNorm(3)}
	m.A.Weight.Value().Uniform(rand.New(rand.NewPCG(5, 5)), 0.5, 2)
	layers.Cast(m, tensor.Float64)
	return m
}

func (m *twoNorms) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	y := autograd.Tanh(m.A.Forward(t, x))
	return autograd.Checkpoint(t, func(t *autograd.Tape, x []*autograd.Var) *autograd.Var { return m.B.Forward(t, x[0]) }, y)
}

// TestStatSync cuts a batch into partitions, some empty, on one to three ranks, and wants the results and gradients of one replica
// with the whole batch.
func TestStatSync(t *testing.T) {
	const n = 7
	rng := rand.New(rand.NewPCG(1, 2))
	x, r := tensor.New(tensor.Float64, n, 3, 5), tensor.New(tensor.Float64, n, 3, 5)
	x.Normal(rng, 4, 2)
	r.Uniform(rng, 0.5, 1.5)
	type outcome struct{ y, dx, dgain, mean []float64 }
	compute := func(s autograd.StatSync, lo, hi int) outcome {
		m := newTwoNorms()
		tape := autograd.NewTape(autograd.Train, nil)
		tape.SetStatSync(s)
		in := autograd.NewParam(x.Slice(0, lo, hi).Clone())
		y := m.Forward(tape, tape.Use(in))
		tape.Backward(autograd.Sum(autograd.Mul(y, tape.Const(r.Slice(0, lo, hi)))))
		return outcome{tensor.Data[float64](y.Value()), tensor.Data[float64](tape.Grad(in)), tensor.Data[float64](tape.Grad(m.A.Weight)),
			tensor.Data[float64](m.B.RunningMean.Value())}
	}
	whole := compute(nil, 0, n)
	for _, sizes := range [][]int{{3, 4}, {1, 1, 5}, {7, 0}, {0, 3, 0, 4, 0}} {
		for ranks := 1; ranks <= min(3, len(sizes)); ranks++ {
			t.Run(fmt.Sprintf("%v on %d", sizes, ranks), func(t *testing.T) {
				parts := make([]outcome, len(sizes))
				require.NoError(t, launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
					from, to := collectives.Slice(len(sizes), ranks, g.Rank())
					s, err := newStatSync(ctx, g, to-from)
					if err != nil {
						return err
					}
					defer s.close()
					s.begin(ctx)
					var wg sync.WaitGroup
					for part := from; part < to; part++ {
						wg.Go(func() {
							defer s.leave()
							lo := 0
							for _, size := range sizes[:part] {
								lo += size
							}
							if sizes[part] > 0 {
								parts[part] = compute(statMember{s, part - from}, lo, lo+sizes[part])
							}
						})
					}
					wg.Wait()
					return s.err
				}))
				var got outcome
				got.dgain = make([]float64, 3)
				for _, p := range parts {
					got.y, got.dx = append(got.y, p.y...), append(got.dx, p.dx...)
					for i, v := range p.dgain { // each replica's own share
						got.dgain[i] += v
					}
					if p.mean != nil {
						require.InDeltaSlice(t, whole.mean, p.mean, 1e-10)
					}
				}
				require.InDeltaSlice(t, whole.y, got.y, 1e-10)
				require.InDeltaSlice(t, whole.dx, got.dx, 1e-10)
				require.InDeltaSlice(t, whole.dgain, got.dgain, 1e-10)
			})
		}
	}
}

// TestStatSyncEnds wants partitions that do not run the same layers, and those whose group fails, to get an error and not to wait.
func TestStatSyncEnds(t *testing.T) {
	sum := func(s *statSync, i, n int) (err error) {
		defer s.leave()
		defer func() { err, _ = recover().(error) }()
		statMember{s, i}.Sum(make([]float64, n))
		return nil
	}
	both := func(ctx context.Context, g *collectives.Group, n int, before func(*statSync)) []error {
		s, err := newStatSync(ctx, g, 2)
		require.NoError(t, err)
		s.begin(ctx)
		before(s)
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = sum(s, i, n) })
		}
		wg.Wait()
		return errs
	}
	_ = launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		for _, err := range both(ctx, g, 3+g.Rank(), func(*statSync) {}) {
			require.ErrorContains(t, err, "batch normalisations of 3 and 4 numbers at the same time")
		}
		return nil
	})
	for _, err := range both(t.Context(), collectives.Alone(), 3, func(s *statSync) { s.close() }) {
		require.Error(t, err)
		require.False(t, errors.Is(err, context.DeadlineExceeded))
	}
}
