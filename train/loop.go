package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// LoopConfig says how a Loop trains. Model is needed; the zero value of every other field trains something sensible.
type LoopConfig struct {
	// Model is any struct of layers: its parameters are found by [layers.Params] and must be Float32 or Float64, all of
	// them alike.
	Model any
	// Optimizer turns gradients into updates. Default: optim.SGD with its default learning rate.
	Optimizer optim.Optimizer
	// ParamGroups give parameters whose names match a pattern a learning rate or a weight decay of their own, as
	// [Config.ParamGroups].
	ParamGroups []optim.Group
	// Schedule changes the learning rate from step to step. Default: constant. Steps is the number of steps that it is
	// told it has in all; a schedule that goes by it, as optim.Cosine does, needs it.
	Schedule optim.Schedule
	Steps    int
	// ClipNorm, if it is above 0, is the largest norm that the gradients of all parameters together, as one vector, are
	// stepped with: longer ones are made that long. Source: Pascanu, Mikolov and Bengio, arXiv:1211.5063; PyTorch's
	// clip_grad_norm_.
	ClipNorm float64
	// Seed fixes every random number that layers draw. Initial weights are the model's own.
	Seed uint64
}

// Loop is what a training loop written by hand needs besides the model: a tape, the gradients, the optimizer's state,
// clipping, and a file for all of it. Where [Run] does what is wanted, use that: it also reads data ahead, evaluates,
// and trains on many ranks.
//
//	loop, err := train.NewLoop(train.LoopConfig{Model: net, Optimizer: optim.AdamW{LR: 1e-3}, ClipNorm: 1})
//	…
//	for x, target := range batches {
//		tape := loop.Tape()
//		loop.Backward(loss.Loss(tape, net.Forward(tape, tape.Const(x)), target))
//		if err := loop.Step(); err != nil {
//			return err
//		}
//	}
//
// Parameters may be frozen and unfrozen between steps. As in PyTorch, one without a gradient in a step, because it is
// frozen or because no forward pass of the step used it, is left alone: neither weight decay nor momentum moves it, and
// its own steps, which Adam's correction of its moments goes by, are not counted. One that was used counts as having a
// gradient, be it of zeros. Sparse parameters are stepped as dense ones. A Loop belongs to one goroutine.
type Loop struct {
	c        LoopConfig
	params   []layers.NamedParam
	recipes  map[*autograd.Param]recipe
	steppers map[*autograd.Param]paramStepper // of those that have been stepped
	dtype    tensor.DType                     // of all parameters

	set   *autograd.Set // of those that are not frozen now
	grad  *tensor.Tensor
	used  map[*autograd.Param]bool // have a gradient
	tape  *autograd.Tape
	at    loopPosition
	fresh bool // no Backward since the last step
}

// loopPosition says how far a loop has come.
type loopPosition struct {
	Step  int    // steps taken
	Tapes uint64 // calls of Tape: what random numbers go by

	Schedule optim.FeedbackState // of a schedule that hears of a metric
}

// recipe is how a parameter is stepped.
type recipe struct {
	optimizer optim.Optimizer
	factor    float64 // of the learning rate
}

