//go:build !amd64 || purego

// Builds without assembly: cpu.Best is Generic there, so none of these is ever called.

package kernel

const haveReduce = false

func ssumSquaresAVX2(n int, x *float32) float64   { panic(noAssembly) }
func ssumAbsAVX2(n int, x *float32) float32       { panic(noAssembly) }
func dsumAbsAVX2(n int, x *float64) float64       { panic(noAssembly) }
func smaxAbsAVX2(n int, x *float32) float32       { panic(noAssembly) }
func dmaxAbsAVX2(n int, x *float64) float64       { panic(noAssembly) }
func ssumSquaresAVX512(n int, x *float32) float64 { panic(noAssembly) }
func ssumAbsAVX512(n int, x *float32) float32     { panic(noAssembly) }
func dsumAbsAVX512(n int, x *float64) float64     { panic(noAssembly) }
func smaxAbsAVX512(n int, x *float32) float32     { panic(noAssembly) }
func dmaxAbsAVX512(n int, x *float64) float64     { panic(noAssembly) }
