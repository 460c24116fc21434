package tensor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

func TestString(t *testing.T) {
	for _, c := range []struct {
		want string
		x    *tensor.Tensor
	}{
		{"[1 2 3] int64 [3]", tensor.FromSlice([]int64{1, 2, 3})},
		{"2.5 float64 []", tensor.Scalar(2.5)},
		{"[] float32 [0]", tensor.New(tensor.Float32, 0)},
		{"[[ 1 -2]\n [ 3 40]] int32 [2 2]", tensor.FromSlice([]int32{1, -2, 3, 40}, 2, 2)},
		{"[[1 3]\n [2 4]] float32 [2 2]", tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2).Transpose(0, 1)},
		{"[[[1]\n  [2]]\n\n [[3]\n  [4]]] uint8 [2 2 1]", tensor.FromSlice([]uint8{1, 2, 3, 4}, 2, 2, 1)},
		{"[ true false] bool [2]", tensor.FromSlice([]bool{true, false})},
		{"[-7] int8 [1]", tensor.FromSlice([]int8{-7})},
		{"[1.5] float16 [1]", tensor.FromBits(tensor.Float16, []uint16{0x3e00}, 1)},
		{"[1.5] bfloat16 [1]", tensor.FromBits(tensor.BFloat16, []uint16{0x3fc0}, 1)},
		{"[   0    1    2 ... 1998 1999 2000] float32 [2001]", iota32(2001)},
		{"[[   0    1    2 ...  297  298  299]\n [ 300  301  302 ...  597  598  599]\n [ 600  601  602 ...  897  898  899]\n ...\n" +
			" [2100 2101 2102 ... 2397 2398 2399]\n [2400 2401 2402 ... 2697 2698 2699]\n [2700 2701 2702 ... 2997 2998 2999]] float32 [10 300]",
			iota32(10, 300)},
	} {
		assert.Equal(t, c.want, c.x.String())
	}
}