// NewLoop returns a Loop before its first step. It returns an error if the optimizer, a group or the schedule is not
// valid, if a group's pattern matches nothing, or if parameters are neither all Float32 nor all Float64.
func NewLoop(c LoopConfig) (*Loop, error) {
	if c.Optimizer == nil {
		c.Optimizer = optim.SGD{}
	}
	if err := c.Optimizer.Validate(); err != nil {
		return nil, fmt.Errorf("train: LoopConfig.Optimizer: %w", err)
	}
	for i, g := range c.ParamGroups {
		if err := g.Validate(c.Optimizer); err != nil {
			return nil, fmt.Errorf("train: LoopConfig.ParamGroups[%d]: %w", i, err)
		}
	}
	if err := optim.ValidateSchedule(c.Schedule); err != nil {
		return nil, fmt.Errorf("train: LoopConfig.Schedule: %w", err)
	}
	if c.Steps < 0 {
		return nil, fmt.Errorf("train: LoopConfig.Steps = %d, want at least 0", c.Steps)
	}
	if c.Steps == 0 && goesByTotal(c.Schedule) {
		return nil, fmt.Errorf("train: LoopConfig.Steps = 0, and the rates of LoopConfig.Schedule (%T) depend on it: "+
			"want the number of steps in all", c.Schedule)
	}
	if !(c.ClipNorm >= 0) {
		return nil, fmt.Errorf("train: LoopConfig.ClipNorm = %v, want at least 0", c.ClipNorm)
	}
	l := &Loop{c: c, params: layers.Params(c.Model), tape: autograd.NewTape(autograd.Train, nil), fresh: true,
		recipes: map[*autograd.Param]recipe{}, steppers: map[*autograd.Param]paramStepper{},
		used: map[*autograd.Param]bool{}}
	if len(l.params) == 0 {
		return nil, fmt.Errorf("train: LoopConfig.Model (%T) has no parameters in exported fields", c.Model)
	}
	var err error
	if l.dtype, err = elementsOf(l.params); err != nil {
		return nil, err
	}
	g, err := newGroups(Config{Model: c.Model, Optimizer: c.Optimizer, ParamGroups: c.ParamGroups},
		autograd.NewSet(nil))
	if err != nil {
		return nil, err
	}
	for _, p := range l.params {
		o, factor := g.recipe(p.Param)
		l.recipes[p.Param] = recipe{o, factor}
	}
	return l, nil
}

// goesByTotal says whether a schedule's rates depend on how many steps there are.
func goesByTotal(s optim.Schedule) bool {
	const total = 1000
	for step := range total {
		a, b := optim.RateAt(s, 1, step, 0), optim.RateAt(s, 1, step, total)
		if a != b && !math.IsNaN(a-b) { // Step refuses what is not finite
			return true
		}
	}
	return false
}

// Tape returns an empty training tape for a forward pass; what the last one held is stale. It draws random numbers that
// depend on Seed and on how many tapes there have been. It is always the same tape, so that hooks set on it stay;
// GradsInto is the Loop's.
func (l *Loop) Tape() *autograd.Tape {
	l.tape.Reset(rand.New(rand.NewPCG(l.c.Seed, l.at.Tapes)))
	l.at.Tapes++
	l.gather()
	return l.tape
}

// gather makes the set anew if it does not hold exactly the parameters that are to be trained now.
func (l *Loop) gather() {
	same := l.set != nil
	var all []*autograd.Param
	for _, p := range l.params {
		all = append(all, p.Param)
		same = same && l.set.Has(p.Param) != p.Frozen
	}
	if same {
		return
	}
	if !l.fresh {
		panic("train: Loop.Tape: parameters were frozen, unfrozen or moved to another Set between Backward and Step")
	}
	l.set = autograd.NewSet(all)
	l.grad = tensor.New(l.dtype, l.set.Len())
	l.tape.GradsInto(l.set, l.grad)
}

// Backward adds the gradients of loss, one element on Tape's tape, to those since the last Step, so that several
// batches can make one step.
func (l *Loop) Backward(loss *autograd.Var) { l.BackwardScaled(loss, 1) }

// BackwardScaled is Backward for scale·loss: 1/n for each of n batches of one step.
func (l *Loop) BackwardScaled(loss *autograd.Var, scale float64) {
	l.fresh = false
	l.tape.BackwardScaled(loss, scale)
	for _, p := range l.set.Params() {
		if !l.used[p] && l.tape.Grad(p) != nil {
			l.used[p] = true
		}
	}
}

// Gradients returns what Backward has added up since the last Step, of all parameters that are not frozen, one behind
// the other in the order of [layers.Params]: memory of the Loop's, to be read, or changed before Step: an AllReduce of
// it trains on many ranks. It is nil before the first Tape.
func (l *Loop) Gradients() *tensor.Tensor { return l.grad }

// Norm returns the norm of Gradients as one vector, in float64; the order of the sum depends on the number of elements
// alone.
func (l *Loop) Norm() float64 {
	switch {
	case l.grad == nil:
		return 0
	case l.dtype == tensor.Float64:
		return norm(tensor.Data[float64](l.grad))
	}
	return norm(tensor.Data[float32](l.grad))
}

