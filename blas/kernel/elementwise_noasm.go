//go:build !amd64 || purego

// Builds without assembly leave every slice to the references.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

// Elementwise reports false: this build has no elementwise kernel.
func Elementwise(isa cpu.ISA, op Op, dst, a, b []float32, alpha float32) bool { return false }
