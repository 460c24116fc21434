//go:build !purego

// Vector kernels in assembly. n elements of unit stride; n may be 0.

package kernel

const haveLevel1 = true

//go:noescape
func sdotAVX2(n int, x, y *float32) float32

//go:noescape
func ddotAVX2(n int, x, y *float64) float64

//go:noescape
func saxpyAVX2(n int, alpha float32, x, y *float32)

//go:noescape
func daxpyAVX2(n int, alpha float64, x, y *float64)

//go:noescape
func sscalAVX2(n int, alpha float32, x *float32)

//go:noescape
func dscalAVX2(n int, alpha float64, x *float64)

//go:noescape
func sdotAVX512(n int, x, y *float32) float32

//go:noescape
func ddotAVX512(n int, x, y *float64) float64

//go:noescape
func saxpyAVX512(n int, alpha float32, x, y *float32)

//go:noescape
func daxpyAVX512(n int, alpha float64, x, y *float64)

//go:noescape
func sscalAVX512(n int, alpha float32, x *float32)

//go:noescape
func dscalAVX512(n int, alpha float64, x *float64)
