package autograd_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Where a variance overflows nothing is known of the gradient, and both forms say so. As
//
//	x = torch.tensor([[1e30, -1e30, 3e30, 0]], requires_grad=True)
//	torch.nn.functional.layer_norm(x, (4,)).sum().backward()  # x.grad: nan nan nan nan
//
// and where PyTorch's own batch_norm and rms_norm give zeros.
func TestNormsThatOverflow(t *testing.T) {
	for name, op := range map[string]func(x *autograd.Var) *autograd.Var{
		"LayerNorm": func(x *autograd.Var) *autograd.Var { return autograd.LayerNorm(x, nil, nil, 1e-5) },
		"GroupNorm": func(x *autograd.Var) *autograd.Var { return autograd.GroupNorm(x, nil, nil, 1, 1e-5) },
		"BatchNorm": func(x *autograd.Var) *autograd.Var {
			return autograd.BatchNorm(autograd.Reshape(x, 4, 1), nil, nil, &autograd.BatchNormOptions{Eps: 1e-5})
		},
		"RMSNorm": func(x *autograd.Var) *autograd.Var { return autograd.RMSNorm(x, nil, 1e-5) },
	} {
		p := autograd.NewParam(tensor.FromSlice([]float32{1e30, -1e30, 3e30, 0}, 1, 4))
		tape := autograd.NewTape(autograd.Train, nil)
		y := op(tape.Use(p))
		value := y.Value().Clone()
		tape.Backward(autograd.Sum(y))
		x := tape.Watch(p.Value())
		twice := tape.Gradients(autograd.Sum(op(x)), x)[0]
		for what, g := range map[string]*tensor.Tensor{
			"result": value, "Backward": tape.Grad(p), "Gradients": twice.Value(),
		} {
			for _, v := range tensor.Data[float32](g) {
				assert.True(t, math.IsNaN(float64(v)), "%s: %s: %v", name, what, g)
			}
		}
	}
}
