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
	optim.Adam{LR: 0.01, WeightDecay: 0.1, AMSGrad: true},
	optim.AdamW{LR: 0.01, WeightDecay: 0.1, AMSGrad: true},
	optim.Adamax{LR: 0.01, WeightDecay: 0.1},
	optim.NAdam{LR: 0.01, WeightDecay: 0.1, MomentumDecay: 0.1},
	optim.NAdam{LR: 0.01, WeightDecay: 0.1, Decoupled: true},
	optim.RAdam{LR: 0.01, WeightDecay: 0.1, Beta2: 0.9},
	optim.RAdam{LR: 0.01, WeightDecay: 0.1, Decoupled: true},
	optim.Adagrad{LR: 0.1, LRDecay: 0.1, WeightDecay: 0.1, Initial: 0.1},
	optim.Adadelta{WeightDecay: 0.1},
	optim.RMSprop{WeightDecay: 0.1, Momentum: 0.5, Centered: true},
	optim.Lion{LR: 0.01, WeightDecay: 0.1},
	optim.FTRL{LR: 0.5, L1: 0.1, L2: 0.1, Shrinkage: 0.1, Beta: 0.1},
	optim.LARS{Trust: 0.02, WeightDecay: 0.1},
	optim.LARS{Momentum: optim.Zero, WeightDecay: optim.Zero, Always: true},
	optim.LAMB{LR: 0.01, WeightDecay: 0.1},
}, optim.All...)

// elementwise are those of variants that go by elements.
var elementwise = slices.DeleteFunc(slices.Clone(variants), isLayerWise)

func isLayerWise(o optim.Optimizer) bool {
	_, ok := o.New(0).(optim.LayerWise[float32])
	return ok
}

func TestAll(t *testing.T) {
	for _, o := range optim.All {
		assert.NoError(t, o.Validate(), "defaults of %s", o.Name())
		assert.Positive(t, o.Rate(), "default rate of %s", o.Name())
		got, err := optim.ByName(o.Name())
		assert.NoError(t, err)
		assert.Equal(t, o, got)
	}
	_, err := optim.ByName("sdg")
	assert.EqualError(t, err, `optim: no optimizer "sdg", the nearest is "sgd" of sgd, adagrad, rmsprop, adadelta, ftrl, adam, adamax, `+
		`nadam, lars, adamw, lamb, radam, lion`)
}

// TestSlices cuts the parameter vector: the bits must not show it.
func TestSlices(t *testing.T) {
	cutInSlices[float32](t)
	cutInSlices[float64](t)
}

func cutInSlices[T vec.Float](t *testing.T) {
	const n = 20_011 // long enough for a step to be spread over threads
	for _, o := range elementwise {
		whole, w := optim.NewOf[T](o, n), randomOf[T](1, n)
		pieces, cut := []optim.StepperOf[T]{}, slices.Clone(w)
		bounds := []int{0, 0, 1, 8, 4099, 12_345, n}
		for i := range len(bounds) - 1 {
			pieces = append(pieces, optim.NewOf[T](o, bounds[i+1]-bounds[i]))
		}
		for step := range 5 {
			g := randomOf[T](uint64(step), n)
			before := slices.Clone(g)
			whole.Step(w, g, o.Rate())
			for i, p := range pieces {
				p.Step(cut[bounds[i]:bounds[i+1]], g[bounds[i]:bounds[i+1]], o.Rate())
			}
			require.True(t, slices.Equal(before, g), "%+v modified the gradient", o)
		}
		require.True(t, slices.Equal(w, cut), "%T of %+v differ", w, o)
	}
}

// TestResume moves the state to a fresh Stepper in mid-run, as a checkpoint does, and expects the same bits.
func TestResume(t *testing.T) {
	resume[float32](t)
	resume[float64](t)
}

