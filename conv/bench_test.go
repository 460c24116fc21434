package conv_test

import (
	"testing"

	"github.com/tutti-ml/tutti/conv"
)

// benchShapes are layers of networks that users train: LeNet-5 and the digits convnet at batch 128, ResNet-20 at 64,
// ResNet-18's at 8.
var benchShapes = []struct {
	name string
	s    conv.Shape
}{
	{"lenet1", conv.Shape{N: 128, C: 1, H: 28, W: 28, K: 6, R: 5, S: 5, PadH: 2, PadW: 2}},
	{"lenet2", conv.Shape{N: 128, C: 6, H: 14, W: 14, K: 16, R: 5, S: 5}},
	{"digits1", conv.Shape{N: 128, C: 1, H: 8, W: 8, K: 16, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"digits2", conv.Shape{N: 128, C: 16, H: 8, W: 8, K: 32, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"resnet20/16x32", conv.Shape{N: 64, C: 16, H: 32, W: 32, K: 16, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"resnet20/64x8", conv.Shape{N: 64, C: 64, H: 8, W: 8, K: 64, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"resnet18/stem", conv.Shape{N: 8, C: 3, H: 224, W: 224, K: 64, R: 7, S: 7, StrideH: 2, StrideW: 2, PadH: 3, PadW: 3}},
	{"resnet18/64x56", conv.Shape{N: 8, C: 64, H: 56, W: 56, K: 64, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"resnet18/512x7", conv.Shape{N: 8, C: 512, H: 7, W: 7, K: 512, R: 3, S: 3, PadH: 1, PadW: 1}},
	{"pointwise/256x14", conv.Shape{N: 8, C: 256, H: 14, W: 14, K: 256, R: 1, S: 1}},
	{"depthwise/64x112s2", conv.Shape{N: 1, C: 64, H: 112, W: 112, K: 64, R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1, Groups: 64}},
	{"depthwise/64x28", conv.Shape{N: 8, C: 64, H: 28, W: 28, K: 64, R: 3, S: 3, PadH: 1, PadW: 1, Groups: 64}},
}

// BenchmarkConv measures the chosen algorithm, in float32: `go test -bench Conv ./conv`. GFLOP/s count the convolution's
// own operations, not those of its algorithm.
func BenchmarkConv(b *testing.B) {
	for _, c := range benchShapes {
		s := c.s
		x, w, bias, y := ones(s.LenX()), ones(s.LenW()), ones(s.K), ones(s.LenY())
		dx, dw, db := ones(s.LenX()), ones(s.LenW()), ones(s.K)
		for _, p := range []struct {
			name string
			run  func()
		}{
			{"forward", func() { conv.Forward(s, y, x, w, bias) }},
			{"data", func() { conv.BackwardData(s, dx, y, w) }},
			{"filter", func() { conv.BackwardFilter(s, dw, db, x, y) }},
		} {
			b.Run(c.name+"/"+p.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p.run()
				}
				b.ReportMetric(float64(s.Flops())*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
			})
		}
	}
}

func ones(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}
