// The checks that every routine begins with.

package blas

import gblas "gonum.org/v1/gonum/blas"

func checkTranspose(t Transpose) {
	if t != NoTrans && t != Trans && t != gblas.ConjTrans {
		panic(badTranspose)
	}
}

func checkSize(n int, message string) {
	if n < 0 {
		panic(message)
	}
}

func checkStride(ld, cols int, message string) {
	if ld < max(1, cols) {
		panic(message)
	}
}

// checkLen panics unless a slice of length have holds rows × cols with stride ld.
func checkLen(have, rows, cols, ld int, message string) {
	if have < (rows-1)*ld+cols {
		panic(message)
	}
}
