package bench

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/kernel"
)

func TestMeasureTakesTurns(t *testing.T) {
	var calls []int
	d := Measure(0,
		func() { calls = append(calls, 0); time.Sleep(time.Millisecond) },
		func() { calls = append(calls, 1); time.Sleep(time.Millisecond) })
	require.Len(t, d, 2)
	assert.GreaterOrEqual(t, d[0], time.Millisecond)
	assert.Equal(t, []int{0, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, calls) // two to warm up, then five turns each
}

func TestGemmTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Gemm(&out, 0, Shape{M: 8, N: 9, K: 10}, Shape{TA: blas.Trans, M: 3, N: 2, K: 1}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 2+2*2)
	assert.Contains(t, lines[0], "FMA peak")
	assert.Contains(t, lines[2], "NN 8×9×10")
	assert.Contains(t, lines[2], "f32")
	assert.Contains(t, lines[5], "TN 3×2×1")
	assert.Contains(t, lines[5], "f64")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestGemmReportsWriteErrors(t *testing.T) {
	require.ErrorContains(t, Gemm(full{}, 0, Shape{M: 1, N: 1, K: 1}), "disk full")
}

func TestMeasureGemm(t *testing.T) {
	row := MeasureGemm[float32](Shape{M: 16, N: 16, K: 16}, 0)
	assert.Equal(t, "f32", row.Type)
	assert.Positive(t, row.GFlops)
	assert.Positive(t, row.Gonum)
	assert.InEpsilon(t, row.Fraction*row.Peak, row.GFlops, 1e-9)
	assert.InEpsilon(t, row.Ratio()*row.Gonum, row.GFlops, 1e-9)
}

func BenchmarkSgemm(b *testing.B) { benchGemm[float32](b) }
func BenchmarkDgemm(b *testing.B) { benchGemm[float64](b) }

// benchGemm reports each shape's speed, share of the peak, and ratio to gonum in the same run.
func benchGemm[T kernel.Float](b *testing.B) {
	for _, s := range Shapes {
		b.Run(s.String(), func(b *testing.B) {
			var row GemmRow
			for b.Loop() {
				row = MeasureGemm[T](s, 100*time.Millisecond)
			}
			b.ReportMetric(row.GFlops, "GFLOP/s")
			b.ReportMetric(100*row.Fraction, "%peak")
			b.ReportMetric(row.Ratio(), "×gonum")
			b.ReportMetric(0, "ns/op") // the time of a whole comparison says nothing
		})
	}
}
