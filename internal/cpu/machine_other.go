//go:build !amd64 || purego

// Builds without assembly have portable Go only.

package cpu

const platform = "this build (portable Go only)"

// Machine returns the highest ISA this machine and this build have, whatever TUTTI_ISA says.
func Machine() ISA { return Generic }
