package layers_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

func filled(init layers.Init, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float64, shape...)
	init(seeded(), x)
	return x
}

// The general forms are the named ones, draw for draw.
func TestScaledInits(t *testing.T) {
	for name, c := range map[string]struct{ general, named layers.Init }{
		"Kaiming uniform": {layers.ScaledUniform(layers.FanIn, layers.GainReLU), layers.KaimingUniform},
		"Kaiming normal":  {layers.ScaledNormal(layers.FanIn, layers.GainReLU), layers.KaimingNormal},
		"Xavier uniform":  {layers.ScaledUniform(layers.FanAverage, 1), layers.XavierUniform},
		"Xavier normal":   {layers.ScaledNormal(layers.FanAverage, 1), layers.XavierNormal},
	} {
		got, want := filled(c.general, 6, 4, 3, 3), filled(c.named, 6, 4, 3, 3)
		assert.InDeltaSlice(t, tensor.Data[float64](want), tensor.Data[float64](got), 1e-15, name)
	}
	out := filled(layers.ScaledUniform(layers.FanOut, 1), 6, 4, 3, 3)
	for _, v := range tensor.Data[float64](out) {
		assert.LessOrEqual(t, math.Abs(v), math.Sqrt(3./(6*9)))
	}
	assert.InDelta(t, math.Sqrt(2/1.01), layers.GainLeakyReLU(0.1), 1e-15)
}

// What a truncated standard normal variable has within ±1: variance 1 − 2φ(1)/(Φ(1) − Φ(−1)) = 0.2911.
func TestTruncatedNormal(t *testing.T) {
	x := tensor.Data[float64](filled(layers.TruncatedNormal(3, 0.5, 2.5, 3.5), 100, 100))
	var mean, m2 float64
	for _, v := range x {
		assert.True(t, 2.5 <= v && v <= 3.5)
		mean += v / 1e4
		m2 += (v - 3) * (v - 3) / 1e4
	}
	assert.InDelta(t, 3, mean, 5*0.27/100)
	assert.InDelta(t, 0.2911*0.25, m2, 5*0.2911*0.25*math.Sqrt(2e-4))
	assert.Panics(t, func() { layers.TruncatedNormal(0, 1, 5, 6) }, "hardly anything lies there")
}

func TestOrthogonal(t *testing.T) {
	for _, shape := range [][]int{{3, 5}, {5, 3}, {4, 4}, {4, 2, 3, 3}, {1, 1}, {20, 30}} {
		x := filled(layers.Orthogonal(2), shape...)
		rows, cols := shape[0], x.Len()/shape[0]
		at := func(i, k int) float64 { return tensor.Data[float64](x)[i*cols+k] }
		count, size := rows, cols
		if rows > cols {
			count, size = cols, rows
			at = func(i, k int) float64 { return tensor.Data[float64](x)[k*cols+i] }
		}
		for i := range count {
			for j := range count {
				dot, want := 0.0, 0.0
				for k := range size {
					dot += at(i, k) * at(j, k)
				}
				if i == j {
					want = 4
				}
				assert.InDelta(t, want, dot, 1e-13*float64(size), "%v: %d·%d", shape, i, j)
			}
		}
	}
	assert.Panics(t, func() { filled(layers.Orthogonal(1), 3) })
}

func TestSparseEyeDirac(t *testing.T) {
	x := tensor.Data[float64](filled(layers.Sparse(0.3, 0.01), 10, 4))
	for c := range 4 {
		zeros := 0
		for r := range 10 {
			if x[r*4+c] == 0 {
				zeros++
			}
		}
		assert.Equal(t, 3, zeros, "column %d", c)
	}
	assert.Equal(t, []float64{1, 0, 0, 0, 1, 0}, tensor.Data[float64](filled(layers.Eye, 2, 3)))
	// torch.nn.init.dirac_(torch.empty(4, 2, 3), groups=2)
	want := make([]float64, 24)
	want[0*6+1], want[1*6+4], want[2*6+1], want[3*6+4] = 1, 1, 1, 1
	assert.Equal(t, want, tensor.Data[float64](filled(layers.Dirac(2), 4, 2, 3)))
	assert.Panics(t, func() { filled(layers.Dirac(3), 4, 2, 3) })
	assert.Panics(t, func() { filled(layers.Sparse(0.3, 1), 4, 2, 3) })
	assert.Panics(t, func() { filled(layers.Eye, 4) })
	assert.Panics(t, func() { layers.Sparse(1.5, 1) })
}
