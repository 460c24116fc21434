package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// x⁵ differentiated until nothing is left of it.
func TestGradientsOfGradients(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	x := tape.Watch(tensor.FromSlice([]float64{2}))
	y := autograd.Pow(x, 5)
	for i, want := range []float64{5 * 16, 20 * 8, 60 * 4, 120 * 2, 120, 0} {
		y = tape.Gradients(y, x)[0]
		assert.InDelta(t, want, y.Item(), 1e-11, "derivative %d", i+1)
	}
}

// The gradient penalty of a small critic must train its weights as differences say; parameters' own gradients stay untouched by
// Gradients.
func TestGradientPenalty(t *testing.T) {
	w1 := autograd.NewParam(normal(1, 8, 3).Cast(tensor.Float64))
	w2 := autograd.NewParam(normal(2, 1, 8).Cast(tensor.Float64))
	data := normal(3, 4, 3).Cast(tensor.Float64)
	penalty := func(tape *autograd.Tape) *autograd.Var {
		x := tape.Watch(data)
		y := autograd.MatMulNT(autograd.Tanh(autograd.MatMulNT(x, tape.Use(w1))), tape.Use(w2))
		g := tape.Gradients(autograd.Sum(y), x)[0]
		assert.Equal(t, []int{4, 3}, g.Shape())
		return autograd.Mean(autograd.Square(autograd.AddScalar(autograd.Norm(g, 2, 1), -1)))
	}
	tape := autograd.NewTape(autograd.Train, nil)
	loss := penalty(tape)
	assert.Nil(t, tape.Grad(w1))
	tape.Backward(loss)
	for _, p := range []*autograd.Param{w1, w2} {
		data, grad := tensor.Data[float64](p.Value()), tensor.Data[float64](tape.Grad(p))
		for i := range data {
			at, h := data[i], 1e-6
			data[i] = at + h
			up := penalty(autograd.NewTape(autograd.Train, nil)).Item()
			data[i] = at - h
			down := penalty(autograd.NewTape(autograd.Train, nil)).Item()
			data[i] = at
			assert.InDelta(t, (up-down)/(2*h), grad[i], 1e-7)
		}
	}
}

func TestGradientsMisuse(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	x := tape.Watch(tensor.FromSlice([]float32{1, 2}, 2))
	assert.Equal(t, []float32{0, 0}, float32s(tape.Gradients(autograd.Sum(tape.Const(tensor.New(tensor.Float32, 1))), x)[0].Value()), "no dependence")
	assert.PanicsWithValue(t, "autograd: Gradients: y has shape [2], not one element: take Sum or Mean", func() { tape.Gradients(x, x) })
	assert.PanicsWithError(t, "autograd: Gradients: Mish cannot be differentiated twice: use Backward",
		func() { tape.Gradients(autograd.Sum(autograd.Mish(x)), x) })
	assert.PanicsWithError(t, "autograd: Gradients: Cube cannot be differentiated twice: use Backward",
		func() { tape.Gradients(autograd.Sum(cube.Apply(x)), x) })
	twice := *cube
	twice.Gradient = func(i int, dy, y *autograd.Var, x []*autograd.Var) *autograd.Var {
		return autograd.Scale(autograd.Mul(dy, autograd.Square(x[0])), 3)
	}
	g := tape.Gradients(autograd.Sum(twice.Apply(x)), x)[0]
	assert.Equal(t, []float32{6, 12}, float32s(tape.Gradients(autograd.Sum(g), x)[0].Value()))
	infer := autograd.NewTape(autograd.Infer, nil)
	y := autograd.Sum(infer.Const(x.Value()))
	assert.PanicsWithValue(t, "autograd: Gradients: the tape is in infer mode and has recorded nothing", func() { infer.Gradients(y, y) })
	assert.PanicsWithValue(t, "autograd: Gradients: y is on another tape", func() { tape.Gradients(y, x) })
}
