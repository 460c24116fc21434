//go:build !amd64 || purego

// Builds without assembly have the portable kernel only.

package kernel

func igemmAsm() []GemmInt8 { return nil }

func ipackPairsAVX2(words int, src *int8, ldb int, dst *uint32, w int) { panic(noAssembly) }
func ipackQuadsAVX2(words int, src *int8, ldb int, dst *uint32, w int) { panic(noAssembly) }
