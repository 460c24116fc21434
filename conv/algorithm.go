package conv

import "github.com/tutti-ml/tutti/blas/vec"

// Algorithm is one way of computing the three passes of a convolution.
type Algorithm struct {
	Name   string
	About  string           // one line: how it works, what it is good at
	Usable func(Shape) bool // its results are right for this shape
	Suits  func(Shape) bool // and it is the choice for it, unless one listed before it is
	F32    Kernels[float32]
	F64    Kernels[float64]
}

// Kernels are the passes of an algorithm in one element type. Shapes come validated, their defaults filled in, N > 0, and
// lengths checked.
type Kernels[T vec.Float] struct {
	Forward        func(s Shape, y, x, w, b []T)
	BackwardData   func(s Shape, dx, dy, w []T)
	BackwardFilter func(s Shape, dw, db, x, dy []T)
}

// Algorithms lists all algorithms, in order of choice: the first that is usable and suits a shape computes it.
var Algorithms = []Algorithm{
	{
		Name:   "depthwise",
		About:  "planes copied to frames with their padding, then a vector operation a filter tap; groups of one channel",
		Usable: oneChannel, Suits: suitsDepthwise,
		F32: Kernels[float32]{depthwiseForward[float32], depthwiseBackwardData[float32], depthwiseBackwardFilter[float32]},
		F64: Kernels[float64]{depthwiseForward[float64], depthwiseBackwardData[float64], depthwiseBackwardFilter[float64]},
	},
	{
		Name:   "im2col",
		About:  "matrix products that gather their patches, or of patches copied to panels of columns; 1x1 filters without a copy",
		Usable: anyShape, Suits: suitsProducts,
		F32: Kernels[float32]{im2colForward[float32], im2colBackwardData[float32], im2colBackwardFilter[float32]},
		F64: Kernels[float64]{im2colForward[float64], im2colBackwardData[float64], im2colBackwardFilter[float64]},
	},
	{
		Name:   "direct",
		About:  "the definition in seven loops; the reference of all others, and for planes of a few pixels that see one channel",
		Usable: anyShape, Suits: anyShape,
		F32: Kernels[float32]{directForward[float32], directBackwardData[float32], directBackwardFilter[float32]},
		F64: Kernels[float64]{directForward[float64], directBackwardData[float64], directBackwardFilter[float64]},
	},
}

// Choice returns the algorithm that computes convolutions of shape s. It panics if s is not valid.
func Choice(s Shape) Algorithm { return *choose(s.Normal()) }

func choose(s Shape) *Algorithm {
	for i := range Algorithms {
		if a := &Algorithms[i]; a.Usable(s) && a.Suits(s) {
			return a
		}
	}
	panic("conv: no algorithm for " + s.String()) // unreachable: the last row takes any shape
}

func anyShape(Shape) bool { return true }