func norm[T float](g []T) float64 {
	const chunk = 4096 // short enough for sums in float32
	sum := 0.0
	for len(g) > 0 {
		n := min(chunk, len(g))
		square := float64(vec.SumSq(g[:n]))
		if math.IsInf(square, 1) { // beyond float32
			square = 0
			for _, v := range g[:n] {
				square += float64(v) * float64(v)
			}
		}
		sum, g = sum+square, g[n:]
	}
	return math.Sqrt(sum)
}

// Step clips the gradients, updates the parameters that have one, and sets the gradients to zero. If they are not
// finite it changes no parameter and returns an error that wraps ErrNotFinite: the loop may end then, or go on without
// this step. So it does where the schedule gives a rate that is negative or not finite. Running statistics are moved by
// the forward pass, and so have moved by then.
func (l *Loop) Step() error {
	if l.fresh {
		panic("train: Loop.Step: no Backward since the last Step")
	}
	norm, rate := l.Norm(), l.Rate()
	number := l.at.Step
	defer l.zero()
	l.at.Step++
	if !finite(norm) {
		return fmt.Errorf("train: Loop.Step: the gradients' norm in step %d is %w: %v with learning rate %g; the "+
			"weights are those before it", number+1, ErrNotFinite, norm, rate)
	}
	if err := checkRate("LoopConfig.Schedule", rate, l.c.Optimizer); err != nil {
		return fmt.Errorf("train: Loop.Step: %w in step %d; the weights are those before it", err, number+1)
	}
	if l.c.ClipNorm > 0 && norm > l.c.ClipNorm {
		l.scale(l.c.ClipNorm / norm)
	}
	for _, p := range l.set.Params() {
		if !l.used[p] {
			continue
		}
		lo, hi := l.set.Range(p)
		l.stepper(p).step(p.Value(), l.grad, lo, hi, rate*l.recipes[p].factor)
	}
	return nil
}

// scale multiplies the gradients by s.
func (l *Loop) scale(s float64) {
	if l.dtype == tensor.Float64 {
		scaled(tensor.Data[float64](l.grad), s)
	} else {
		scaled(tensor.Data[float32](l.grad), s)
	}
}

func (l *Loop) zero() {
	l.grad.Zero()
	clear(l.used)
	l.fresh = true
}

// stepper returns the optimizer state of p.
func (l *Loop) stepper(p *autograd.Param) paramStepper {
	if l.steppers[p] == nil {
		l.steppers[p] = newParamStepper(l.recipes[p].optimizer, p.Value())
	}
	return l.steppers[p]
}

// paramStepper is a Stepper of one parameter, whatever its dtype.
type paramStepper interface {
	step(value, grad *tensor.Tensor, lo, hi int, lr float64) // with elements [lo, hi) of grad
	steps() *int64
	slots() []piece // the moments, whole
}

// newParamStepper makes the Stepper of a parameter of that value.
func newParamStepper(o optim.Optimizer, value *tensor.Tensor) paramStepper {
	if value.DType() == tensor.Float64 {
		return stepperFor[float64]{o.New64(value.Len())}
	}
	return stepperFor[float32]{o.New(value.Len())}
}

type stepperFor[T float] struct{ optim.StepperOf[T] }

func (s stepperFor[T]) step(value, grad *tensor.Tensor, lo, hi int, lr float64) {
	s.Step(tensor.Data[T](value), tensor.Data[T](grad)[lo:hi], lr)
}

func (s stepperFor[T]) steps() *int64 { return &s.State().Steps }

func (s stepperFor[T]) slots() []piece {
	var list []piece
	for _, slot := range s.State().Slots {
		list = append(list, newPiece(slot.Name, len(slot.Data), 0, slot.Data))
	}
	return list
}

// Steps returns how many steps have been taken.
func (l *Loop) Steps() int { return l.at.Step }

// Rate returns the learning rate of the next step.
func (l *Loop) Rate() float64 {
	return optim.RateIn(l.c.Schedule, l.at.Schedule, l.c.Optimizer.Rate(), l.at.Step, l.c.Steps)
}

// Metric tells a schedule that lowers the rate by a metric, as optim.Plateau does, of another value: the loss on held-out
// samples after an epoch, say. What the schedule remembers is in the Loop's file. Other schedules hear nothing.
func (l *Loop) Metric(value float64) {
	if s, ok := l.c.Schedule.(optim.Feedback); ok {
		l.at.Schedule = s.Next(l.at.Schedule, value)
	}
}
