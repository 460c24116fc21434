//go:build !amd64 || purego

// Builds without assembly have portable Go only.

package cpu

const platform = "this build (portable Go only)"

// Machine returns the highest ISA this machine and this build have, whatever TUTTI_ISA says.
func Machine() ISA { return Generic }

// VNNI reports whether the machine has AVX512-VNNI, products of bytes summed into 32 bits, and [Best] allows AVX512.
func VNNI() bool { return false }
