// Package gradtest checks gradients: what autograd computes against central differences in float64.
//
// Ops is the table of all of autograd's ops; Check is for anything made of them, a layer or a loss.
package gradtest

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Case is a function to check and where to check it.
type Case struct {
	Name   string
	Inputs []Input
	// Fn computes the result from the inputs, with the same random draws every time it is given the same generator.
	Fn func(t *autograd.Tape, x []*autograd.Var) *autograd.Var
	// TrainOnly says that Fn computes something else on an infer tape, as Dropout does.
	TrainOnly bool
	// Few makes differences be taken at some thirty elements of each input, evenly spread, not at all of them.
	Few bool
	// Allocs is how many heap allocations a step may make where the usual twenty are too few.
	Allocs uint64
}

// Input is one operand: its shape, and the range its elements are spread over evenly in random order, −1 to 1 if both are
// zero. Elements differ from each other and from the middle of the range by much more than the step of the differences, so
// that kinks as of ReLU and max-pooling do not matter.
type Input struct {
	Shape  []int
	Lo, Hi float64
	Const  bool // not differentiated
}

// T is the part of *testing.T that a check needs.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// step is the h of (f(x+h) − f(x−h)) / 2h.
const step = 1e-5

// Check compares the gradient of Σ r·Fn(x), for fixed random r, with central differences, and checks what every op promises:
// operands keep their values, gradients add up over several uses, over several calls of Backward and into GradsInto's
// vector, an infer tape computes the same values, and float32 agrees with float64. Where Gradients can differentiate Fn, what it
// returns must be the same gradient, and its own derivative is compared with differences too.
func Check(t T, c Case) {
	t.Helper()
	inputs := c.tensors(tensor.Float64)
	value, grads := c.run(inputs, once)
	c.checkDifferences(t, inputs, value, grads)

	for i, x := range c.tensors(tensor.Float64) {
		if !x.Equal(inputs[i]) {
			t.Errorf("%s: input %d was modified", c.Name, i)
		}
	}
	if got := float64s(c.eval(autograd.Infer, inputs).Value()); !c.TrainOnly && !slices.Equal(got, value) {
		t.Errorf("%s: an infer tape computes %v, a training tape %v", c.Name, got, value)
	}
	c.checkTwice(t, inputs, grads)
	_, twice := c.run(inputs, backwardTwice)
	_, flat := c.run(inputs, intoSet)
	_, shared := c.run(inputs, usedTwice)
	for i, g := range grads {
		for j := range g {
			// A second use adds 1 to every gradient; a few roundings each.
			near(t, c.Name, "gradient after two calls of Backward", i, j, twice[i][j], 2*g[j], 1e-13)
			near(t, c.Name, "gradient through GradsInto, of two calls into a vector of ones", i, j, flat[i][j], 2*g[j]+1, 1e-13)
			near(t, c.Name, "gradient with a second use of the input", i, j, shared[i][j], g[j]+1, 1e-13)
		}
	}

	// Single precision: inputs are rounded and so is every operation, 2⁻²⁴ relative each; the sums of a test are short and
	// well conditioned, which leaves a factor of some hundreds to be amplified in.
	value32, grads32 := c.run(c.tensors(tensor.Float32), once)
	for j := range value {
		near(t, c.Name, "float32 value", 0, j, value32[j], value[j], 300*0x1p-24)
	}
	for i, g := range grads {
		for j := range g {
			near(t, c.Name, "float32 gradient", i, j, grads32[i][j], g[j], 300*0x1p-24)
		}
	}
}

func near(t T, name, what string, input, j int, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*(1+math.Abs(want))) {
		t.Errorf("%s: %s, input %d, element %d = %v, want %v", name, what, input, j, got, want)
	}
}

// checkDifferences moves each element of each differentiated input by ±step. The error is of order step²·|f‴| plus the
// rounding of f, 2⁻⁵³·|f|/step; both are near 1e-10 for functions of order one.
func (c Case) checkDifferences(t T, inputs []*tensor.Tensor, value []float64, grads [][]float64) {
	t.Helper()
	size := 1.0
	for _, v := range value {
		size += math.Abs(v)
	}
	for i, x := range inputs {
		if c.Inputs[i].Const {
			continue
		}
		data := tensor.Data[float64](x)
		stride := 1
		if c.Few {
			stride = max(1, len(data)/30)
		}
		for j := 0; j < len(data); j += stride {
			at := data[j]
			data[j] = at + step
			up := c.weighted(inputs)
			data[j] = at - step
			down := c.weighted(inputs)
			data[j] = at
			near(t, c.Name, "gradient", i, j, grads[i][j], (up-down)/(2*step), 1e-8*size)
		}
	}
}

