package autograd_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Products with an axis of no elements: sums of nothing are zeros, to which a bias is added, and whatever an empty
// operand meets has a gradient of zeros. Shapes and numbers are those of PyTorch 2.15, which allows all of these but a
// Bilinear of no features:
//
//	for f, shapes in cases:
//	    x = [torch.full(s, 1.5, requires_grad=True) for s in shapes]
//	    torch.autograd.grad(f(*x).sum(), x)
func TestProductsOfNothing(t *testing.T) {
	einsum := func(spec string) func(x vars) *autograd.Var {
		return func(x vars) *autograd.Var { return autograd.Einsum(spec, x...) }
	}
	linear := func(x vars) *autograd.Var { return autograd.Linear(x[0], x[1], append(x, nil)[2]) }
	attention := func(x vars) *autograd.Var {
		return autograd.Attention(x[0], x[1], x[2], autograd.AttentionOptions{Heads: 1})
	}
	conv := func(x vars) *autograd.Var { return autograd.Conv2D(x[0], x[1], x[2], autograd.Conv2DOptions{}) }
	none := []float64{0, 0, 0}
	for _, c := range []struct {
		name   string
		op     func(x vars) *autograd.Var
		shapes [][]int
		want   []int     // the result's shape
		y      float64   // its elements
		grads  []float64 // those of each gradient of its sum
	}{
		{"MatMul of no inner size", two(autograd.MatMul), [][]int{{3, 0}, {0, 2}}, []int{3, 2}, 0, none},
		{"MatMul of no rows", two(autograd.MatMul), [][]int{{0, 4}, {4, 2}}, []int{0, 2}, 0, none},
		{"MatMul of no columns", two(autograd.MatMul), [][]int{{3, 4}, {4, 0}}, []int{3, 0}, 0, none},
		{"MatMul of nothing", two(autograd.MatMul), [][]int{{0, 0}, {0, 0}}, []int{0, 0}, 0, none},
		{"MatMul of a batch", two(autograd.MatMul), [][]int{{2, 3, 0}, {2, 0, 2}}, []int{2, 3, 2}, 0, none},
		{"MatMul of no batch", two(autograd.MatMul), [][]int{{0, 3, 4}, {0, 4, 2}}, []int{0, 3, 2}, 0, none},
		{"MatMul of no batch by one", two(autograd.MatMul), [][]int{{0, 3, 4}, {4, 2}}, []int{0, 3, 2}, 0, none},
		{"MatMul of one by no batch", two(autograd.MatMul), [][]int{{3, 4}, {0, 4, 2}}, []int{0, 3, 2}, 0, none},
		{"MatMul of a batch by one", two(autograd.MatMul), [][]int{{2, 3, 0}, {0, 2}}, []int{2, 3, 2}, 0, none},
		{"MatMul that broadcasts", two(autograd.MatMul), [][]int{{2, 1, 3, 0}, {4, 0, 2}}, []int{2, 4, 3, 2}, 0, none},
		{"MatMul of no batch that broadcasts", two(autograd.MatMul), [][]int{{0, 1, 3, 5}, {4, 5, 2}},
			[]int{0, 4, 3, 2}, 0, none},
		{"MatMulNT", two(autograd.MatMulNT), [][]int{{3, 0}, {2, 0}}, []int{3, 2}, 0, none},
		{"MatMulNT of a batch", two(autograd.MatMulNT), [][]int{{2, 3, 0}, {2, 2, 0}}, []int{2, 3, 2}, 0, none},
		{"MatMulNT of no columns", two(autograd.MatMulNT), [][]int{{2, 3, 4}, {2, 0, 4}}, []int{2, 3, 0}, 0, none},
		{"MatMulTN", two(autograd.MatMulTN), [][]int{{0, 3}, {0, 2}}, []int{3, 2}, 0, none},
		{"MatMulTN of a batch", two(autograd.MatMulTN), [][]int{{2, 0, 3}, {2, 0, 2}}, []int{2, 3, 2}, 0, none},
		{"MatMulTN of no rows", two(autograd.MatMulTN), [][]int{{4, 0}, {4, 2}}, []int{0, 2}, 0, none},
		{"Linear of no features", linear, [][]int{{3, 0}, {2, 0}, {2}}, []int{3, 2}, 1.5, []float64{0, 0, 3}},
		{"Linear of no rows", linear, [][]int{{0, 4}, {2, 4}, {2}}, []int{0, 2}, 0, none},
		{"Linear to no features", linear, [][]int{{3, 4}, {0, 4}, {0}}, []int{3, 0}, 0, none},
		{"Linear of no features, without bias", linear, [][]int{{2, 3, 0}, {2, 0}}, []int{2, 3, 2}, 0, none},
		{"Einsum", einsum("ij,jk"), [][]int{{3, 0}, {0, 2}}, []int{3, 2}, 0, none},
		{"Einsum of no batch", einsum("bij,bjk->bik"), [][]int{{0, 3, 4}, {0, 4, 2}}, []int{0, 3, 2}, 0, none},
		{"Einsum of vectors", einsum("i,i->"), [][]int{{0}, {0}}, []int{}, 0, none},
		{"Einsum outer", einsum("i,j->ij"), [][]int{{0}, {3}}, []int{0, 3}, 0, none},
		{"Einsum trace", einsum("ii->"), [][]int{{0, 0}}, []int{}, 0, none},
		{"Einsum bilinear", einsum("bn,anm,bm->ba"), [][]int{{2, 0}, {4, 0, 5}, {2, 5}}, []int{2, 4}, 0, none},
		{"Einsum bilinear of no rows", einsum("bn,anm,bm->ba"), [][]int{{0, 3}, {4, 3, 5}, {0, 5}}, []int{0, 4}, 0,
			none},
		{"Attention to no keys", attention, [][]int{{2, 3, 4}, {2, 0, 4}, {2, 0, 4}}, []int{2, 3, 4}, 0, none},
		{"Attention of no queries", attention, [][]int{{2, 0, 4}, {2, 3, 4}, {2, 3, 4}}, []int{2, 0, 4}, 0, none},
		{"Attention of no samples", attention, [][]int{{0, 3, 4}, {0, 3, 4}, {0, 3, 4}}, []int{0, 3, 4}, 0, none},
		{"Attention by no features", attention, [][]int{{2, 3, 0}, {2, 5, 0}, {2, 5, 4}}, []int{2, 3, 4}, 1.5,
			[]float64{0, 0, 0.6}},
		{"Attention to no values", attention, [][]int{{2, 3, 4}, {2, 5, 4}, {2, 5, 0}}, []int{2, 3, 0}, 0, none},
		{"SelfAttention of no steps", func(x vars) *autograd.Var {
			return autograd.SelfAttention(x[0], autograd.AttentionOptions{Heads: 1})
		}, [][]int{{2, 0, 12}}, []int{2, 0, 4}, 0, none},
		{"Conv2D of no images", conv, [][]int{{0, 3, 5, 5}, {2, 3, 3, 3}, {2}}, []int{0, 2, 3, 3}, 0, none},
		{"Conv2D of no channels", conv, [][]int{{2, 0, 5, 5}, {2, 0, 3, 3}, {2}}, []int{2, 2, 3, 3}, 1.5,
			[]float64{0, 0, 18}},
		{"Conv1D of no channels", func(x vars) *autograd.Var {
			return autograd.Conv1D(x[0], x[1], x[2], autograd.Conv1DOptions{})
		}, [][]int{{2, 0, 5}, {2, 0, 3}, {2}}, []int{2, 2, 3}, 1.5, []float64{0, 0, 6}},
		{"Conv3D of no channels", func(x vars) *autograd.Var {
			return autograd.Conv3D(x[0], x[1], x[2], autograd.Conv3DOptions{})
		}, [][]int{{2, 0, 5, 5, 5}, {2, 0, 3, 3, 3}, {2}}, []int{2, 2, 3, 3, 3}, 1.5, []float64{0, 0, 54}},
		{"Conv3D of no volumes", func(x vars) *autograd.Var {
			return autograd.Conv3D(x[0], x[1], x[2], autograd.Conv3DOptions{})
		}, [][]int{{0, 3, 5, 5, 5}, {2, 3, 3, 3, 3}, {2}}, []int{0, 2, 3, 3, 3}, 0, none},
		{"ConvTranspose2D of no images", func(x vars) *autograd.Var {
			return autograd.ConvTranspose2D(x[0], x[1], x[2], autograd.ConvTranspose2DOptions{})
		}, [][]int{{0, 3, 5, 5}, {3, 2, 3, 3}, {2}}, []int{0, 2, 7, 7}, 0, none},
	} {
		for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
			t.Run(c.name+" "+d.String(), func(t *testing.T) {
				all := func(x *tensor.Tensor, v float64, what string) {
					got := tensor.Data[float64](x.Cast(tensor.Float64))
					assert.InDeltaSlice(t, slices.Repeat([]float64{v}, len(got)), got, 1e-6, what)
				}
				tape := autograd.NewTape(autograd.Train, nil)
				var x vars
				var params []*autograd.Param
				for _, s := range c.shapes {
					v := tensor.New(d, s...)
					v.Fill(1.5)
					params = append(params, autograd.NewParam(v))
					x = append(x, tape.Use(params[len(params)-1]))
				}
				y := c.op(x)
				require.Equal(t, c.want, append([]int{}, y.Shape()...))
				all(y.Value(), c.y, "result")
				loss := autograd.Sum(y)
				tape.Backward(loss)
				for i, g := range tape.Gradients(loss, x...) {
					all(tape.Grad(params[i]), c.grads[i], "Backward")
					all(g.Value(), c.grads[i], "Gradients")
				}
			})
		}
	}
}

