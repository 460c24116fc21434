package autograd

// Reductions other than sums see their operand as rows: the axes to reduce are moved behind the others, unless they are there,
// and made one.

// rowsOf returns x as rows [R, C] of the axes named (all if none are), and the shape without these axes. The result of a reduction
// of every row, reshaped to that, is the op's. shape is appended to room.
func rowsOf(o *op, room []int, x *Var, axes []int) (rows *Var, shape []int) {
	for _, a := range axes {
		axisOf(o, x, a)
	}
	var order [maxRank]int
	kept, reduced := order[:0], [maxRank]int{}
	width, moved := 0, 0
	cols, count := 1, 1
	shape = room
	for i, d := range x.Shape() {
		if len(axes) == 0 || hasAxis(axes, i, x.Rank()) {
			reduced[width] = i
			width++
			cols *= d
			continue
		}
		if width > 0 {
			moved++ // a kept axis behind a reduced one
		}
		kept, shape, count = append(kept, i), append(shape, d), count*d
	}
	if moved > 0 {
		x = Permute(x, append(kept, reduced[:width]...)...)
	}
	if x.Rank() != 2 || x.Dim(0) != count || x.Dim(1) != cols {
		x = Reshape(x, count, cols)
	}
	return x, shape
}

// reduceRows runs an op that makes one number of every row of x's reduced axes, which may be empty.
func (o *op) reduceRows(x *Var, axes []int, set func(n *node)) *Var {
	var room [maxRank]int
	rows, shape := rowsOf(o, room[:0], x, axes)
	n := o.on(rows)
	n.ints[0], n.ints[1] = rows.Dim(0), rows.Dim(1)
	if set != nil {
		set(n)
	}
	return n.run(shape...)
}

// row returns row i of a matrix with rows of cols elements.
func row[T any](x []T, i, cols int) []T { return x[i*cols:][:cols] }
