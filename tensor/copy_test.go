package tensor_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/alloctest"
	"github.com/tutti-ml/tutti/tensor"
)

// Every pair of layouts of every element size, at the seams of tiles and strips and across the threads.
func TestCopyLayouts(t *testing.T) {
	rng := newRand(11)
	all := append([][]int{{63, 65}, {64, 64}, {8, 7}, {8, 8}, {3, 70, 9}, {70, 3, 90}, {130, 140}, {20, 30, 40}, {20_000}}, shapes...)
	if testing.Short() {
		all = [][]int{{63, 65}, {130, 140}, {3, 70, 9}, {1025}}
	}
	for _, d := range some([]tensor.DType{tensor.Uint8, tensor.Float16, tensor.Float32, tensor.Float64}) {
		for _, shape := range all {
			for from := range layouts {
				for to := range layouts - 1 {
					src, dst := laidOut(rng, from, d, shape...), laidOut(rng, to, d, shape...)
					dst.CopyFrom(src)
					eachIndex(shape, func(k int, index []int) {
						requireValue(t, value(src, index...), value(dst, index...), "%v %v, layout %d to %d, at %v", d, shape, from, to, index)
					})
				}
			}
		}
	}
}

func TestCopyLeavesGapsAlone(t *testing.T) {
	x := tensor.Full(tensor.Float32, 7, 40, 40)
	x.SliceStep(0, 1, 40, 2).SliceStep(1, 0, 40, 3).CopyFrom(tensor.New(tensor.Float32, 20, 14))
	eachIndex(x.Shape(), func(k int, i []int) {
		want := 7.0
		if i[0]%2 == 1 && i[1]%3 == 0 {
			want = 0
		}
		require.Equal(t, want, tensor.At(x, k), "%v", i)
	})
}

func TestCopyAllocatesNothing(t *testing.T) {
	x := filled(newRand(1), tensor.Float32, 300, 200)
	y := tensor.New(tensor.Float32, 200, 300)
	v := x.Transpose(0, 1)
	assert.Zero(t, alloctest.PerRun(10, func() { y.CopyFrom(v) }))
	assert.Zero(t, alloctest.PerRun(10, func() { v.Zero() }))
}

// BenchmarkCopy compares copies of layouts with a plain copy of as many bytes, in GB/s read and written.
func BenchmarkCopy(b *testing.B) {
	for _, n := range []int{256, 1024, 4096} {
		x, y := tensor.New(tensor.Float32, n, n), tensor.New(tensor.Float32, n, n)
		k := n / 32
		four := x.Reshape(32, k, n/4, 4)
		for _, c := range []struct {
			name string
			src  *tensor.Tensor
		}{
			{"plain", x}, {"transpose", x.Transpose(0, 1)}, {"heads", x.Reshape(32, k, n/64, 64).Transpose(1, 2)},
			{"channels last", four.Permute(0, 3, 1, 2)}, {"row broadcast", x.Slice(0, 0, 1).Expand(n, n)},
			{"column broadcast", x.Slice(1, 0, 1).Expand(n, n)},
		} {
			dst := y.Reshape(c.src.Shape()...)
			b.Run(fmt.Sprintf("%s %d", c.name, n), func(b *testing.B) {
				for b.Loop() {
					dst.CopyFrom(c.src)
				}
				b.ReportMetric(2*4*float64(n*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
			})
		}
	}
}
