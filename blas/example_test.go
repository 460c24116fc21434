package blas_test

import (
	"fmt"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/tutti-ml/tutti/blas"
)

// The product of two matrices on slices, row after row.
func ExampleGemm() {
	a := []float32{
		1, 2, 3,
		4, 5, 6,
	}
	b := []float32{
		1, 0,
		0, 1,
		1, 1,
	}
	c := make([]float32, 4)
	blas.Gemm(blas.NoTrans, blas.NoTrans, 2, 2, 3, 1, a, 3, b, 2, 0, c, 2)
	fmt.Println(c)
	// Output: [4 5 10 11]
}

// A gonum program runs on these kernels after one line.
func ExampleImplementation() {
	blas64.Use(blas.Implementation{})

	a := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
	var c mat.Dense
	c.Mul(a, a.T())
	fmt.Println(mat.Formatted(&c))
	// Output:
	// ⎡ 5  11⎤
	// ⎣11  25⎦
}

// A linear layer with its bias and activation, in one pass over the result; the weights are packed once.
func ExampleGemmPacked() {
	weights := blas.PackB(blas.NoTrans, 2, 3, []float32{
		1, 0, -1,
		0, 1, -1,
	}, 3)
	relu := &blas.Epilogue[float32]{
		ColBias: []float32{0.5, 0, 0},
		Each: func(_, _ int, c []float32) {
			for i := range c {
				c[i] = max(c[i], 0)
			}
		},
	}
	x := []float32{3, 4}
	y := make([]float32, 3)
	blas.GemmPacked(blas.NoTrans, 1, 1, x, 2, weights, 0, y, 3, relu)
	fmt.Println(y)
	// Output: [3.5 4 0]
}
