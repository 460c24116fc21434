package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

func TestMatMul(t *testing.T) {
	rng := newRand(41)
	for _, c := range []struct{ a, b, want []int }{
		{[]int{2, 3}, []int{3, 4}, []int{2, 4}}, {[]int{1, 1}, []int{1, 1}, []int{1, 1}}, {[]int{17, 33}, []int{33, 20}, []int{17, 20}},
		{[]int{3}, []int{3}, []int{}}, {[]int{3}, []int{3, 4}, []int{4}}, {[]int{2, 3}, []int{3}, []int{2}},
		{[]int{5, 2, 3}, []int{3, 4}, []int{5, 2, 4}}, {[]int{2, 3}, []int{5, 3, 4}, []int{5, 2, 4}}, {[]int{5, 2, 3}, []int{5, 3, 4}, []int{5, 2, 4}},
		{[]int{6, 1, 2, 3}, []int{5, 3, 4}, []int{6, 5, 2, 4}}, {[]int{2, 1, 4, 3}, []int{1, 5, 3, 2}, []int{2, 5, 4, 2}},
		{[]int{5, 2, 3}, []int{3}, []int{5, 2}}, {[]int{3}, []int{5, 3, 4}, []int{5, 4}}, {[]int{0, 3}, []int{3, 4}, []int{0, 4}},
		{[]int{2, 0}, []int{0, 4}, []int{2, 4}}, {[]int{0, 2, 3}, []int{3, 4}, []int{0, 2, 4}}, {[]int{5, 1, 3}, []int{3, 1}, []int{5, 1, 1}},
		{[]int{2, 2, 2, 2, 2, 2, 3}, []int{3, 2}, []int{2, 2, 2, 2, 2, 2, 2}},
	} {
		for _, d := range floats {
			for la := range layouts {
				for lb := range layouts {
					a, b := laidOut(rng, la, d, c.a...), laidOut(rng, lb, d, c.b...)
					got := tensor.MatMul(a, b)
					ma, mb, out := a, b, append([]int{}, c.want...)
					if len(c.a) == 1 {
						ma = a.Unsqueeze(0)
					}
					if len(c.b) == 1 {
						mb = b.Unsqueeze(1)
					}
					k := c.a[len(c.a)-1]
					want := make([]float64, 0, got.Len())
					eachIndex(out, func(_ int, i []int) {
						row, col := 0, 0
						if len(c.b) > 1 {
							col, i = i[len(i)-1], i[:len(i)-1]
						}
						if len(c.a) > 1 {
							row, i = i[len(i)-1], i[:len(i)-1]
						}
						s := 0.0
						for p := range k {
							s += at(ma, i, row, p) * at(mb, i, p, col)
						}
						want = append(want, s)
					})
					requireSame(t, c.want, want, got, 40*float64(k+2)*unit(d), "%v·%v, layouts %d and %d", c.a, c.b, la, lb)
					dst := laidOut(rng, rng.IntN(4), d, c.want...)
					tensor.MatMulTo(dst, a, b)
					requireSame(t, c.want, want, dst, 40*float64(k+2)*unit(d), "%v·%v into another layout", c.a, c.b)
				}
			}
		}
	}
}

// at returns the element of x at the last of the batch indices that x has, and row and column.
func at(x *tensor.Tensor, batch []int, row, col int) float64 {
	n := x.Rank() - 2
	return value(x, append(append([]int{}, batch[max(0, len(batch)-n):]...), row, col)...)
}

func TestMatMulMisuse(t *testing.T) {
	f := func(shape ...int) *tensor.Tensor { return tensor.New(tensor.Float32, shape...) }
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"tensor: MatMul: shapes [2 3] and [4 5]: inner sizes 3 and 4 differ", func() { tensor.MatMul(f(2, 3), f(4, 5)) }},
		{"tensor: MatMul: shapes [2 1 3] and [4 3 5]: the batch axes do not broadcast", func() { tensor.MatMul(f(2, 1, 3), f(4, 3, 5)) }},
		{"tensor: MatMul: shapes [] and [3]: both must have an axis", func() { tensor.MatMul(f(), f(3)) }},
		{"tensor: MatMul: dtypes float32 and float64", func() { tensor.MatMul(f(3), tensor.New(tensor.Float64, 3)) }},
		{"tensor: MatMul: the destination's shape is [2 3], the result's [2 5]", func() { tensor.MatMulTo(f(2, 3), f(2, 3), f(3, 5)) }},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
}

func TestMatMulIntoAllocatesNothing(t *testing.T) {
	rng := newRand(42)
	a, b := filled(rng, tensor.Float32, 8, 20, 30), filled(rng, tensor.Float32, 40, 30).Transpose(0, 1)
	dst := tensor.New(tensor.Float32, 8, 20, 40)
	view, gaps := dst.Reshape(20, 8, 40).Transpose(0, 1), a.SliceStep(2, 0, 30, 2)
	half := filled(rng, tensor.Float32, 15, 40)
	assert.Zero(t, alloctest.PerRun(10, func() { tensor.MatMulTo(dst, a, b) }))
	assert.Zero(t, alloctest.PerRun(10, func() { tensor.MatMulTo(view, gaps, half) }))
}

// NaN must spread as the formula says, also from a batch that is one product.
func TestMatMulKeepsNaN(t *testing.T) {
	a := tensor.Full(tensor.Float32, 1, 3, 2, 4)
	tensor.Data[float32](a)[9] = float32(math.NaN())
	got := tensor.IsNaN(tensor.MatMul(a, tensor.New(tensor.Float32, 4, 2)))
	require.Equal(t, []bool{false, false, false, false, true, true, false, false, false, false, false, false}, tensor.Data[bool](got))
}

// BenchmarkMatMul multiplies batches, as attention does, from operands as they lie after splitting heads.
func BenchmarkMatMul(b *testing.B) {
	for _, c := range []struct{ batch, heads, t, d int }{{16, 4, 128, 64}, {1, 8, 512, 64}} {
		q := tensor.New(tensor.Float32, c.batch, c.t, c.heads, c.d).Transpose(1, 2)
		k := tensor.New(tensor.Float32, c.batch, c.t, c.heads, c.d).Permute(0, 2, 3, 1)
		dst := tensor.New(tensor.Float32, c.batch, c.heads, c.t, c.t)
		b.Run(fmt.Sprintf("%+v", c), func(b *testing.B) {
			for b.Loop() {
				tensor.MatMulTo(dst, q, k)
			}
			b.ReportMetric(2*float64(dst.Len()*c.d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
