//go:build !amd64 || purego

// Builds without assembly leave every slice to the references: Converts16 reports false, and the rest is never called.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

func Converts16(isa cpu.ISA, n int) bool { return false }

func ToFloat16(dst []uint16, x []float32)    { panic(noAssembly) }
func ToBFloat16(dst []uint16, x []float32)   { panic(noAssembly) }
func FromFloat16(dst []float32, x []uint16)  { panic(noAssembly) }
func FromBFloat16(dst []float32, x []uint16) { panic(noAssembly) }
