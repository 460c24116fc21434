//go:build !amd64 || purego

// Builds without assembly: cpu.Best is Generic there, so none of these is ever called.

package kernel

import "unsafe"

const havePack = false

func spack8AVX2(rounds int, src *float32, ls int, dst *float32, w int) { panic(noAssembly) }
func spack6AVX2(rounds int, src *float32, ls int, dst *float32, w int) { panic(noAssembly) }
func spack4AVX2(rounds int, src *float32, ls int, dst *float32, w int) { panic(noAssembly) }
func spack2AVX2(rounds int, src *float32, ls int, dst *float32, w int) { panic(noAssembly) }
func dpack4AVX2(rounds int, src *float64, ls int, dst *float64, w int) { panic(noAssembly) }
func dpack2AVX2(rounds int, src *float64, ls int, dst *float64, w int) { panic(noAssembly) }
func packRows64AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int) {
	panic(noAssembly)
}
func packRows48AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int) {
	panic(noAssembly)
}
func packRows24AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int) {
	panic(noAssembly)
}
