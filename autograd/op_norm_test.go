package autograd_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

var inf, nan = math.Inf(1), math.NaN()

// normRows holds p, three elements of x, the norm, its gradient, and the gradient of that one's product with (1, 2,
// 3), by:
//
//	x = torch.tensor(x, dtype=torch.float64, requires_grad=True)          # PyTorch 2.15
//	y = torch.linalg.vector_norm(x, p)
//	g, = torch.autograd.grad(y, x, create_graph=True)                     # for p = 0: none, zeros here
//	h, = torch.autograd.grad((g * torch.tensor([1., 2., 3.])).sum(), x)
var normRows = [][11]float64{
	{0, 3, -4, 0, 2, 0, 0, 0, 0, 0, 0},
	{0, nan, 0, 2, 2, 0, 0, 0, 0, 0, 0},
	{0, inf, 0, 1, 2, 0, 0, 0, 0, 0, 0},
	{0, 3, -4, 2, 3, 0, 0, 0, 0, 0, 0},
	{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	{0, inf, 1, 2, 3, 0, 0, 0, 0, 0, 0},
	{0, -inf, inf, 3, 3, 0, 0, 0, 0, 0, 0},
	{0, 2, -2, 1, 3, 0, 0, 0, 0, 0, 0},
	{0.5, 3, -4, 0, 13.928203230276, 2.1547005383793, -1.8660254037844, 0, -0.48112522432469, -0.36084391824352, nan},
	{0.5, nan, 0, 2, nan, nan, nan, nan, nan, nan, nan},
	{0.5, inf, 0, 1, inf, nan, nan, inf, nan, nan, nan},
	{0.5, 3, -4, 2, 26.484036965334,
		2.971197119307, -2.573132184971, 3.6389584337647, -0.0048355521168479, -1.0679506994301, -2.1286480706849},
	{0.5, 0, 0, 0, 0, 0, 0, 0, nan, nan, nan},
	{0.5, inf, 1, 2, inf, nan, inf, inf, nan, nan, nan},
	{0.5, 2, -2, 1, 14.656854249492,
		2.7071067811865, -2.7071067811865, 3.8284271247462, 0.13388347648318, -2.1642135623731, -4.5961940777126},
	{1, 3, -4, 0, 7, 1, -1, 0, 0, 0, 0},
	{1, inf, 0, 1, inf, 1, 0, 1, 0, 0, 0},
	{1, 3, -4, 2, 9, 1, -1, 1, 0, 0, 0},
	{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	{1, inf, 1, 2, inf, 1, 1, 1, 0, 0, 0},
	{1, 2, -2, 1, 5, 1, -1, 1, 0, 0, 0},
	{2, 3, -4, 0, 5, 0.6, -0.8, 0, 0.32, 0.24, 0.6},
	{2, nan, 0, 2, nan, nan, nan, nan, nan, nan, nan},
	{2, inf, 0, 1, inf, nan, 0, 0, nan, nan, nan},
	{2, 3, -4, 2, 5.3851648071345,
		0.55708601453116, -0.74278135270821, 0.3713906763541, 0.16648547560701, 0.39700382644749, 0.54427943948446},
	{2, 0, 0, 0, 0, 0, 0, 0, nan, nan, nan},
	{2, inf, 1, 2, inf, nan, 0, 0, nan, nan, nan},
	{2, -inf, inf, 3, inf, nan, nan, 0, nan, nan, nan},
	{2, 2, -2, 1, 3,
		0.66666666666667, -0.66666666666667, 0.33333333333333, 0.25925925925926, 0.74074074074074, 0.96296296296296},
	{3, 3, -4, 0, 4.4979414452754, 0.44485135173054, -0.79084684752095, 0, 0.52143748188195, 0.39107811141146, 0},
	{3, nan, 0, 2, nan, nan, nan, nan, nan, nan, nan},
	{3, inf, 0, 1, inf, nan, 0, 0, nan, nan, nan},
	{3, 3, -4, 2, 4.6260650091827,
		0.42055136447116, -0.74764687017095, 0.18691171754274, 0.37382343508547, 0.58150312124407, 0.60227108985993},
	{3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	{3, inf, 1, 2, inf, nan, 0, 0, nan, nan, nan},
	{3, -inf, inf, 3, inf, nan, nan, 0, nan, nan, nan},
	{3, 2, -2, 1, 2.5712815906582,
		0.60500743309606, -0.60500743309606, 0.15125185827401, 0.67618477816618, 1.138837521122, 0.92530548591161},
	{-1, 3, -4, 0, 0, 0, 0, 0, 0, 0, nan},
	{-1, nan, 0, 2, nan, nan, nan, nan, nan, nan, nan},
	{-1, inf, 0, 1, 0, 0, 0, 0, 0, nan, 0},
	{-1, 3, -4, 2, 0.92307692307692,
		0.094674556213018, -0.053254437869822, 0.21301775147929, 0.065543923532089, -0.1256258534365, -0.34956759217114},
	{-1, 0, 0, 0, 0, 0, 0, 0, nan, nan, nan},
	{-1, inf, 1, 2, 0.66666666666667, 0, 0.44444444444444, 0.11111111111111, 0, -0.14814814814815, 0.074074074074074},
	{-1, 2, -2, 1, 0.5, 0.0625, -0.0625, 0.25, 0.109375, -0.296875, -0.8125},
	{-2.5, 3, -4, 0, 0, 0, 0, 0, 0, 0, nan},
	{-2.5, nan, 0, 2, nan, nan, nan, nan, nan, nan, nan},
	{-2.5, inf, 0, 1, 0, 0, 0, 0, 0, nan, 0},
	{-2.5, 3, -4, 2, 1.6829050213096,
		0.13221606583086, -0.048305730289765, 0.54651695132898, 0.3063732204356, -0.25282653806835, -0.96521290679009},
	{-2.5, 0, 0, 0, 0, 0, 0, 0, nan, nan, nan},
	{-2.5, inf, 1, 2, 0.93696286000623, 0, 0.7962112639986, 0.070375798003815, 0, -0.20931353756225, 0.10465676878113},
	{-2.5, -inf, inf, 3, 3, 0, 0, 1, 0, 0, 1.3322676295502e-15},
	{-2.5, 2, -2, 1, 0.88595128740378,
		0.057853477324745, -0.057853477324745, 0.65453737810479, 0.33432401738916, -0.63805477334407, -1.9447575814665},
	{inf, 3, -4, 0, 4, 0, -1, 0, 0, 0, 0},
	{inf, inf, 0, 1, inf, 1, 0, 0, 0, 0, 0},
	{inf, 3, -4, 2, 4, 0, -1, 0, 0, 0, 0},
	{inf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	{inf, inf, 1, 2, inf, 1, 0, 0, 0, 0, 0},
	{inf, -inf, inf, 3, inf, -0.5, 0.5, 0, 0, 0, 0},
	{inf, 2, -2, 1, 2, 0.5, -0.5, 0, 0, 0, 0},
	{-inf, 3, -4, 0, 0, 0, 0, 0, 0, 0, 0},
	{-inf, inf, 0, 1, 0, 0, 0, 0, 0, 0, 0},
	{-inf, 3, -4, 2, 2, 0, 0, 1, 0, 0, 0},
	{-inf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	{-inf, inf, 1, 2, 1, 0, 1, 0, 0, 0, 0},
	{-inf, -inf, inf, 3, 3, 0, 0, 1, 0, 0, 0},
	{-inf, 2, -2, 1, 1, 0, 0, 1, 0, 0, 0},
}

// Norms of every kind of p at zeros, ties and infinities: value, gradient by Backward and by Gradients, and second
// derivatives. Where PyTorch's second derivative is NaN, Tutti's is NaN or zero.
func TestNormAgainstPyTorch(t *testing.T) {
	for _, r := range normRows {
		t.Run(fmt.Sprint(r[:4]), func(t *testing.T) {
			tape := autograd.NewTape(autograd.Train, nil)
			x := autograd.NewParam(tensor.FromSlice(r[1:4:4]).Clone())
			y := autograd.Norm(tape.Use(x), r[0])
			same(t, "norm", r[4:5], y.Value(), nan)
			g := tape.Gradients(y, tape.Use(x))[0]
			same(t, "gradient as a Var", r[5:8], g.Value(), nan)
			tape.Backward(y)
			same(t, "gradient", r[5:8], tape.Grad(x), nan)
			q := tape.Const(tensor.FromSlice([]float64{1, 2, 3}))
			h := tape.Gradients(autograd.Sum(autograd.Mul(g, q)), tape.Use(x))[0]
			same(t, "second derivative", r[8:], h.Value(), 0)
		})
	}
}

// same compares numbers to a few roundings; where NaN is wanted, orElse is as good.
func same(t *testing.T, what string, want []float64, got *tensor.Tensor, orElse float64) {
	t.Helper()
	for i, v := range tensor.Data[float64](got.Contiguous().Reshape(got.Len())) {
		w := want[i]
		ok := v == w || math.Abs(v-w) <= 1e-12*(1+math.Abs(w)) || w != w && (v != v || v == orElse)
		assert.True(t, ok, "%s: element %d is %v, want %v", what, i, v, w)
	}
}

// The norm of nothing is that of PyTorch 2.15: 0, but for p < 0 and ±∞, which it refuses.
func TestNormOfNothing(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	none := autograd.NewParam(tensor.New(tensor.Float64, 2, 0))
	for _, p := range []float64{0, 0.5, 1, 2, 3} {
		y := autograd.Norm(tape.Use(none), p, 1)
		assert.True(t, y.Value().Equal(tensor.New(tensor.Float64, 2)), "%v-norm of nothing is %v", p, y.Value())
		tape.Backward(autograd.Sum(y))
		assert.Equal(t, []int{2, 0}, tape.Gradients(autograd.Sum(y), tape.Use(none))[0].Shape())
	}
	for _, p := range []float64{-1, inf, -inf} {
		want := fmt.Sprintf("autograd: Norm: axes [1] of shape [2 0] have no element, and no element has no %v-norm", p)
		assert.PanicsWithValue(t, want, func() { autograd.Norm(tape.Use(none), p, 1) })
	}
	assert.PanicsWithValue(t, "autograd: Norm: p = NaN, want a number, 0 or ±∞",
		func() { autograd.Norm(tape.Use(none), nan) })
}

// At a norm that is no normal number the gradient is x/norm: 1 for the only element. In float32 1/norm is infinite
// there.
func TestNormOfDenormals(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	x := autograd.NewParam(tensor.FromSlice([]float32{1e-45, 0}))
	y := autograd.Norm(tape.Use(x), 2)
	tape.Backward(y)
	assert.Equal(t, []float32{1, 0}, tensor.Data[float32](tape.Grad(x)))
	assert.Equal(t, []float32{1, 0}, tensor.Data[float32](tape.Gradients(y, tape.Use(x))[0].Value()))
}
