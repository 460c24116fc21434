package vec

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// AddRows adds the rows of a matrix to dst: dst[j] += x[0, j] + x[1, j] + …, first row first, every addition rounded to
// T.
//
//	x [rows, len(dst)], by elements from one row to the next   dst [cols]
//
// The bits are those of a loop of Add, on every machine. It is meant for the leaves of a tree (package tensor's
// reductions): the error of one call grows with rows. It runs on the caller. It panics if x does not hold the rows.
func AddRows[T Float](dst, x []T, rows, by int) {
	n := len(dst)
	if n == 0 || rows <= 0 {
		return
	}
	if by < 0 || len(x) < (rows-1)*by+n {
		panic(fmt.Sprintf("vec: AddRows: %d elements for %d rows of %d, %d apart", len(x), rows, n, by))
	}
	for ; rows >= kernel.AxpysK; rows -= kernel.AxpysK {
		// A product with one is exact, so a fused multiplication and addition rounds once, as an addition does.
		kernel.Axpys(isa, n, &[kernel.AxpysK]T{1, 1, 1, 1, 1, 1, 1, 1}, &x[0], by, &dst[0])
		if rows == kernel.AxpysK {
			return
		}
		x = x[kernel.AxpysK*by:]
	}
	for i := range rows {
		apply(kernel.OpAdd, dst, dst, x[i*by:i*by+n], 0)
	}
}
