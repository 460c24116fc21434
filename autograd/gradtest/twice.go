package gradtest

import (
	"math"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Gradients of gradients.

// Twice reports whether Gradients can differentiate c.Fn: whether every op in it has a derivative made of ops.
func Twice(c Case) bool { return Missing(c) == "" }

// Missing returns the op for whose sake Gradients cannot differentiate c.Fn, by the name that the error gives it; ""
// if it can.
func Missing(c Case) string {
	_, missing := c.gradients(c.tensors(tensor.Float64))
	return missing
}

// twice is Fn evaluated with its gradients as Vars.
type twice struct {
	tape   *autograd.Tape
	params []*autograd.Param
	vars   []*autograd.Var // the inputs
	g      []*autograd.Var // of the differentiated inputs, nil for others
	loss   *autograd.Var   // Σ q·g, and nothing of every input
}

// gradients evaluates Fn and its gradients, or returns the op for which Gradients offers none.
func (c Case) gradients(inputs []*tensor.Tensor) (w twice, missing string) {
	defer func() {
		if e := recover(); e != nil {
			no, ok := e.(*autograd.NoSecondDerivativeError)
			if !ok {
				panic(e)
			}
			missing = no.Op
		}
	}()
	w.tape = autograd.NewTape(autograd.Train, seeded())
	var of []*autograd.Var
	for i, x := range inputs {
		p := autograd.NewParam(x.Clone())
		p.Frozen = c.Inputs[i].Const
		v := w.tape.Use(p)
		w.params, w.vars = append(w.params, p), append(w.vars, v)
		if !p.Frozen {
			of = append(of, v)
		}
	}
	y := c.Fn(w.tape, w.vars)
	g := w.tape.Gradients(autograd.Sum(autograd.Mul(y, w.tape.Const(weights(y.Value())))), of...)
	w.loss = w.tape.Const(tensor.New(inputs[0].DType()))
	for i, v := range w.vars {
		if c.Inputs[i].Const {
			w.g = append(w.g, nil)
			continue
		}
		w.g = append(w.g, g[0])
		w.loss = autograd.Add(w.loss, autograd.Sum(autograd.Mul(g[0], w.tape.Const(weights(g[0].Value())))))
		w.loss = autograd.Add(w.loss, autograd.Scale(autograd.Sum(v), 0)) // so that an input on which no gradient depends has zeros
		g = g[1:]
	}
	return w, ""
}

// checkTwice compares what Gradients returns with what Backward computed, and the derivative of Σ q·gradient, for fixed random q,
// with central differences of Backward's gradients, and with what Gradients, differentiating its own ops, says of it.
func (c Case) checkTwice(t T, inputs []*tensor.Tensor, grads [][]float64) {
	t.Helper()
	w, missing := c.gradients(inputs)
	if missing != "" {
		return
	}
	for i, g := range grads {
		for j := range g {
			near(t, c.Name, "gradient as a Var", i, j, float64s(w.g[i].Value())[j], g[j], 1e-12)
		}
	}
	again := w.tape.Gradients(w.loss, w.vars...)
	w.tape.Backward(w.loss)
	size := 1 + math.Abs(w.loss.Item())
	slope := func() float64 {
		_, grads := c.run(inputs, once)
		sum := 0.0
		for i, g := range grads {
			if g != nil {
				for j, q := range tensor.Data[float64](weights(w.g[i].Value())) {
					sum += q * g[j]
				}
			}
		}
		return sum
	}
	for i, x := range inputs {
		if c.Inputs[i].Const {
			continue
		}
		data, h := tensor.Data[float64](x), float64s(w.tape.Grad(w.params[i]))
		for j, v := range float64s(again[i].Value()) {
			near(t, c.Name, "second derivative as a Var", i, j, v, h[j], 1e-11)
		}
		for j := 0; j < len(data); j += max(1, len(data)/12) {
			at := data[j]
			data[j] = at + step
			up := slope()
			data[j] = at - step
			down := slope()
			data[j] = at
			near(t, c.Name, "second derivative", i, j, h[j], (up-down)/(2*step), 1e-8*size)
		}
	}
}
