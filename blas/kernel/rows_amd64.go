//go:build !purego

// Kernels on several rows, in assembly.

package kernel

const haveRows = true

//go:noescape
func sdotsAVX2(nr, k int, s *float32, lds int, r *float32, ldr int, out *float32)

//go:noescape
func ddotsAVX2(nr, k int, s *float64, lds int, r *float64, ldr int, out *float64)

//go:noescape
func saxpysAVX2(n int, f, a *float32, lda int, y *float32)

//go:noescape
func daxpysAVX2(n int, f, a *float64, lda int, y *float64)

//go:noescape
func souterAVX2(k, groups, n int, f, b *float32, ldb int, c *float32, ldc int)

//go:noescape
func douterAVX2(k, groups, n int, f, b *float64, ldb int, c *float64, ldc int)

//go:noescape
func sdotsAVX512(nr, k int, s *float32, lds int, r *float32, ldr int, out *float32)

//go:noescape
func ddotsAVX512(nr, k int, s *float64, lds int, r *float64, ldr int, out *float64)

//go:noescape
func saxpysAVX512(n int, f, a *float32, lda int, y *float32)

//go:noescape
func daxpysAVX512(n int, f, a *float64, lda int, y *float64)

//go:noescape
func souterAVX512(k, groups, n int, f, b *float32, ldb int, c *float32, ldc int)

//go:noescape
func douterAVX512(k, groups, n int, f, b *float64, ldb int, c *float64, ldc int)
