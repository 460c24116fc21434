package layers_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
)

// numbers is a tensor as testdata/record.py notes it.
type numbers struct {
	Shape []int
	Data  []float64
}

func (n numbers) tensor(d tensor.DType) *tensor.Tensor {
	return tensor.FromSlice(append([]float64{}, n.Data...)).Reshape(n.Shape...).Cast(d)
}

// torchRecord is what one module computed in PyTorch.
type torchRecord struct {
	Name       string
	State      map[string]numbers
	Inputs     []numbers
	R, Y       []numbers  // the loss is Σ R·Y
	GradInputs []*numbers // nil: not differentiated
	Grads      map[string]numbers
	After      map[string]numbers // buffers
}

// torchCase says how to compute the same here.
type torchCase struct {
	model func() any
	// run gives the results; nil means that model is a Layer and the one input is what goes in. Inputs that PyTorch does not
	// differentiate, labels and masks, are in raw alone.
	run   func(t *autograd.Tape, model any, x []*autograd.Var, raw []*tensor.Tensor) []*autograd.Var
	infer bool // what evaluation mode computes; gradients are then not looked at
}

// checkTorch compares forward, gradients and buffers with the records of file. In float64 numbers of order one must agree to
// 1e-10. In float32 inputs, parameters and results of every operation are rounded, 2⁻²⁴ relative each; tens of operations
// whose condition is at most some hundreds leave 2000·2⁻²⁴.
func checkTorch(t *testing.T, file string, cases map[string]torchCase) {
	text, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var records []torchRecord
	require.NoError(t, json.Unmarshal(text, &records))
	require.Len(t, cases, len(records))
	for _, r := range records {
		for _, p := range []struct {
			dtype tensor.DType
			tol   float64
		}{{tensor.Float64, 1e-10}, {tensor.Float32, 2000 * 0x1p-24}} {
			t.Run(r.Name+" "+p.dtype.String(), func(t *testing.T) {
				c, ok := cases[r.Name]
				require.True(t, ok, "the record has no case")
				r.check(t, c, p.dtype, p.tol)
			})
		}
	}
}

func (r *torchRecord) check(t *testing.T, c torchCase, d tensor.DType, tol float64) {
	model := c.model()
	layers.Cast(model, d)
	var dict []safetensors.Named
	for name, v := range r.State {
		x := v.tensor(tensor.Float64)
		for _, b := range layers.Buffers(model) {
			if b.Key == name && b.Value().DType() == tensor.Int64 {
				x = x.Cast(tensor.Int64)
			}
		}
		if x.DType() == tensor.Float64 {
			x = x.Cast(d)
		}
		dict = append(dict, safetensors.Named{Name: name, Tensor: x})
	}
	_, err := layers.LoadStateDict(model, dict, true)
	require.NoError(t, err, "the names are PyTorch's")

	mode := autograd.Train
	if c.infer {
		mode = autograd.Infer
	}
	tape := autograd.NewTape(mode, seeded())
	raw := make([]*tensor.Tensor, len(r.Inputs))
	params := make([]*autograd.Param, len(r.Inputs))
	var x []*autograd.Var
	for i, in := range r.Inputs {
		raw[i] = in.tensor(tensor.Float64)
		if r.GradInputs[i] != nil {
			params[i] = autograd.NewParam(raw[i].Cast(d))
			x = append(x, tape.Use(params[i]))
		}
	}
	var ys []*autograd.Var
	if c.run != nil {
		ys = c.run(tape, model, x, raw)
	} else {
		ys = []*autograd.Var{model.(layers.Layer).Forward(tape, x[0])}
	}
	require.Len(t, ys, len(r.Y))
	var loss *autograd.Var
	for i, y := range ys {
		require.Equal(t, r.Y[i].Shape, y.Shape(), "shape of result %d", i)
		near(t, "result", r.Y[i], y.Value(), tol)
		part := autograd.Sum(autograd.Mul(y, tape.Const(r.R[i].tensor(d))))
		if loss == nil {
			loss = part
		} else {
			loss = autograd.Add(loss, part)
		}
	}
	for _, b := range layers.Buffers(model) {
		near(t, b.Key, r.After[b.Key], b.Value(), tol)
	}
	if c.infer {
		return
	}
	tape.Backward(loss)
	for i, p := range params {
		if p != nil {
			near(t, "gradient of an input", *r.GradInputs[i], tape.Grad(p), tol)
		}
	}
	for _, p := range layers.Params(model) {
		want, ok := r.Grads[p.Key]
		require.True(t, ok, "%s has a gradient in PyTorch", p.Key)
		require.NotNil(t, tape.Grad(p.Param), p.Key)
		near(t, "gradient of "+p.Key, want, tape.Grad(p.Param), tol)
	}
}

// near compares relative to the largest element, for what cancels is as uncertain as what it cancels with.
func near(t *testing.T, what string, want numbers, got *tensor.Tensor, tol float64) {
	t.Helper()
	data := tensor.Data[float64](got.Cast(tensor.Float64))
	require.Len(t, data, len(want.Data), what)
	scale := 1.0
	for _, w := range want.Data {
		scale = max(scale, math.Abs(w))
	}
	for i, w := range want.Data {
		assert.InDelta(t, w, data[i], tol*scale, "%s[%d]", what, i)
	}
}
