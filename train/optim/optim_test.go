package optim_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/train/optim"
)

// variants are the optimizers with every term of their formulas in play.
var variants = append([]optim.Optimizer{
	optim.SGD{Momentum: 0.9, Dampening: 0.3, WeightDecay: 0.01},
	optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.01},
	optim.Adam{LR: 0.01, WeightDecay: 0.1},
	optim.AdamW{LR: 0.01, WeightDecay: 0.1},
}, optim.All...)

func TestAll(t *testing.T) {
	for _, o := range optim.All {
		assert.NoError(t, o.Validate(), "defaults of %s", o.Name())
		assert.Positive(t, o.Rate(), "default rate of %s", o.Name())
		got, err := optim.ByName(o.Name())
		assert.NoError(t, err)
		assert.Equal(t, o, got)
	}
	_, err := optim.ByName("sdg")
	assert.EqualError(t, err, `optim: no optimizer "sdg", want one of ["sgd" "adagrad" "adam" "adamw"]`)
}

// TestSlices cuts the parameter vector: the bits must not show it.
func TestSlices(t *testing.T) {
	const n = 20_011 // long enough for a step to be spread over threads
	for _, o := range variants {
		whole, w := o.New(n), random(1, n)
		pieces, cut := []optim.Stepper{}, slices.Clone(w)
		bounds := []int{0, 0, 1, 8, 4099, 12_345, n}
		for i := range len(bounds) - 1 {
			pieces = append(pieces, o.New(bounds[i+1]-bounds[i]))
		}
		for step := range 5 {
			g := random(uint64(step), n)
			before := slices.Clone(g)
			whole.Step(w, g, o.Rate())
			for i, p := range pieces {
				p.Step(cut[bounds[i]:bounds[i+1]], g[bounds[i]:bounds[i+1]], o.Rate())
			}
			require.Equal(t, before, g, "%+v modified the gradient", o)
		}
		require.Equal(t, w, cut, "%+v", o)
	}
}

// TestResume moves the state to a fresh Stepper in mid-run, as a checkpoint does, and expects the same bits.
func TestResume(t *testing.T) {
	const n = 37
	for _, o := range variants {
		straight, w := o.New(n), random(1, n)
		first, v := o.New(n), slices.Clone(w)
		for step := range 7 {
			g := random(uint64(step), n)
			straight.Step(w, g, 0.1)
			if step == 3 {
				second := o.New(n)
				from, to := first.State(), second.State()
				to.Steps = from.Steps
				for i, slot := range from.Slots {
					require.Equal(t, slot.Name, to.Slots[i].Name)
					copy(to.Slots[i].Data, slot.Data)
				}
				first = second
			}
			first.Step(v, g, 0.1)
		}
		require.Equal(t, w, v, "%+v", o)
	}
}

// TestDescends minimises Σ (w-target)², which every rule must bring down to nearly nothing.
func TestDescends(t *testing.T) {
	for _, o := range optim.All {
		w, g, target := random(1, 10), make([]float32, 10), random(2, 10)
		s, rate := o.New(10), 0.05
		if o.Name() == "adagrad" { // it divides its rate by more and more
			rate = 0.5
		}
		for step := range 2000 {
			for i := range g {
				g[i] = 2 * (w[i] - target[i])
			}
			s.Step(w, g, optim.RateAt(optim.Cosine{}, rate, step, 2000))
		}
		for i := range w {
			assert.InDelta(t, target[i], w[i], 0.02, "%s", o.Name()) // AdamW's decay of 0.01 pulls towards zero
		}
	}
}

func TestEmptyAndPanics(t *testing.T) {
	for _, o := range variants {
		s := o.New(0)
		s.Step(nil, nil, 0.1)
		assert.Equal(t, int64(1), s.State().Steps)
	}
	x := make([]float32, 3)
	assert.PanicsWithValue(t, "optim: SGD: Step: 3 weights and 3 gradients for a state of 4", func() { optim.SGD{}.New(4).Step(x, x, 1) })
	assert.PanicsWithValue(t, "optim: AdamW: Step: 3 weights and 2 gradients for a state of 3", func() { optim.AdamW{}.New(3).Step(x, x[:2], 1) })
}

