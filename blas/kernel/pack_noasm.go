//go:build !amd64 || purego

// Builds without assembly: cpu.Best is Generic there, so none of these is ever called.

package kernel

const havePack = false

func spack4AVX2(rounds int, src *float32, ls int, dst *float32, w int) { panic(noAssembly) }
func spack2AVX2(rounds int, src *float32, ls int, dst *float32, w int) { panic(noAssembly) }
func dpack4AVX2(rounds int, src *float64, ls int, dst *float64, w int) { panic(noAssembly) }
func dpack2AVX2(rounds int, src *float64, ls int, dst *float64, w int) { panic(noAssembly) }
