package conv_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/conv"
)

// The outputs and gradients are PyTorch 1.13.1's, printed by
//
//	import torch, torch.nn.functional as F
//	def seq(*shape, a):  # small integers, so that all sums are exact
//	    n = torch.Size(shape).numel()
//	    return ((torch.arange(n) * a) % 11 - 5).double().reshape(shape)
//	for s in [
//	    dict(N=1, C=2, H=4, W=5, K=2, R=3, S=2, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1),
//	    dict(N=2, C=2, H=4, W=3, K=2, R=3, S=3, stride=(2, 1), padding=(1, 1), dilation=(1, 1), groups=2),
//	    dict(N=1, C=2, H=5, W=5, K=4, R=2, S=3, stride=(2, 2), padding=(1, 2), dilation=(3, 2), groups=2),
//	]:
//	    x = seq(s['N'], s['C'], s['H'], s['W'], a=7).requires_grad_()
//	    w = seq(s['K'], s['C']//s['groups'], s['R'], s['S'], a=3).requires_grad_()
//	    b = seq(s['K'], a=2).requires_grad_()
//	    y = F.conv2d(x, w, b, s['stride'], s['padding'], s['dilation'], s['groups'])
//	    y.backward(seq(*y.shape, a=5))
//	    for v in (y, x.grad, w.grad, b.grad): print([int(e) for e in v.flatten()], list(v.shape))
var torchConvs = []struct {
	s             conv.Shape
	y, dx, dw, db []float64
}{
	{
		s:  conv.Shape{N: 1, C: 2, H: 4, W: 5, K: 2, R: 3, S: 2},
		y:  []float64{-3, -5, 4, -64, -24, -26, 16, 25, 7, 4, 12, 9, 47, -44, -36, 5},
		dx: []float64{21, 20, -31, 6, -3, -17, -52, 21, -5, 26, 22, 47, -58, 35, -37, -16, -1, 1, 3, 11, 0, -51, 27, -5, 10, 23, 47, -51, 38, -42, -37, 47, 24, 1, 27, 12, -51, 14, -42, 7},
		dw: []float64{2, 9, 37, -88, 39, 2, -45, 39, -54, 8, 14, -45, -41, 28, -37, 21, 11, -41, 19, 11, -21, 26, 16, 19},
		db: []float64{1, 2},
	},
	{
		s:  conv.Shape{N: 2, C: 2, H: 4, W: 3, K: 2, R: 3, S: 3, StrideH: 2, PadH: 1, PadW: 1, Groups: 2},
		y:  []float64{35, -7, -2, -12, 1, -15, -16, 18, 14, -10, -11, 38, -29, -20, 19, -13, -19, -15, 2, -48, -4, 2, -6, -15},
		dx: []float64{20, 25, -20, -43, 26, 33, 20, -23, 4, 3, 19, -22, 9, 5, -10, -3, 24, -28, -6, -5, -1, 0, 11, 7, 20, -24, -1, 12, 16, -28, -24, 16, -10, 16, -16, 21, -7, -2, 4, -2, -12, 33, 11, -1, -20, 19, 7, -10},
		dw: []float64{36, -15, 3, 28, 18, -7, 16, -47, -12, -4, -23, 36, 1, 10, 13, 13, 25, -34},
		db: []float64{10, -15},
	},
	{
		s:  conv.Shape{N: 1, C: 2, H: 5, W: 5, K: 4, R: 2, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 2, DilationH: 3, DilationW: 2, Groups: 2},
		y:  []float64{-3, -22, -17, -6, 47, -23, -16, -22, 12, 16, -23, 6, 3, 14, -9, -1, -5, -14, 9, -18, -16, -7, -29, 20},
		dx: []float64{0, 0, 0, 0, 0, -36, 0, 8, 0, -20, 29, 0, 1, 0, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0, -16, 0, 0, 0, 0, 0, -20, 0, 23, 0, -5, 1, 0, -17, 0, 27, 0, 0, 0, 0, 0, -16, 0, 21, 0, 3},
		dw: []float64{-12, -3, 12, 32, 11, -13, -3, -3, 3, 35, -6, 9, 5, -8, -8, 0, -10, 46, 20, 1, -11, -18, -31, 25},
		db: []float64{1, -6, 9, -9},
	},
}

// TestTorch runs every algorithm on integers small enough for sums to be exact.
func TestTorch(t *testing.T) {
	for i, c := range torchConvs {
		for _, a := range conv.Algorithms {
			if !a.Usable(c.s.Normal()) {
				continue
			}
			t.Run(fmt.Sprintf("%s %d", a.Name, i), func(t *testing.T) {
				s := c.s.Normal()
				x, w, b, dy := seq(s.LenX(), 7, 11), seq(s.LenW(), 3, 11), seq(s.K, 2, 11), seq(s.LenY(), 5, 11)
				y, dx, dw, db := make([]float64, s.LenY()), make([]float64, s.LenX()), make([]float64, s.LenW()), make([]float64, s.K)
				a.F64.Forward(s, y, x, w, b)
				a.F64.BackwardData(s, dx, dy, w)
				a.F64.BackwardFilter(s, dw, db, x, dy)
				assert.Equal(t, c.y, y, "y")
				assert.Equal(t, c.dx, dx, "dx")
				assert.Equal(t, c.dw, dw, "dw")
				assert.Equal(t, c.db, db, "db")
			})
		}
	}
}

// seq returns n integers around zero.
func seq(n, a, m int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i*a%m - m/2)
	}
	return x
}