func TestNoAllocation(t *testing.T) {
	for _, o := range variants {
		s, w, g := o.New(100_000), random(1, 100_000), random(2, 100_000)
		s.Step(w, g, 0.1)
		assert.Zero(t, alloctest.PerRun(20, func() { s.Step(w, g, 0.1) }), "%+v", o)
	}
}

func TestValidate(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		o    interface{ Validate() error }
		want string
	}{
		{optim.SGD{LR: -1}, "optim: SGD.LR = -1, want 0 <= LR < Inf"},
		{optim.SGD{LR: nan}, "optim: SGD.LR = NaN, want 0 <= LR < Inf"},
		{optim.SGD{Momentum: 1}, "optim: SGD.Momentum = 1, want 0 <= Momentum < 1"},
		{optim.SGD{Dampening: 1.5}, "optim: SGD.Dampening = 1.5, want 0 <= Dampening <= 1"},
		{optim.SGD{WeightDecay: inf}, "optim: SGD.WeightDecay = +Inf, want 0 <= WeightDecay < Inf"},
		{optim.SGD{Nesterov: true}, "optim: SGD.Nesterov = true with Momentum = 0 and Dampening = 0, want Momentum > 0 and Dampening = 0"},
		{optim.SGD{Momentum: 0.9, Dampening: 0.1, Nesterov: true}, "optim: SGD.Nesterov = true with Momentum = 0.9 and Dampening = 0.1, want Momentum > 0 and Dampening = 0"},
		{optim.Adam{LR: inf}, "optim: Adam.LR = +Inf, want 0 <= LR < Inf"},
		{optim.Adam{Beta1: 1.2}, "optim: Adam.Beta1 = 1.2, want 0 <= Beta1 < 1"},
		{optim.Adam{Beta2: 1}, "optim: Adam.Beta2 = 1, want 0 <= Beta2 < 1"},
		{optim.Adam{Eps: -1e-8}, "optim: Adam.Eps = -1e-08, want 0 <= Eps < Inf"},
		{optim.Adam{WeightDecay: -1}, "optim: Adam.WeightDecay = -1, want 0 <= WeightDecay < Inf"},
		{optim.AdamW{Beta1: -0.1}, "optim: AdamW.Beta1 = -0.1, want 0 <= Beta1 < 1"},
		{optim.Step{Every: -1}, "optim: Step.Every = -1, want Every >= 0"},
		{optim.Step{Gamma: 2}, "optim: Step.Gamma = 2, want 0 <= Gamma <= 1"},
		{optim.Cosine{Floor: nan}, "optim: Cosine.Floor = NaN, want 0 <= Floor <= 1"},
		{optim.Warmup{Then: optim.Step{Gamma: 2}}, "optim: Step.Gamma = 2, want 0 <= Gamma <= 1"},
	} {
		assert.EqualError(t, c.o.Validate(), c.want)
	}
}

func random(seed uint64, n int) []float32 { return randomOf[float32](seed, n) }

func randomOf[T vec.Float](seed uint64, n int) []T {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

// TestNewOf: one function for both element types, and a refusal of types made of them.
func TestNewOf(t *testing.T) {
	assert.IsType(t, optim.Adam{}.New(3), optim.NewOf[float32](optim.Adam{}, 3))
	assert.IsType(t, optim.Adam{}.New64(3), optim.NewOf[float64](optim.Adam{}, 3))
	type metres float64
	assert.PanicsWithValue(t, "optim: NewOf: elements of type optim_test.metres, want float32 or float64", func() {
		optim.NewOf[metres](optim.Adam{}, 3)
	})
}
