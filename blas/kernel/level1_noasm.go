//go:build !amd64 || purego

// Builds without assembly: cpu.Best is Generic there, so none of these is ever called.

package kernel

const haveLevel1 = false

func sdotAVX2(n int, x, y *float32) float32           { panic(noAssembly) }
func ddotAVX2(n int, x, y *float64) float64           { panic(noAssembly) }
func saxpyAVX2(n int, alpha float32, x, y *float32)   { panic(noAssembly) }
func daxpyAVX2(n int, alpha float64, x, y *float64)   { panic(noAssembly) }
func sscalAVX2(n int, alpha float32, x *float32)      { panic(noAssembly) }
func dscalAVX2(n int, alpha float64, x *float64)      { panic(noAssembly) }
func sdotAVX512(n int, x, y *float32) float32         { panic(noAssembly) }
func ddotAVX512(n int, x, y *float64) float64         { panic(noAssembly) }
func saxpyAVX512(n int, alpha float32, x, y *float32) { panic(noAssembly) }
func daxpyAVX512(n int, alpha float64, x, y *float64) { panic(noAssembly) }
func sscalAVX512(n int, alpha float32, x *float32)    { panic(noAssembly) }
func dscalAVX512(n int, alpha float64, x *float64)    { panic(noAssembly) }

const noAssembly = "kernel: assembly called in a build without it"
