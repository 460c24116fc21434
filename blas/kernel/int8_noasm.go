//go:build !amd64 || purego

// Builds without assembly have the portable kernel only.

package kernel

func igemmAsm() []GemmInt8 { return nil }
