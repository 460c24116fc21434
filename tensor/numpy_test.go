package tensor_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

type (
	tensors = []*tensor.Tensor
	array   struct {
		DType string
		Shape []int
		Data  []json.RawMessage
	}
)

// The file is written by testdata/numpy.py. Operands are given as they lie in the file, and once more as views with gaps and
// their axes in the opposite order.
func TestAgainstNumPy(t *testing.T) {
	var cases []struct {
		Name            string
		Inputs, Outputs []array
	}
	file, err := os.ReadFile("testdata/numpy.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(file, &cases))
	used := map[string]bool{}
	for _, c := range cases {
		name, _, _ := strings.Cut(c.Name, ": ")
		used[name] = true
		t.Run(c.Name, func(t *testing.T) {
			op := numPyOps[name]
			require.NotNil(t, op, "no such operation in the table")
			x := make(tensors, len(c.Inputs))
			for i, in := range c.Inputs {
				x[i] = parsed(t, dtypeNamed(in.DType), in.Data, in.Shape)
			}
			for _, layout := range []string{"row-major", "views"} {
				got := op(x)
				require.Len(t, got, len(c.Outputs))
				for i, want := range c.Outputs {
					requireArray(t, want, got[i], "%s: result %d", layout, i)
				}
				for i, in := range c.Inputs {
					requireArray(t, in, x[i], "%s: operand %d afterwards", layout, i)
					x[i] = asView(x[i])
				}
			}
		})
	}
	for name := range numPyOps {
		assert.True(t, used[name], "the file has no case for %s", name)
	}
}

// requireArray checks dtype, shape and elements: floats to within 1e-12 of their size, or 1e-14 below 0.01, where a sum of
// numbers about 1 may have cancelled; others, and those not finite, exactly.
func requireArray(t *testing.T, want array, got *tensor.Tensor, msg string, args ...any) {
	t.Helper()
	at := fmt.Sprintf(msg, args...)
	require.Equal(t, want.DType, got.DType().String(), at)
	require.Equal(t, fmt.Sprint(want.Shape), fmt.Sprint(got.Shape()), at)
	w := tensor.Data[float64](parsed(t, got.DType(), want.Data, want.Shape).Cast(tensor.Float64))
	g := tensor.Data[float64](got.Cast(tensor.Float64).Contiguous())
	for i := range w {
		if w[i] == g[i] || w[i] != w[i] && g[i] != g[i] {
			continue
		}
		near := got.DType() == tensor.Float64 && math.Abs(w[i]-g[i]) <= max(1e-14, 1e-12*math.Abs(w[i]))
		require.True(t, near && !math.IsInf(w[i], 0), "%s: element %d is %v, want %v", at, i, g[i], w[i])
	}
}

// asView returns a tensor equal to x whose axes lie in memory in the opposite order, with gaps between the elements.
func asView(x *tensor.Tensor) *tensor.Tensor {
	shape, order := []int{}, []int{}
	for i := x.Rank() - 1; i >= 0; i-- {
		shape, order = append(shape, x.Dim(i)), append(order, i)
	}
	v := tensor.New(x.DType(), append(shape, 2)...).Select(-1, 1).Permute(order...)
	v.CopyFrom(x)
	return v
}

func ofOne(f func(x *tensor.Tensor) *tensor.Tensor) func(x tensors) tensors {
	return func(x tensors) tensors { return tensors{f(x[0])} }
}

func ofTwo(f func(a, b *tensor.Tensor) *tensor.Tensor) func(x tensors) tensors {
	return func(x tensors) tensors { return tensors{f(x[0], x[1])} }
}

func list(ts ...*tensor.Tensor) tensors { return ts }

// numPyOps has what the cases of the file name before their colon.
var numPyOps = func() map[string]func(x tensors) tensors {
	ops := map[string]func(x tensors) tensors{
		"Abs": ofOne(tensor.Abs), "Neg": ofOne(tensor.Neg), "Sign": ofOne(tensor.Sign), "Square": ofOne(tensor.Square), "Sqrt": ofOne(tensor.Sqrt),
		"Rsqrt": ofOne(tensor.Rsqrt), "Reciprocal": ofOne(tensor.Reciprocal), "Exp": ofOne(tensor.Exp), "Expm1": ofOne(tensor.Expm1),
		"Log": ofOne(tensor.Log), "Log2": ofOne(tensor.Log2), "Log10": ofOne(tensor.Log10), "Log1p": ofOne(tensor.Log1p), "Sin": ofOne(tensor.Sin),
		"Cos": ofOne(tensor.Cos), "Tan": ofOne(tensor.Tan), "Asin": ofOne(tensor.Asin), "Acos": ofOne(tensor.Acos), "Atan": ofOne(tensor.Atan),
		"Sinh": ofOne(tensor.Sinh), "Cosh": ofOne(tensor.Cosh), "Tanh": ofOne(tensor.Tanh), "Erf": ofOne(tensor.Erf), "Sigmoid": ofOne(tensor.Sigmoid),
		"Floor": ofOne(tensor.Floor), "Ceil": ofOne(tensor.Ceil), "Round": ofOne(tensor.Round), "Trunc": ofOne(tensor.Trunc),
		"IsNaN": ofOne(tensor.IsNaN), "IsInf": ofOne(tensor.IsInf), "IsFinite": ofOne(tensor.IsFinite), "Not": ofOne(tensor.Not),
		"Scale by 2.5":  func(x tensors) tensors { return list(tensor.Scale(x[0], 2.5)) },
		"AddScalar 2.5": func(x tensors) tensors { return list(tensor.AddScalar(x[0], 2.5)) },
		"Clamp -1 1.25": func(x tensors) tensors { return list(tensor.Clamp(x[0], -1, 1.25)) },
		"Clamp -1 inf":  func(x tensors) tensors { return list(tensor.Clamp(x[0], -1, math.Inf(1))) },

		"Add": ofTwo(tensor.Add), "Sub": ofTwo(tensor.Sub), "Mul": ofTwo(tensor.Mul), "Div": ofTwo(tensor.Div), "Maximum": ofTwo(tensor.Maximum),
		"Minimum": ofTwo(tensor.Minimum), "FloorDiv": ofTwo(tensor.FloorDiv), "Mod": ofTwo(tensor.Mod), "Pow": ofTwo(tensor.Pow),
		"Atan2": ofTwo(tensor.Atan2), "Eq": ofTwo(tensor.Eq), "Ne": ofTwo(tensor.Ne), "Lt": ofTwo(tensor.Lt), "Le": ofTwo(tensor.Le), "Gt": ofTwo(tensor.Gt),
		"Ge": ofTwo(tensor.Ge), "And": ofTwo(tensor.And), "Or": ofTwo(tensor.Or), "Xor": ofTwo(tensor.Xor), "MatMul": ofTwo(tensor.MatMul),

		"Unique": func(x tensors) tensors { return list(tensor.Unique(x[0])) }, "Nonzero": ofOne(tensor.Nonzero),
		"OneHot 4":             func(x tensors) tensors { return list(tensor.OneHot(x[0], 4, tensor.Float64)) },
		"MaskedSelect":         ofTwo(tensor.MaskedSelect),
		"MaskedFill 0.5":       func(x tensors) tensors { return list(tensor.MaskedFill(x[0], x[1], 0.5)) },
		"Where":                func(x tensors) tensors { return list(tensor.Where(x[0], x[1], x[2])) },
		"PadWith Edge":         func(x tensors) tensors { return list(tensor.PadWith(tensor.Edge, x[0], numPyPads...)) },
		"PadWith Reflect":      func(x tensors) tensors { return list(tensor.PadWith(tensor.Reflect, x[0], numPyPads...)) },
		"PadWith Wrap":         func(x tensors) tensors { return list(tensor.PadWith(tensor.Wrap, x[0], numPyPads...)) },
		"Pad 0.5":              func(x tensors) tensors { return list(tensor.Pad(x[0], 0.5, numPyPads...)) },
		"Roll 1 by 2":          func(x tensors) tensors { return list(tensor.Roll(x[0], 1, 2)) },
		"Roll 2 by -5":         func(x tensors) tensors { return list(tensor.Roll(x[0], 2, -5)) },
		"Flip 0 2":             func(x tensors) tensors { return list(tensor.Flip(x[0], 0, 2)) },
		"Tile 2 1 3":           func(x tensors) tensors { return list(tensor.Tile(x[0], 2, 1, 3)) },
		"Tile 2 1 1 2":         func(x tensors) tensors { return list(tensor.Tile(x[0], 2, 1, 1, 2)) },
		"RepeatInterleave 1 3": func(x tensors) tensors { return list(tensor.RepeatInterleave(x[0], 1, 3)) },
		"Concat 1":             func(x tensors) tensors { return list(tensor.Concat(1, x...)) },
		"Stack 1":              func(x tensors) tensors { return list(tensor.Stack(1, x...)) },
		"Stack -1":             func(x tensors) tensors { return list(tensor.Stack(-1, x...)) },
		"Permute 2 0 1":        func(x tensors) tensors { return list(x[0].Permute(2, 0, 1)) },
		"Diagonal 1 0 2":       func(x tensors) tensors { return list(x[0].Diagonal(1, 0, 2)) },
		"Diagonal -1 1 2":      func(x tensors) tensors { return list(x[0].Diagonal(-1, 1, 2)) },
		"Unfold 2 3 1":         func(x tensors) tensors { return list(x[0].Unfold(2, 3, 1)) },
		"Arange 1 4 0.5":       func(tensors) tensors { return list(tensor.Arange(tensor.Float64, 1, 4, 0.5)) },
		"Arange 5 -2 -2":       func(tensors) tensors { return list(tensor.Arange(tensor.Int64, 5, -2, -2)) },
		"Linspace -1 2 7":      func(tensors) tensors { return list(tensor.Linspace(tensor.Float64, -1, 2, 7)) },
		"Eye 3":                func(tensors) tensors { return list(tensor.Eye(tensor.Float64, 3)) },
	}
	for _, p := range []float64{3, 2.5, -1, 0.5, 0} {
		ops[fmt.Sprint("PowScalar ", p)] = func(x tensors) tensors { return list(tensor.PowScalar(x[0], p)) }
	}
	for _, k := range []int{-1, 0, 2} {
		ops[fmt.Sprint("Triu ", k)] = func(x tensors) tensors { return list(tensor.Triu(x[0], k)) }
		ops[fmt.Sprint("Tril ", k)] = func(x tensors) tensors { return list(tensor.Tril(x[0], k)) }
	}
	for _, d := range []tensor.DType{tensor.Int32, tensor.Int64, tensor.Int8, tensor.Uint8, tensor.Bool, tensor.Float32, tensor.Float16} {
		ops["Cast "+d.String()] = func(x tensors) tensors { return list(x[0].Cast(d)) }
	}
	for _, spec := range []string{"ij,jk->ik", "ij,kj->ki", "bij,bjk->bik", "ii->i", "ii", "ij->ji", "ij->j", "ij->", "i,j->ij", "i,i", "bhqd,bhkd->bhqk",
		"...ij->...ji", "...i,...i->...", "ij,jk,kl->il", "iij,jk->ik", "ba,bc", "abc,abc->ac"} {
		ops["Einsum "+spec] = func(x tensors) tensors { return list(tensor.Einsum(spec, x...)) }
	}
	overAxes(ops)
	alongAxes(ops)
	return ops
}()

// numPyPads is ((0, 0), (1, 2), (3, 0)) as this package counts.
var numPyPads = []tensor.Pads{{Before: 3}, {Before: 1, After: 2}}

// overAxes adds the reductions.
func overAxes(ops map[string]func(x tensors) tensors) {
	reductions := map[string]func(x *tensor.Tensor, axes ...int) *tensor.Tensor{
		"Sum": tensor.Sum, "Mean": tensor.Mean, "Max": tensor.Max, "Min": tensor.Min, "Prod": tensor.Prod, "SumSq": tensor.SumSq,
		"LogSumExp": tensor.LogSumExp, "Any": tensor.Any, "All": tensor.All, "CountNonzero": tensor.CountNonzero,
	}
	for c := range 2 {
		reductions[fmt.Sprint("Var ", c)] = func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return tensor.Var(x, c, axes...) }
		reductions[fmt.Sprint("Std ", c)] = func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return tensor.Std(x, c, axes...) }
	}
	for name, p := range map[string]float64{"0": 0, "1": 1, "2": 2, "3": 3, "inf": math.Inf(1), "-inf": math.Inf(-1)} {
		reductions["Norm "+name] = func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return tensor.Norm(x, p, axes...) }
	}
	for name, f := range reductions {
		for over, axes := range map[string][]int{"all": nil, "0": {0}, "1": {1}, "2": {2}, "0 2": {0, 2}, "1 2": {1, 2}, "0 1 2": {0, 1, 2}} {
			ops[name+" over "+over] = func(x tensors) tensors { return list(f(x[0], axes...)) }
		}
	}
}

