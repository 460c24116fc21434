package vec_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/blas/vec"
)

func TestInto(t *testing.T) {
	eachISA(t, testInto[float32])
	t.Run("float64", testInto[float64])
	t.Run("int32", testInto[int32])
	t.Run("int64", testInto[int64])
	t.Run("uint8", testInto[uint8])
}

func testInto[T vec.Number](t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(dst, x []T)
		want []T
	}{
		{"AddTo", vec.AddTo[T], []T{7, 7, 0, 18}},
		{"MulTo", vec.MulTo[T], []T{10, 10, 0, 81}},
		{"MinTo", vec.MinTo[T], []T{2, 2, 0, 9}},
		{"MaxTo", vec.MaxTo[T], []T{5, 5, 0, 9}},
	} {
		x, dst := []T{5, 2, 0, 9}, []T{2, 5, 0, 9}
		c.f(dst, x)
		assert.Equal(t, c.want, dst, c.name)
		assert.Equal(t, []T{5, 2, 0, 9}, x, c.name)
		c.f(nil, nil)
	}
}

func TestIntoLimits(t *testing.T) {
	b := []uint8{200, 200, 255}
	vec.AddTo(b, []uint8{55, 56, 255})
	assert.Equal(t, []uint8{255, 0, 254}, b, "integers wrap")
	i := []int32{math.MaxInt32}
	vec.AddTo(i, []int32{1})
	assert.Equal(t, []int32{math.MinInt32}, i)
	l := []int64{math.MinInt64}
	vec.MinTo(l, []int64{math.MaxInt64})
	assert.Equal(t, []int64{math.MinInt64}, l)

	nan := float32(math.NaN())
	for _, f := range []func(dst, x []float32){vec.MinTo[float32], vec.MaxTo[float32]} {
		x := []float32{nan, 1}
		f(x, []float32{1, nan})
		assert.True(t, x[0] != x[0] && x[1] != x[1], "NaN on either side shows")
	}
}
