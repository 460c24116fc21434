package tensor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// TestEndsOfFloat64 has values where package math's assembly for amd64 errs. They are mpmath's, as those of package
// elementary.
func TestEndsOfFloat64(t *testing.T) {
	for _, c := range []struct {
		name    string
		f       func(*tensor.Tensor) *tensor.Tensor
		x, want float64
	}{
		{"Exp", tensor.Exp, 709.7, 1.6549840276802644e+308},
		{"Sigmoid", tensor.Sigmoid, -709.7, 6.042354384e-309},
		{"Cosh", tensor.Cosh, -710, 1.1169973830808555e+308},
		{"Sinh", tensor.Sinh, 710, 1.1169973830808555e+308},
		{"Log", tensor.Log, 1e-310, -713.8013788281542},
		{"Log2", tensor.Log2, 1e-310, -1029.7977094150824},
		{"Log10", tensor.Log10, 1e-310, -310},
		{"Expm1", tensor.Expm1, 709.7, 1.6549840276802644e+308},
		{"PowScalar", func(x *tensor.Tensor) *tensor.Tensor { return tensor.PowScalar(x, 0.3) }, 1e-310, 1e-93},
	} {
		assert.InEpsilon(t, c.want, tensor.Data[float64](c.f(tensor.Scalar(c.x)))[0], 1e-9, c.name)
	}
}
