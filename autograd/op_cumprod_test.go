package autograd_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Running products with no zero, one and several: value, gradient by Backward and by Gradients, second derivative.
// The numbers are of
//
//	x = torch.tensor(x, dtype=torch.float64, requires_grad=True)     # PyTorch 2.15
//	r = torch.arange(1, len(x) + 1, dtype=torch.float64)
//	y = torch.cumprod(x, 0)
//	g, = torch.autograd.grad((y * r).sum(), x, create_graph=True)
//	h, = torch.autograd.grad((g * r).sum(), x)
func TestCumProdAgainstPyTorch(t *testing.T) {
	for _, c := range []struct{ x, y, g, h []float64 }{
		{[]float64{2, 3, 0.5}, []float64{2, 6, 3}, []float64{11.5, 7, 18}, []float64{34, 21.5, 21}},
		{[]float64{2, 0, 3, 4}, []float64{2, 0, 0, 0}, []float64{1, 118, 0, 0}, []float64{118, 269, 76, 48}},
		{[]float64{0, 0, 3}, []float64{0, 0, 0}, []float64{1, 0, 0}, []float64{22, 11, 0}},
		{[]float64{0, 2, 0, 5}, []float64{0, 0, 0, 0}, []float64{5, 0, 0, 0}, []float64{142, 2, 46, 0}},
		{[]float64{2, 0, 0, 4}, []float64{2, 0, 0, 0}, []float64{1, 4, 0, 0}, []float64{4, 116, 76, 0}},
	} {
		t.Run(fmt.Sprint(c.x), func(t *testing.T) {
			tape := autograd.NewTape(autograd.Train, nil)
			x := autograd.NewParam(tensor.FromSlice(c.x))
			r := tensor.New(tensor.Float64, len(c.x))
			for i := range c.x {
				tensor.Data[float64](r)[i] = float64(i + 1)
			}
			y := autograd.CumProd(tape.Use(x), 0)
			same(t, "value", c.y, y.Value(), nan)
			sum := autograd.Sum(autograd.Mul(y, tape.Const(r)))
			g := tape.Gradients(sum, tape.Use(x))[0]
			same(t, "gradient as a Var", c.g, g.Value(), nan)
			tape.Backward(sum)
			same(t, "gradient", c.g, tape.Grad(x), nan)
			h := tape.Gradients(autograd.Sum(autograd.Mul(g, tape.Const(r))), tape.Use(x))[0]
			same(t, "second derivative", c.h, h.Value(), nan)
		})
	}
	tape := autograd.NewTape(autograd.Infer, nil)
	for _, shape := range [][]int{{0}, {2, 0}, {0, 3}} {
		assert.Equal(t, shape, autograd.CumProd(tape.Const(tensor.New(tensor.Float32, shape...)), 0).Shape())
	}
	// PyTorch, too, accumulates float32 in float64: [1e30, inf, 1e30].
	long := tensor.FromSlice([]float32{1e30, 1e30, 1e-30})
	assert.InEpsilon(t, float32(1e30), tensor.Data[float32](autograd.CumProd(tape.Const(long), 0).Value())[2], 1e-6)
}
