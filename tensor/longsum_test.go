package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// TestLongSums adds up as many equal numbers as make rounding errors of one sign pile up, where partial sums are added
// one after another. The numbers are float32(0.1), but for means of one. The bound is the documented one, (102 + log₂
// n)·2⁻²⁴.
//
// For comparison, PyTorch 2.15 and NumPy 2.4 on a million rows:
//
//	torch.full((1000000, 3), .1).sum(0)             # 99999.9453
//	np.full((1000000, 3), np.float32(.1)).sum(0)    # 100958.34
func TestLongSums(t *testing.T) {
	tenth := float64(float32(0.1))
	tenths := func(shape ...int) *tensor.Tensor {
		x := tensor.New(tensor.Float32, shape...)
		x.Fill(0.1)
		return x
	}
	one := tensor.New(tensor.Float32, 1)
	one.Fill(1)
	for _, c := range []struct {
		name string
		got  *tensor.Tensor
		n    int
		want float64
	}{
		{"all", tensor.Sum(tenths(1 << 20)), 1 << 20, tenth * (1 << 20)},
		{"narrow rows", tensor.Sum(tenths(1000000, 3), 0), 1000000, tenth * 1000000},
		{"rows", tensor.Sum(tenths(1<<17, 20), 0), 1 << 17, tenth * (1 << 17)},
		{"rows of rows", tensor.Sum(tenths(1<<10, 3, 1<<10), 0, 1).Slice(0, 0, 9), 3 << 10, tenth * (3 << 10)},
		{"first and last axis", tensor.Sum(tenths(1<<18, 2, 3), 0, 2), 3 << 18, tenth * (3 << 18)},
		{"a column", tensor.Sum(tenths(1<<20, 2).Slice(1, 0, 1)), 1 << 20, tenth * (1 << 20)},
		{"transposed", tensor.Sum(tenths(3, 1<<18).Transpose(0, 1), 0), 1 << 18, tenth * (1 << 18)},
		// It was 1.0000405, when the sum of 3,052 pieces grew past 2²⁶.
		{"mean of ones", tensor.Mean(one.Expand(100000000)), 100000000, 1},
		{"mean of rows", tensor.Mean(tenths(1000000, 3), 0), 1000000, tenth},
		{"squares", tensor.SumSq(tenths(1<<17, 20), 0), 1 << 17, tenth * tenth * (1 << 17)},
		{"norm 1", tensor.Norm(tenths(1<<22), 1), 1 << 22, tenth * (1 << 22)},
		{"norm 1 of rows", tensor.Norm(tenths(1<<17, 20), 1, 0), 1 << 17, tenth * (1 << 17)},
		{"norm 3", tensor.Norm(tenths(1<<20, 2), 3, 0), 1 << 20, tenth * math.Cbrt(1<<20)},
		{"exponentials", tensor.LogSumExp(tenths(1<<17, 20), 0), 1 << 17, tenth + 17*math.Ln2},
		{"deviations", tensor.Var(tensor.Mul(tenths(1<<18, 20), signs(1<<18)), 0, 0), 1 << 18, tenth * tenth},
		{"CumSum", tensor.CumSum(tenths(1<<20), 0).Slice(0, 1<<20-1, 1<<20), 1 << 20, tenth * (1 << 20)},
		{"CumSum of rows", tensor.CumSum(tenths(1<<14, 300), 0).Slice(0, 1<<14-1, 1<<14), 1 << 14, tenth * (1 << 14)},
	} {
		bound := (102 + math.Log2(float64(c.n))) * 0x1p-24 * c.want
		for _, v := range tensor.Data[float64](c.got.Cast(tensor.Float64)) {
			if !assert.InDelta(t, c.want, v, bound, c.name) {
				break
			}
		}
	}
}

// signs returns 1, −1, 1, −1 … as a column of n.
func signs(n int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, n, 1)
	for i, s := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = s + float32(1-i%2*2)
	}
	return x
}
