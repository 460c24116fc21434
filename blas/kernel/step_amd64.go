//go:build !purego

// Optimizer steps in assembly.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// Steps reports whether isa has the kernels below, which must not be called otherwise.
func Steps(isa cpu.ISA) bool { return isa >= cpu.AVX2 }

// SGD takes w to w - rate·(g + decay·w).
func SGD(w, g []float32, decay, rate float32) {
	sgdAVX2(len(w), unsafe.SliceData(w), unsafe.SliceData(g), decay, rate)
}

// Momentum takes b to momentum·b + fresh·g' with g' = g + decay·w, and w to w - rate·b, or, with nesterov, to
// w - rate·(g' + momentum·b).
func Momentum(w, g, b []float32, decay, momentum, fresh, rate float32, nesterov bool) {
	if nesterov {
		nesterovAVX2(len(w), unsafe.SliceData(w), unsafe.SliceData(g), unsafe.SliceData(b), decay, momentum, fresh, rate)
		return
	}
	momentumAVX2(len(w), unsafe.SliceData(w), unsafe.SliceData(g), unsafe.SliceData(b), decay, momentum, fresh, rate)
}

// Adam takes w to w' - c[Rate]·m / (c[Root]·√v + c[Eps]) with w' = c[Keep]·w, after it has updated the moments m and v from
// g + c[Decay]·w'. c holds Keep, Decay, Beta1, Beta2, New1, New2, Rate, Root and Eps, in this order.
func Adam(w, g, m, v []float32, c *[9]float32) {
	adamAVX2(len(w), unsafe.SliceData(w), unsafe.SliceData(g), unsafe.SliceData(m), unsafe.SliceData(v), &c[0])
}

//go:noescape
func sgdAVX2(n int, w, grad *float32, decay, rate float32)

//go:noescape
func momentumAVX2(n int, w, grad, b *float32, decay, momentum, fresh, rate float32)

//go:noescape
func nesterovAVX2(n int, w, grad, b *float32, decay, momentum, fresh, rate float32)

//go:noescape
func adamAVX2(n int, w, grad, m, v, c *float32)