// alongAxes adds what goes along one axis.
func alongAxes(ops map[string]func(x tensors) tensors) {
	for a := range 3 {
		add := func(name string, f func(x tensors) tensors) { ops[fmt.Sprintf(name, a)] = f }
		add("ArgMax %d", func(x tensors) tensors { return list(tensor.ArgMax(x[0], a)) })
		add("ArgMin %d", func(x tensors) tensors { return list(tensor.ArgMin(x[0], a)) })
		add("CumSum %d", func(x tensors) tensors { return list(tensor.CumSum(x[0], a)) })
		add("CumProd %d", func(x tensors) tensors { return list(tensor.CumProd(x[0], a)) })
		add("Sort %d", func(x tensors) tensors { return list(tensor.Sort(x[0], a, tensor.Ascending)) })
		add("Sort %d down", func(x tensors) tensors { return list(tensor.Sort(x[0], a, tensor.Descending)) })
		add("ArgSort %d", func(x tensors) tensors { return list(tensor.ArgSort(x[0], a, tensor.Ascending)) })
		add("TopK 2 %d down", func(x tensors) tensors { return list(tensor.TopK(x[0], 2, a, tensor.Descending)) })
		add("Take %d", func(x tensors) tensors { return list(tensor.Take(x[0], a, x[1])) })
		add("Gather %d", func(x tensors) tensors { return list(tensor.Gather(x[0], a, x[1])) })
		add("Scatter %d", func(x tensors) tensors { return list(tensor.Scatter(x[0], a, x[1], x[2])) })
		add("ScatterAdd %d", func(x tensors) tensors { return list(tensor.ScatterAdd(x[0], a, x[1], x[2])) })
		add("IndexAdd %d", func(x tensors) tensors { return list(tensor.IndexAdd(x[0], a, x[1], x[2])) })
	}
}
