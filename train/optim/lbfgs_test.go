package optim_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/train/optim"
)

// losses are those of testdata/lbfgs.py, with their gradients.
func losses[T vec.Float](name string) func(w, g []T) float64 {
	if name == "rosenbrock" {
		return func(w, g []T) (loss float64) {
			clear(g)
			for i := range len(w) - 1 {
				a, b := w[i+1]-w[i]*w[i], 1-w[i]
				loss += float64(100*a*a + b*b)
				g[i] += -400*a*w[i] - 2*b
				g[i+1] += 200 * a
			}
			return loss
		}
	}
	return func(w, g []T) (loss float64) {
		var sum T
		for _, v := range w {
			sum += v
		}
		loss = float64(sum*sum) * 1e-2
		for i := range w {
			d := w[i] - T(i)
			loss += float64(d*d*d*d) * 1e-3
			g[i] = 4e-3*d*d*d + 2e-2*sum
		}
		return loss
	}
}

func start[T vec.Float]() (w []T) { return []T{-1.2, 1, 0.5, -0.5, 2, 0} }

// TestLBFGS follows PyTorch's weights, iterations and evaluations from step to step. Both round, in other orders; what a
// rounding becomes depends on how curved the loss is, and for these it stays below 1e-9.
func TestLBFGS(t *testing.T) {
	var list []struct {
		Loss   string
		Fields optim.LBFGS
		Trace  []struct {
			Loss                    float64
			Weights                 []float64
			Evaluations, Iterations int64
		}
	}
	read(t, "testdata/lbfgs.json", &list)
	for _, c := range list {
		t.Run(fmt.Sprintf("%s %+v", c.Loss, c.Fields), func(t *testing.T) {
			f, w, g := losses[float64](c.Loss), start[float64](), make([]float64, 6)
			l := optim.NewLBFGS[float64](c.Fields, 6)
			for i, want := range c.Trace {
				loss := l.Step(w, func() (float64, []float64) { return f(w, g), g })
				assert.InDelta(t, want.Loss, loss, 1e-9*max(1, want.Loss), "step %d", i)
				assert.InDeltaSlice(t, want.Weights, w, 1e-9*max(1, slices.Max(want.Weights)), "step %d", i)
				assert.Equal(t, want.Iterations, l.State().Iterations, "step %d", i)
				assert.Equal(t, want.Evaluations, l.State().Evaluations, "step %d", i)
			}
		})
	}
}

// TestLBFGS32: float32 finds float64's minimum, which is not the one where all weights are 1.
func TestLBFGS32(t *testing.T) {
	want := minimise[float64]()
	assert.InDelta(t, -0.99, want[0], 0.01)
	for i, v := range minimise[float32]() {
		assert.InDelta(t, want[i], float64(v), 1e-3)
	}
}

func minimise[T vec.Float]() []T {
	f, w, g := losses[T]("rosenbrock"), start[T](), make([]T, 6)
	l := optim.NewLBFGS[T](optim.LBFGS{StrongWolfe: true}, 6)
	for range 10 {
		l.Step(w, func() (float64, []T) { return f(w, g), g })
	}
	return w
}

// TestLBFGSResume moves the state to a fresh stepper after each step, and expects the same bits.
func TestLBFGSResume(t *testing.T) {
	for _, o := range []optim.LBFGS{{StrongWolfe: true, Iterations: 3, History: 2}, {LR: 0.05, Iterations: 3}} {
		f, w, g := losses[float64]("rosenbrock"), start[float64](), make([]float64, 6)
		v := start[float64]()
		straight, moved := optim.NewLBFGS[float64](o, 6), optim.NewLBFGS[float64](o, 6)
		for range 6 {
			straight.Step(w, func() (float64, []float64) { return f(w, g), g })
			moved.Step(v, func() (float64, []float64) { return f(v, g), g })
			require.Equal(t, w, v)
			s := *moved.State()
			s.Direction, s.Gradient, s.Inverse = slices.Clone(s.Direction), slices.Clone(s.Gradient), slices.Clone(s.Inverse)
			s.Changes, s.Steps = cloneAll(s.Changes), cloneAll(s.Steps)
			moved = optim.NewLBFGS[float64](o, 6)
			*moved.State() = s
		}
	}
}

func cloneAll(list [][]float64) (all [][]float64) {
	for _, x := range list {
		all = append(all, slices.Clone(x))
	}
	return all
}

func TestLBFGSEdges(t *testing.T) {
	// A loss that is not a number beyond a wall: the line search stays before it.
	w, g := []float64{3}, []float64{0}
	l := optim.NewLBFGS[float64](optim.LBFGS{StrongWolfe: true, LR: 8}, 1)
	for range 5 {
		l.Step(w, func() (float64, []float64) {
			g[0] = 1 - 1/w[0]
			return w[0] - math.Log(w[0]), g // NaN below 0
		})
	}
	assert.InDelta(t, 1, w[0], 1e-6)

	// Nothing moves where the loss is not a number, or the gradient 0, and an empty model has nothing to move.
	for _, loss := range []float64{math.NaN(), 1} {
		w := []float64{3}
		optim.NewLBFGS[float64](optim.LBFGS{}, 1).Step(w, func() (float64, []float64) {
			if loss == 1 {
				return loss, []float64{0}
			}
			return loss, []float64{1}
		})
		assert.Equal(t, []float64{3}, w)
	}
	assert.Equal(t, 7.0, optim.NewLBFGS[float32](optim.LBFGS{}, 0).Step(nil, func() (float64, []float32) { return 7, nil }))

	assert.PanicsWithValue(t, "optim: LBFGS.History = -1, want History >= 0", func() { optim.NewLBFGS[float32](optim.LBFGS{History: -1}, 1) })
	assert.EqualError(t, optim.LBFGS{GradTolerance: -1}.Validate(), "optim: LBFGS.GradTolerance = -1, want 0 <= GradTolerance < Inf")
	assert.PanicsWithValue(t, "optim: LBFGS: Step: 2 weights for a state of 1", func() { l.Step(make([]float64, 2), nil) })
	assert.PanicsWithValue(t, "optim: LBFGS: Step: a gradient of 2 for a state of 1", func() {
		l.Step(w, func() (float64, []float64) { return 0, make([]float64, 2) })
	})
}
