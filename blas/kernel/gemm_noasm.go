//go:build !amd64 || purego

// Builds without assembly have the portable kernels only.

package kernel

func sgemmAsm() []Gemm[float32] { return nil }
func dgemmAsm() []Gemm[float64] { return nil }
