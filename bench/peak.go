// The machine's peak, measured: multiply-adds on registers and nothing else.

package bench

import (
	"sync"
	"time"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// A MachinePeak is the speed of fused multiply-adds on one thread, in GFLOP/s, for the ISA in use. Where there is no
// assembly it is the speed of scalar multiplications and additions.
type MachinePeak struct{ F32, F64 float64 }

// Peak measures the peak of this machine, in some 50 ms, on the first call, and returns the same afterwards.
var Peak = sync.OnceValue(func() MachinePeak {
	return MachinePeak{F32: probe(kernel.SPeak), F64: probe(kernel.DPeak)}
})

// probe returns the best of many short runs: whatever disturbs a run makes it slower, and nothing makes it faster.
func probe(table []kernel.Peak) float64 {
	for _, p := range table {
		if p.ISA > cpu.Best() {
			continue
		}
		n := 1
		for elapsed(p, n) < 200*time.Microsecond {
			n *= 2
		}
		best := time.Hour
		for range 100 {
			best = min(best, elapsed(p, n))
		}
		return rate(float64(p.Flops)*float64(n), best)
	}
	panic("bench: Peak: no probe runs on this machine") // the last row of the table is portable
}

func elapsed(p kernel.Peak, n int) time.Duration {
	start := time.Now()
	p.Run(n)
	return time.Since(start)
}
