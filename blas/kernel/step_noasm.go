//go:build !amd64 || purego

// Builds without assembly leave every step to the references: Steps reports false, and the rest is never called.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

func Steps(isa cpu.ISA) bool { return false }

func SGD(w, g []float32, decay, rate float32) { panic(noAssembly) }
func Momentum(w, g, b []float32, decay, momentum, fresh, rate float32, nesterov bool) {
	panic(noAssembly)
}
func Adam(w, g, m, v []float32, c *[9]float32) { panic(noAssembly) }
