package metrics

import (
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// floats reads any tensor of numbers into dst, which it grows.
func floats(dst []float64, t *tensor.Tensor) []float64 {
	switch t.DType() {
	case tensor.Float16, tensor.BFloat16:
		t = t.Cast(tensor.Float32)
	case tensor.Bool:
		t = t.Cast(tensor.Uint8)
	}
	t = t.Contiguous()
	dst = slices.Grow(dst[:0], t.Len())[:t.Len()]
	switch t.DType() {
	case tensor.Float32:
		convert(dst, tensor.Data[float32](t))
	case tensor.Float64:
		copy(dst, tensor.Data[float64](t))
	case tensor.Int64:
		convert(dst, tensor.Data[int64](t))
	case tensor.Int32:
		convert(dst, tensor.Data[int32](t))
	case tensor.Uint8:
		convert(dst, tensor.Data[uint8](t))
	case tensor.Int8:
		convert(dst, tensor.Data[int8](t))
	}
	return dst
}

func convert[D, S int64 | int32 | uint8 | int8 | float32 | float64](dst []D, src []S) {
	for i, v := range src {
		dst[i] = D(v)
	}
}

func isFloat(t *tensor.Tensor) bool { return t.DType().IsFloat() }

func isFinite(x float64) bool { return x-x == 0 }
