// Probes of the machine's peak: fused multiply-adds on registers, for the benches to measure speed against.

package kernel

import (
	"runtime"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// A Peak runs the widest multiply-adds of one ISA on registers alone.
type Peak struct {
	Name  string
	ISA   cpu.ISA
	Flops int         // floating-point operations in a round
	Run   func(n int) // runs n ≥ 1 rounds
}

// SPeak and DPeak list the probes of this build for float32 and float64, widest first.
var (
	SPeak = append(speakAsm(), Peak{Name: "speak", ISA: cpu.Generic, Flops: peakFlops, Run: peak[float32]})
	DPeak = append(dpeakAsm(), Peak{Name: "dpeak", ISA: cpu.Generic, Flops: peakFlops, Run: peak[float64]})
)

// peakFlops is what a round of peak counts: 8 chains, one multiplication and one addition each.
const peakFlops = 16

// peak runs 8 independent chains s = s·x + y, which stay between 0 and 2.
func peak[T Float](n int) {
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	x, y := T(0.5), T(1)
	for range n {
		s0 = s0*x + y
		s1 = s1*x + y
		s2 = s2*x + y
		s3 = s3*x + y
		s4 = s4*x + y
		s5 = s5*x + y
		s6 = s6*x + y
		s7 = s7*x + y
	}
	runtime.KeepAlive(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7) // or the compiler would remove the loop
}
