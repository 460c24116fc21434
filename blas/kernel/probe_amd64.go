//go:build !purego

// Probes of memory and ports in assembly.

package kernel

import (
	"unsafe"

	"github.com/tutti-ml/tutti/internal/cpu"
)

// stream wraps f, which takes a number of elements.
func stream(name string, isa cpu.ISA, f func(n int, x, y *float32)) Stream {
	return Stream{name, isa, func(x, y []float32) { f(len(x), unsafe.SliceData(x), unsafe.SliceData(y)) }}
}

func loadsAsm() []Stream {
	return []Stream{stream("loadAVX512", cpu.AVX512, loadAVX512), stream("loadAVX2", cpu.AVX2, loadAVX2), stream("loadAheadAVX2", cpu.AVX2, loadAheadAVX2),
		{"loadFourAVX2", cpu.AVX2, loadFour}}
}

// loadFour loads from four places at once, as a product of a matrix and a vector does, which lets more be fetched at a time.
func loadFour(x, y []float32) {
	const block = 4 * 4096
	for ; len(x) >= block; x = x[block:] {
		loadFourAVX2(block, unsafe.SliceData(x), nil)
	}
	loadAVX2(len(x), unsafe.SliceData(x), nil)
}

func pairsAsm() []Stream {
	return []Stream{stream("pairAVX512", cpu.AVX512, pairAVX512), stream("pairAVX2", cpu.AVX2, pairAVX2), stream("pairAheadAVX2", cpu.AVX2, pairAheadAVX2)}
}

func copiesAsm() []Stream {
	return []Stream{stream("copyAVX512", cpu.AVX512, copyAVX512), stream("copyAVX2", cpu.AVX2, copyAVX2), stream("copyAheadAVX2", cpu.AVX2, copyAheadAVX2)}
}

func updatesAsm() []Stream {
	return []Stream{stream("updateAVX512", cpu.AVX512, updateAVX512), stream("updateAVX2", cpu.AVX2, updateAVX2), stream("updateAheadAVX2", cpu.AVX2, updateAheadAVX2)}
}

func mixesAsm() []Mix {
	return []Mix{{"nrm2", cpu.AVX2, mixSquaresAVX2}, {"exp", cpu.AVX2, mixExpAVX2}, {"tanh", cpu.AVX2, mixTanhAVX2}, {"softmax", cpu.AVX2, mixSoftmaxAVX2}}
}

//go:noescape
func loadAVX2(n int, x, y *float32)

//go:noescape
func loadAheadAVX2(n int, x, y *float32)

// loadFourAVX2 loads n elements, a multiple of 64, from the start of each quarter on.
//
//go:noescape
func loadFourAVX2(n int, x, y *float32)

//go:noescape
func pairAVX2(n int, x, y *float32)

//go:noescape
func pairAheadAVX2(n int, x, y *float32)

//go:noescape
func copyAVX2(n int, x, y *float32)

//go:noescape
func copyAheadAVX2(n int, x, y *float32)

//go:noescape
func updateAVX2(n int, x, y *float32)

//go:noescape
func updateAheadAVX2(n int, x, y *float32)

//go:noescape
func loadAVX512(n int, x, y *float32)

//go:noescape
func pairAVX512(n int, x, y *float32)

//go:noescape
func copyAVX512(n int, x, y *float32)

//go:noescape
func updateAVX512(n int, x, y *float32)

func mixSquaresAVX2(n int)

func mixExpAVX2(n int)

func mixTanhAVX2(n int)

func mixSoftmaxAVX2(n int)
