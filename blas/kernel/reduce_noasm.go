//go:build !amd64 || purego

// Builds without assembly leave every slice to the references: Reduces reports false, and the rest is never called.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

func Reduces(isa cpu.ISA) bool { return false }

func SumLanes(x []float32) float32                         { panic(noAssembly) }
func DotLanes(x, y []float32) float32                      { panic(noAssembly) }
func MaxOf(isa cpu.ISA, x []float32) float32               { panic(noAssembly) }
func MinOf(isa cpu.ISA, x []float32) float32               { panic(noAssembly) }
func Largest(x []float32) float32                          { panic(noAssembly) }
func IndexOf(isa cpu.ISA, x []float32, v float32) (at int) { panic(noAssembly) }
func ExpSum(dst, x []float32, shift float32) float32       { panic(noAssembly) }
func SumExp(x []float32, shift float32) float32            { panic(noAssembly) }
