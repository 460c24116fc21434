//go:build !purego

// Packs in assembly.

package kernel

import "unsafe"

const havePack = true

//go:noescape
func spack8AVX2(rounds int, src *float32, ls int, dst *float32, w int)

//go:noescape
func spack6AVX2(rounds int, src *float32, ls int, dst *float32, w int)

//go:noescape
func spack4AVX2(rounds int, src *float32, ls int, dst *float32, w int)

//go:noescape
func spack2AVX2(rounds int, src *float32, ls int, dst *float32, w int)

//go:noescape
func dpack4AVX2(rounds int, src *float64, ls int, dst *float64, w int)

//go:noescape
func dpack2AVX2(rounds int, src *float64, ls int, dst *float64, w int)

//go:noescape
func packRows64AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int)

//go:noescape
func packRows48AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int)

//go:noescape
func packRows24AVX2(panels int, dst unsafe.Pointer, next int, src unsafe.Pointer, step int)
