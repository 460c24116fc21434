// Probes of the machine's limits besides its peak: how fast memory comes and goes, and how fast the ports take a kernel's
// instructions. The benches measure kernels against them.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

// A Stream moves memory as some kernels must, and computes nothing.
type Stream struct {
	Name string
	ISA  cpu.ISA
	Run  func(x, y []float32) // as long as each other, a multiple of 8
}

// The streams of this build, widest first: what reads x; what reads x and y; what reads x and writes y; and what reads both and
// writes y, leaving in it what it was.
var (
	Loads   = append(loadsAsm(), Stream{"load", cpu.Generic, func(x, y []float32) { sumAll(x) }})
	Pairs   = append(pairsAsm(), Stream{"pair", cpu.Generic, func(x, y []float32) { dot(x, y) }})
	Copies  = append(copiesAsm(), Stream{"copy", cpu.Generic, func(x, y []float32) { copy(y, x) }})
	Updates = append(updatesAsm(), Stream{"update", cpu.Generic, func(x, y []float32) { axpy(0, x, y) }})
)

// sumAll returns a sum of x in eight lanes.
func sumAll(x []float32) float32 {
	var s [8]float32
	for ; len(x) >= 8; x = x[8:] {
		for i, v := range (*[8]float32)(x) {
			s[i] += v
		}
	}
	return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7]
}

// A Mix issues the instructions of a kernel's inner loop, as many of each kind for every 32 elements, on registers and the
// first-level cache, but such that none waits for another's result.
type Mix struct {
	Kernel string
	ISA    cpu.ISA     // that the kernel is written for
	Run    func(n int) // as for n elements, rounded up to a multiple of 32
}

// Mixes lists the kernels that are limited by ports rather than by memory.
var Mixes = mixesAsm()