// What reduces an axis of no elements gives what its definition says of nothing, as PyTorch 2.15 does
// (torch.sum(torch.zeros(2, 0), -1) and so on), and what keeps such an axis gives nothing. The gradient is empty. Max
// and Min refuse, there and here.
func TestReductionsOfNothing(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	// These have no second derivative.
	once := map[string]bool{"CosineSimilarity": true, "PairwiseDistance": true, "GLU": true}
	axis := func(op func(x *autograd.Var, axes ...int) *autograd.Var) func(x *autograd.Var) *autograd.Var {
		return func(x *autograd.Var) *autograd.Var { return op(x, -1) }
	}
	for _, c := range []struct {
		name string
		op   func(x *autograd.Var) *autograd.Var
		want []float64
	}{
		{"Sum", axis(autograd.Sum), []float64{0, 0}},
		{"Sum of all", func(x *autograd.Var) *autograd.Var { return autograd.Sum(x) }, []float64{0}},
		{"Mean", axis(autograd.Mean), []float64{nan, nan}},
		{"Mean of all", func(x *autograd.Var) *autograd.Var { return autograd.Mean(x) }, []float64{nan}},
		{"Prod", axis(autograd.Prod), []float64{1, 1}},
		{"Variance", axis(autograd.Variance), []float64{nan, nan}},
		{"VariancePop", axis(autograd.VariancePop), []float64{nan, nan}},
		{"Std", axis(autograd.Std), []float64{nan, nan}},
		{"LogSumExp", axis(autograd.LogSumExp), []float64{-inf, -inf}},
		{"LogSumExp of all", func(x *autograd.Var) *autograd.Var { return autograd.LogSumExp(x) }, []float64{-inf}},
		{"CosineSimilarity", func(x *autograd.Var) *autograd.Var { return autograd.CosineSimilarity(x, x, 1e-8) },
			[]float64{0, 0}},
		{"PairwiseDistance", func(x *autograd.Var) *autograd.Var { return autograd.PairwiseDistance(x, x, 2, 0) },
			[]float64{0, 0}},
		{"Softmax", autograd.Softmax, nil},
		{"LogSoftmax", autograd.LogSoftmax, nil},
		{"CumSum", func(x *autograd.Var) *autograd.Var { return autograd.CumSum(x, -1) }, nil},
		{"Sort", func(x *autograd.Var) *autograd.Var { y, _ := autograd.Sort(x, -1, true); return y }, nil},
		{"Sort of the other axis", func(x *autograd.Var) *autograd.Var { y, _ := autograd.Sort(x, 0, false); return y },
			nil},
		{"TopK", func(x *autograd.Var) *autograd.Var { y, _ := autograd.TopK(x, 0, -1); return y }, nil},
		{"LayerNorm", func(x *autograd.Var) *autograd.Var { return autograd.LayerNorm(x, nil, nil, 1e-5) }, nil},
		{"RMSNorm", func(x *autograd.Var) *autograd.Var { return autograd.RMSNorm(x, nil, 1e-5) }, nil},
		{"GLU", func(x *autograd.Var) *autograd.Var { return autograd.GLU(x, -1) }, nil},
	} {
		for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
			for _, shape := range [][]int{{2, 0}, {2, 2, 0}} {
				t.Run(fmt.Sprintf("%s %v %v", c.name, d, shape), func(t *testing.T) {
					tape := autograd.NewTape(autograd.Train, nil)
					p := autograd.NewParam(tensor.New(d, shape...))
					x := tape.Use(p)
					y := c.op(x)
					want := c.want
					if len(want) == 2 {
						want = slices.Repeat(want, len(shape)-1)
					}
					got := tensor.Data[float64](y.Value().Cast(tensor.Float64))
					require.Len(t, got, len(want))
					for i, w := range want {
						assert.True(t, got[i] == w || w != w && got[i] != got[i], "%v, want %v", got, want)
					}
					loss := autograd.Sum(y)
					tape.Backward(loss)
					assert.Equal(t, shape, append([]int{}, tape.Grad(p).Shape()...))
					if !once[c.name] {
						assert.Equal(t, shape, append([]int{}, tape.Gradients(loss, x)[0].Shape()...))
					}
				})
			}
		}
	}
	tape := autograd.NewTape(autograd.Train, nil)
	none, some := tape.Const(tensor.New(tensor.Float32, 2, 0)), tape.Const(tensor.New(tensor.Float32, 2, 3))
	for want, f := range map[string]func(){
		"autograd: Max: rows [2 0] have no element":                 func() { autograd.Max(none, 1) },
		"autograd: Min: rows [1 0] have no element":                 func() { autograd.Min(none) },
		"autograd: Sort: the -1 largest of axis 1, which is 3 long": func() { autograd.TopK(some, -1, 1) },
		"autograd: Sort: the 4 largest of axis 1, which is 3 long":  func() { autograd.TopK(some, 4, 1) },
		`autograd: Einsum: "ii": axis 'i' is 1 long, and 3 in operand 0 of shape [1 3]`: func() {
			autograd.Einsum("ii", tape.Const(tensor.New(tensor.Float32, 1, 3)))
		},
	} {
		assert.PanicsWithValue(t, want, f)
	}
	top, index := autograd.TopK(some, 0, 1)
	assert.Equal(t, []int{2, 0}, append([]int{}, top.Shape()...))
	assert.Equal(t, []int{2, 0}, append([]int{}, index.Shape()...))
}
