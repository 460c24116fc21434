//go:build !purego

// Peak probes in assembly.

package kernel

import "github.com/tutti-ml/tutti/internal/cpu"

//go:noescape
func speakAVX2(n int)

//go:noescape
func dpeakAVX2(n int)

//go:noescape
func speakAVX512(n int)

//go:noescape
func dpeakAVX512(n int)

// A round is 4·12 vector FMA of 16 or 8 float32, 8 or 4 float64, two operations each.
func speakAsm() []Peak {
	return []Peak{
		{Name: "speakAVX512", ISA: cpu.AVX512, Flops: 4 * 12 * 16 * 2, Run: speakAVX512},
		{Name: "speakAVX2", ISA: cpu.AVX2, Flops: 4 * 12 * 8 * 2, Run: speakAVX2},
	}
}

func dpeakAsm() []Peak {
	return []Peak{
		{Name: "dpeakAVX512", ISA: cpu.AVX512, Flops: 4 * 12 * 8 * 2, Run: dpeakAVX512},
		{Name: "dpeakAVX2", ISA: cpu.AVX2, Flops: 4 * 12 * 4 * 2, Run: dpeakAVX2},
	}
}
