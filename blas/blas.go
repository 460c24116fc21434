// Package blas is dense linear algebra on slices: the Basic Linear Algebra Subprograms, row-major, with BLAS's names and
// gonum's argument order.
//
// [Implementation] satisfies gonum's blas.Float32, blas.Float64, blas.Complex64 and blas.Complex128, so that
//
//	blas32.Use(blas.Implementation{})
//	blas64.Use(blas.Implementation{})
//
// lets any gonum program run on these kernels. Complex types are gonum's own code, as are the construction of rotations
// (Rotg, Rotmg), the modified rotation (Rotm) and the dot products in another precision (Dsdot, Sdsdot).
package blas

import (
	"fmt"

	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/cpu"
)

// Float is the constraint of the element types that the generic functions work on.
type Float interface{ ~float32 | ~float64 }

// A Transpose says whether an operand is used as it stands. It is gonum's type.
type Transpose = gblas.Transpose

const (
	NoTrans = gblas.NoTrans // op(A) = A
	Trans   = gblas.Trans   // op(A) = Aᵀ
)

// Implementation answers gonum's BLAS interfaces: all of levels 2 and 3 for real types, and of level 1 all but the routines that
// the package's comment leaves to gonum, by this package's own code. Its zero value uses the best kernels that this machine and TUTTI_ISA
// allow. It is safe for use by any number of goroutines at once.
type Implementation struct {
	gonum.Implementation          // complex types; Rotg, Rotm, Rotmg, Dsdot, Sdsdot
	kernels              *kernels // nil: the best
}

var (
	_ gblas.Float32    = Implementation{}
	_ gblas.Float64    = Implementation{}
	_ gblas.Complex64  = Implementation{}
	_ gblas.Complex128 = Implementation{}
)

// kernels is what one ISA chose from the tables.
type kernels struct {
	isa   cpu.ISA
	sgemm *kernel.Gemm[float32]
	dgemm *kernel.Gemm[float64]

	sedge *kernel.Gemm[float32] // the best that have Edge: small products are mostly edges
	dedge *kernel.Gemm[float64]

	single level3[float32]
	double level3[float64]
}

func pick(isa cpu.ISA) *kernels {
	use := &kernels{
		isa: isa, sgemm: kernel.Pick(kernel.Sgemm, isa), dgemm: kernel.Pick(kernel.Dgemm, isa),
		sedge: kernel.PickEdge(kernel.Sgemm, isa), dedge: kernel.PickEdge(kernel.Dgemm, isa),
	}
	use.single = level3[float32]{use, use.sgemm, use.sedge, &sVectors, &sProducts, &sSkinnies, &sScratch, &sSquares}
	use.double = level3[float64]{use, use.dgemm, use.dedge, &dVectors, &dProducts, &dSkinnies, &dScratch, &dSquares}
	return use
}

// best is decided at initialisation and never changes.
var best = pick(cpu.Best())

func (im Implementation) use() *kernels {
	if im.kernels == nil {
		return best
	}
	return im.kernels
}

// For returns the implementation that uses no more than isa, for tests and comparisons. It returns an error if this
// machine or TUTTI_ISA does not allow isa.
func For(isa cpu.ISA) (Implementation, error) {
	if isa > cpu.Best() {
		return Implementation{}, fmt.Errorf("blas: For(%s): this machine and %s allow %s at most", isa, cpu.Variable, cpu.Best())
	}
	return Implementation{kernels: pick(isa)}, nil
}

// Implementations lists one implementation for each ISA that this machine and TUTTI_ISA allow, portable Go first.
func Implementations() []Implementation {
	var all []Implementation
	for _, isa := range cpu.All() {
		if im, err := For(isa); err == nil {
			all = append(all, im)
		}
	}
	return all
}

// ISA returns the instructions that im may use.
func (im Implementation) ISA() cpu.ISA { return im.use().isa }

// String names the ISA and the kernels in use.
func (im Implementation) String() string {
	k := im.use()
	return fmt.Sprintf("%s (%s, %s)", k.isa, k.sgemm.Name, k.dgemm.Name)
}
