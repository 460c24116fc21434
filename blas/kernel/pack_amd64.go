//go:build !purego

// Transposing packs in assembly.

package kernel

const havePack = true

//go:noescape
func spack4AVX2(rounds int, src *float32, ls int, dst *float32, w int)

//go:noescape
func spack2AVX2(rounds int, src *float32, ls int, dst *float32, w int)

//go:noescape
func dpack4AVX2(rounds int, src *float64, ls int, dst *float64, w int)

//go:noescape
func dpack2AVX2(rounds int, src *float64, ls int, dst *float64, w int)
