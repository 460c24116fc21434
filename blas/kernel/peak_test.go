package kernel

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// A probe whose count of operations is not what it runs would make every percentage a lie: rounds must take time in
// proportion, which only a benchmark can show; here, that every probe runs and is counted.
func TestPeakProbes(t *testing.T) {
	for _, p := range slices.Concat(SPeak, DPeak) {
		if p.ISA <= cpu.Best() {
			p.Run(3)
			require.Positive(t, p.Flops, p.Name)
		}
	}
}

func BenchmarkPeak(b *testing.B) {
	for _, p := range slices.Concat(SPeak, DPeak) {
		if p.ISA > cpu.Best() {
			continue
		}
		b.Run(p.Name, func(b *testing.B) {
			const rounds = 10000
			for b.Loop() {
				p.Run(rounds)
			}
			b.ReportMetric(float64(p.Flops)*rounds*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
