//go:build !purego

// Sums and maxima of one vector, in assembly. n elements of unit stride; n may be 0.

package kernel

const haveReduce = true

//go:noescape
func ssumSquaresAVX2(n int, x *float32) float64

//go:noescape
func ssumAbsAVX2(n int, x *float32) float32

//go:noescape
func dsumAbsAVX2(n int, x *float64) float64

//go:noescape
func smaxAbsAVX2(n int, x *float32) float32

//go:noescape
func dmaxAbsAVX2(n int, x *float64) float64

//go:noescape
func ssumSquaresAVX512(n int, x *float32) float64

//go:noescape
func ssumAbsAVX512(n int, x *float32) float32

//go:noescape
func dsumAbsAVX512(n int, x *float64) float64

//go:noescape
func smaxAbsAVX512(n int, x *float32) float32

//go:noescape
func dmaxAbsAVX512(n int, x *float64) float64