// tensors returns the inputs: the same numbers every time, rounded to d.
func (c Case) tensors(d tensor.DType) []*tensor.Tensor {
	r := rand.New(rand.NewPCG(1, 2))
	xs := make([]*tensor.Tensor, len(c.Inputs))
	for i, in := range c.Inputs {
		lo, hi := in.Lo, in.Hi
		if lo == 0 && hi == 0 {
			lo, hi = -1, 1
		}
		x := tensor.New(tensor.Float64, in.Shape...)
		for j, p := range r.Perm(x.Len()) {
			// Thirds, not halves: the middle one of an odd number must not fall on the middle of the range.
			tensor.Data[float64](x)[j] = lo + (hi-lo)*(float64(p)+1.0/3)/float64(x.Len())
		}
		xs[i] = x.Cast(d)
	}
	return xs
}

// The ways run sends gradients back.
type way int

const (
	once way = iota
	backwardTwice
	intoSet
	usedTwice
)

// run evaluates Fn on inputs and returns its value and the gradients of Σ r·Fn with respect to the inputs, as float64.
func (c Case) run(inputs []*tensor.Tensor, w way) (value []float64, grads [][]float64) {
	tape := autograd.NewTape(autograd.Train, seeded())
	params := make([]*autograd.Param, len(inputs))
	var differentiated []*autograd.Param
	for i, x := range inputs {
		params[i] = autograd.NewParam(x.Clone())
		if params[i].Frozen = c.Inputs[i].Const; !c.Inputs[i].Const {
			differentiated = append(differentiated, params[i])
		}
	}
	if w == intoSet {
		set := autograd.NewSet(differentiated)
		ones := tensor.New(set.DType(), set.Len())
		ones.Fill(1)
		tape.GradsInto(set, ones)
	}
	vars := make([]*autograd.Var, len(inputs))
	for i, p := range params {
		vars[i] = tape.Use(p)
	}
	y := c.Fn(tape, vars)
	loss := autograd.Sum(autograd.Mul(y, tape.Const(weights(y.Value()))))
	if w == usedTwice {
		for i, v := range vars {
			if !c.Inputs[i].Const {
				loss = autograd.Add(loss, autograd.Sum(v))
			}
		}
	}
	tape.Backward(loss)
	if w == backwardTwice || w == intoSet {
		tape.Backward(loss)
	}
	grads = make([][]float64, len(inputs))
	for i, p := range params {
		if !c.Inputs[i].Const {
			grads[i] = float64s(tape.Grad(p))
		}
	}
	return float64s(y.Value()), grads
}

// eval returns Fn of constants.
func (c Case) eval(m autograd.Mode, inputs []*tensor.Tensor) *autograd.Var {
	tape := autograd.NewTape(m, seeded())
	vars := make([]*autograd.Var, len(inputs))
	for i, x := range inputs {
		vars[i] = tape.Const(x)
	}
	return c.Fn(tape, vars)
}

// weighted returns Σ r·Fn(inputs), added up here rather than on the tape, which must train or a random op would not draw.
func (c Case) weighted(inputs []*tensor.Tensor) float64 {
	y := c.eval(autograd.Train, inputs).Value()
	sum := 0.0
	for j, r := range tensor.Data[float64](weights(y)) {
		sum += r * tensor.Data[float64](y)[j]
	}
	return sum
}

// weights returns the r of Σ r·y: numbers between ½ and 1½ of y's shape and dtype, the same every time.
func weights(y *tensor.Tensor) *tensor.Tensor {
	r := tensor.New(tensor.Float64, y.Shape()...)
	r.Uniform(seeded(), 0.5, 1.5)
	return r.Cast(y.DType())
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(3, 4)) }

func float64s(x *tensor.Tensor) []float64 { return tensor.Data[float64](x.Cast(tensor.Float64)) }

// CheckParams compares the gradients of params that loss leads to with central differences in their values. It is for what
// owns its parameters, a layer or a model: loss must compute the same scalar from them every time, and the parameters must be
// Float64 (layers.Cast makes them so). Of each parameter up to most elements are looked at, evenly spread.
func CheckParams(t T, name string, params []*autograd.Param, most int, loss func(t *autograd.Tape) *autograd.Var) {
	t.Helper()
	tape := autograd.NewTape(autograd.Train, seeded())
	y := loss(tape)
	size := 1 + math.Abs(y.Item())
	tape.Backward(y)
	eval := func() float64 { return loss(autograd.NewTape(autograd.Train, seeded())).Item() }
	for i, p := range params {
		g := tape.Grad(p)
		if g == nil {
			t.Errorf("%s: parameter %d has no gradient", name, i)
			continue
		}
		data, grad := tensor.Data[float64](p.Value()), tensor.Data[float64](g)
		for j := 0; j < len(data); j += max(1, len(data)/most) {
			at := data[j]
			data[j] = at + step
			up := eval()
			data[j] = at - step
			down := eval()
			data[j] = at
			near(t, name, "gradient of a parameter", i, j, grad[j], (up-down)/(2*step), 1e-8*size)
		}
	}
}
