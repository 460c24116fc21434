package tensor_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// TestNames makes mistakes, and wants the panics to name the function that was called, not one that it calls.
func TestNames(t *testing.T) {
	x, flag, wrong := tensor.New(tensor.Float32, 2, 3), tensor.New(tensor.Bool, 2, 3), tensor.New(tensor.Float32, 7)
	names := map[string][]func(){
		"Gt": {func() { tensor.Gt(flag, flag) }, func() { tensor.Gt(x, flag) },
			func() { tensor.GtTo(flag, x, wrong) }},
		"Ge":        {func() { tensor.Ge(flag, flag) }},
		"Lt":        {func() { tensor.Lt(flag, flag) }},
		"Le":        {func() { tensor.Le(flag, flag) }},
		"AddScalar": {func() { tensor.AddScalar(flag, 1) }, func() { tensor.AddScalarTo(wrong, x, 1) }},
		"Scale":     {func() { tensor.Scale(flag, 1) }, func() { tensor.ScaleTo(wrong, x, 1) }},
		"PowScalar": {func() { tensor.PowScalar(flag, 2) }, func() { tensor.PowScalarTo(wrong, x, 2) },
			func() { tensor.PowScalarTo(wrong, x, -1) }, func() { tensor.PowScalarTo(wrong, x, 0.5) },
			func() { tensor.PowScalarTo(wrong, x, 3) }},
		"Var": {func() { tensor.Var(flag, 1) }, func() { tensor.Var(x, 1, 5) },
			func() { tensor.VarTo(wrong, x, 1) }},
		"Std": {func() { tensor.Std(flag, 1) }, func() { tensor.Std(x, 1, 5) },
			func() { tensor.StdTo(wrong, x, 1, 0) }},
		"LogSumExp": {func() { tensor.LogSumExp(flag) }, func() { tensor.LogSumExp(x, 5) },
			func() { tensor.LogSumExpTo(wrong, x) }},
		"Mean":    {func() { tensor.Mean(flag) }, func() { tensor.MeanTo(wrong, x, 0) }},
		"Flip":    {func() { tensor.FlipTo(wrong, x, 0) }},
		"OneHot":  {func() { tensor.OneHot(tensor.Scalar[int64](3), 3, tensor.Float32) }},
		"CumProd": {func() { tensor.CumProd(flag, 0) }, func() { tensor.CumProdTo(wrong, x, 0) }},
		"Tril":    {func() { tensor.Tril(wrong, 0) }},
	}
	for _, p := range []float64{0, 1, 2, 3, math.Inf(1), math.Inf(-1)} {
		names["Norm"] = append(names["Norm"], func() { tensor.Norm(flag, p) }, func() { tensor.Norm(x, p, 5) },
			func() { tensor.NormTo(wrong, x, p) })
	}
	for name, calls := range names {
		for i, call := range calls {
			message := ""
			func() {
				defer func() { message = fmt.Sprint(recover()) }()
				call()
			}()
			assert.True(t, strings.HasPrefix(message, "tensor: "+name+": "), "%s, mistake %d: %s", name, i, message)
		}
	}
}
