package collectivestest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
)

// checkRows compares AllReduceRows with a sum over the whole matrix. Rank r has r·3 rows, drawn from few numbers, so that
// some meet and some come twice; a rank that contributes nothing is among them.
func checkRows[T collectives.Elem](ctx context.Context, g *collectives.Group) error {
	const width = 5
	for _, height := range []int{1, 7, 1000} {
		rows := func(rank int) collectives.Rows[T] {
			n := 3 * rank
			r := collectives.Rows[T]{Index: make([]int64, n), Data: input[T](rank, n*width), Width: width}
			for i := range r.Index {
				r.Index[i] = int64(rank*31+i*i*7) % int64(height)
			}
			return r
		}
		for _, op := range []collectives.Op{collectives.Sum, collectives.Mean} {
			want, size, there := make([]T, height*width), make([]float64, height*width), map[int64]bool{}
			for r := range g.Size() {
				theirs := rows(r)
				for i, row := range theirs.Index {
					there[row] = true
					for j, x := range theirs.Data[i*width : (i+1)*width] {
						want[int(row)*width+j] += x
						size[int(row)*width+j] += math.Abs(float64(x))
					}
				}
			}
			mine := rows(g.Rank())
			got, err := collectives.AllReduceRows(ctx, g, height, mine, op)
			if err != nil {
				return err
			}
			if !slices.IsSorted(got.Index) || len(slices.Compact(slices.Clone(got.Index))) != len(there) || len(got.Index) != len(there) ||
				len(got.Data) != len(there)*width {
				return fmt.Errorf("AllReduceRows: rows %v, want the %d of %v", got.Index, len(there), there)
			}
			for i, row := range got.Index {
				if !there[row] {
					return fmt.Errorf("AllReduceRows: row %d, which nobody has", row)
				}
				for j, x := range got.Data[i*width : (i+1)*width] {
					at, by := int(row)*width+j, T(1)
					if op == collectives.Mean {
						by = T(g.Size())
					}
					// as Reference has it: each of at most 3P² additions rounds, and so does the reference's
					tol := 2 * float64(3*g.Size()*g.Size()) * epsilon[T]() * size[at]
					if y := want[at] / by; x != y && !(math.Abs(float64(x)-float64(y)) <= tol) {
						return fmt.Errorf("AllReduceRows %v: row %d, element %d = %v, want %v", op, row, j, x, y)
					}
				}
			}
			if !slices.Equal(mine.Data, rows(g.Rank()).Data) || !slices.Equal(mine.Index, rows(g.Rank()).Index) {
				return fmt.Errorf("AllReduceRows: the input was written to")
			}
		}
	}
	return nil
}
