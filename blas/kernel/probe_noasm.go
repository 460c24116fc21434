//go:build !amd64 || purego

// Builds without assembly measure streams of portable Go, and have no kernels to take apart.

package kernel

func loadsAsm() []Stream   { return nil }
func pairsAsm() []Stream   { return nil }
func copiesAsm() []Stream  { return nil }
func updatesAsm() []Stream { return nil }
func mixesAsm() []Mix      { return nil }