func resume[T vec.Float](t *testing.T) {
	const n = 37
	for _, o := range variants {
		straight, w := optim.NewOf[T](o, n), randomOf[T](1, n)
		first, v := optim.NewOf[T](o, n), slices.Clone(w)
		for step := range 7 {
			g := randomOf[T](uint64(step), n)
			straight.Step(w, g, 0.1)
			if step == 3 {
				second := optim.NewOf[T](o, n)
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
		switch o.Name() {
		case "adagrad", "ftrl": // they divide their rate by more and more
			rate = 0.5
		case "adadelta", "lars": // these by a factor of their own
			rate = 2
		}
		for step := range 2000 {
			for i := range g {
				g[i] = 2 * (w[i] - target[i])
			}
			lr := optim.RateAt(optim.Cosine{}, rate, step, 2000)
			if o.Name() == "ftrl" { // its rate is to be constant
				lr = rate
			}
			s.Step(w, g, lr)
		}
		for i := range w {
			assert.InDelta(t, target[i], w[i], 0.02, "%s", o.Name()) // AdamW's and LAMB's decay of 0.01 pull towards zero
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
		assert.Zero(t, alloctest.PerRun(5, func() { s.Step(w, g, 0.1) }), "%+v", o)
		d, v, h := o.New64(20_000), randomOf[float64](1, 20_000), randomOf[float64](2, 20_000)
		d.Step(v, h, 0.1)
		assert.Zero(t, alloctest.PerRun(5, func() { d.Step(v, h, 0.1) }), "float64: %+v", o)
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
		{optim.Adamax{Beta2: 1}, "optim: Adamax.Beta2 = 1, want 0 <= Beta2 < 1"},
		{optim.NAdam{MomentumDecay: -1}, "optim: NAdam.MomentumDecay = -1, want 0 <= MomentumDecay < Inf"},
		{optim.NAdam{Eps: -1}, "optim: NAdam.Eps = -1, want 0 <= Eps < Inf"},
		{optim.RAdam{LR: nan}, "optim: RAdam.LR = NaN, want 0 <= LR < Inf"},
		{optim.Adadelta{Rho: 1.5}, "optim: Adadelta.Rho = 1.5, want 0 <= Rho <= 1"},
		{optim.RMSprop{Alpha: -1}, "optim: RMSprop.Alpha = -1, want 0 <= Alpha <= 1"},
		{optim.RMSprop{Momentum: 1}, "optim: RMSprop.Momentum = 1, want 0 <= Momentum < 1"},
		{optim.Lion{Beta2: 1}, "optim: Lion.Beta2 = 1, want 0 <= Beta2 < 1"},
		{optim.FTRL{Power: 0.5}, "optim: FTRL.Power = 0.5, want -1 <= Power <= 0"},
		{optim.FTRL{L1: -1}, "optim: FTRL.L1 = -1, want 0 <= L1 < Inf"},
		{optim.LARS{Trust: -1}, "optim: LARS.Trust = -1, want 0 <= Trust < Inf"},
		{optim.LAMB{WeightDecay: inf}, "optim: LAMB.WeightDecay = +Inf, want 0 <= WeightDecay < Inf"},
		{optim.MultiStep{Milestones: []int{3, -1}}, "optim: MultiStep.Milestones[1] = -1, want Milestones >= 0"},
		{optim.Exponential{Gamma: 1.1}, "optim: Exponential.Gamma = 1.1, want 0 <= Gamma <= 1"},
		{optim.Polynomial{Steps: -1}, "optim: Polynomial.Steps = -1, want Steps >= 0"},
		{optim.Polynomial{Power: -1}, "optim: Polynomial.Power = -1, want 0 <= Power < Inf"},
		{optim.Restarts{Every: -1}, "optim: Restarts.Every = -1, want Every >= 0"},
		{optim.Restarts{Mult: -1}, "optim: Restarts.Mult = -1, want Mult >= 0"},
		{optim.OneCycle{Rise: 2}, "optim: OneCycle.Rise = 2, want 0 <= Rise <= 1"},
		{optim.OneCycle{Rise: 0.6, ThreePhase: true}, "optim: OneCycle.Rise = 0.6 with ThreePhase, want 0 <= Rise <= 0.5"},
		{optim.Cyclic{Up: -1}, "optim: Cyclic.Up = -1 and Down = 0, want both >= 0"},
		{optim.Cyclic{Gamma: 2}, "optim: Cyclic.Gamma = 2, want 0 <= Gamma <= 1"},
		{optim.Plateau{Mode: "low"}, `optim: Plateau.Mode = "low", want min or max`},
		{optim.Plateau{Factor: 2}, "optim: Plateau.Factor = 2, want 0 <= Factor <= 1"},
		{optim.Plateau{Of: optim.Step{Gamma: 2}}, "optim: Step.Gamma = 2, want 0 <= Gamma <= 1"},
		{optim.Warmup{Then: optim.Plateau{}}, "optim: optim.Plateau inside another schedule: want it outermost, with the other one in its Of"},
		{optim.Chain{Schedules: make([]optim.Schedule, 3), At: []int{1}}, "optim: Chain.At has 1 steps for 3 schedules, want one fewer than these"},
		{optim.Chain{Schedules: make([]optim.Schedule, 3), At: []int{5, 4}}, "optim: Chain.At[1] = 4 after 5, want ascending steps from 0"},
		{optim.Chain{Schedules: []optim.Schedule{nil, optim.Step{Every: -1}}}, "optim: Chain.Schedules[1]: optim: Step.Every = -1, want Every >= 0"},
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
