//go:build !amd64 || purego

// Builds without assembly: cpu.Best is Generic there, so none of these is ever called.

package kernel

const haveRows = false

func sdotsAVX2(nr, k int, s *float32, lds int, r *float32, ldr int, out *float32) { panic(noAssembly) }
func ddotsAVX2(nr, k int, s *float64, lds int, r *float64, ldr int, out *float64) { panic(noAssembly) }
func saxpysAVX2(n int, f, a *float32, lda int, y *float32)                        { panic(noAssembly) }
func daxpysAVX2(n int, f, a *float64, lda int, y *float64)                        { panic(noAssembly) }

func souterAVX2(pairs, groups, n int, f, b *float32, ldb int, c *float32, ldc int) { panic(noAssembly) }
func douterAVX2(pairs, groups, n int, f, b *float64, ldb int, c *float64, ldc int) { panic(noAssembly) }

func sdotsAVX512(nr, k int, s *float32, lds int, r *float32, ldr int, out *float32) {
	panic(noAssembly)
}
func ddotsAVX512(nr, k int, s *float64, lds int, r *float64, ldr int, out *float64) {
	panic(noAssembly)
}
func saxpysAVX512(n int, f, a *float32, lda int, y *float32) { panic(noAssembly) }
func daxpysAVX512(n int, f, a *float64, lda int, y *float64) { panic(noAssembly) }

func souterAVX512(pairs, groups, n int, f, b *float32, ldb int, c *float32, ldc int) {
	panic(noAssembly)
}
func douterAVX512(pairs, groups, n int, f, b *float64, ldb int, c *float64, ldc int) {
	panic(noAssembly)
}
