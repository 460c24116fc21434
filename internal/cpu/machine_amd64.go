//go:build amd64 && !purego

// What an amd64 machine has, the operating system's consent included.

package cpu

import "github.com/klauspost/cpuid/v2"

const platform = "this machine"

// Machine returns the highest ISA this machine and this build have, whatever TUTTI_ISA says.
// A feature whose registers the operating system does not save is not counted.
func Machine() ISA {
	switch c := &cpuid.CPU; {
	case !c.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.OSXSAVE):
		return Generic
	case !c.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL):
		return AVX2
	default:
		return AVX512
	}
}

// VNNI reports whether the machine has AVX512-VNNI, products of bytes summed into 32 bits, and [Best] allows AVX512.
func VNNI() bool { return Best() >= AVX512 && cpuid.CPU.Supports(cpuid.AVX512VNNI) }
