package autograd

// Slice returns the part lo ≤ i < hi of x along axis, copied. Negative bounds count from the axis's end, as does a negative
// axis from the last. It panics if the bounds are not in order and within the axis.
func Slice(x *Var, axis, lo, hi int) *Var { return sliceOp.slice(x, axis, lo, hi, 1) }

// SliceStep is Slice for every step'th index from lo on: lo, lo+step, … below hi. It panics unless step is positive.
func SliceStep(x *Var, axis, lo, hi, step int) *Var { return sliceOp.slice(x, axis, lo, hi, step) }

// Select returns index i of x along axis, copied, without that axis. A negative i counts from the axis's end.
func Select(x *Var, axis, i int) *Var {
	n := selectOp.on(x)
	axis = axisOf(n.op, x, axis)
	at, d := i, x.Dim(axis)
	if at < 0 {
		at += d
	}
	if at < 0 || at >= d {
		n.op.panicf("index %d of axis %d, which is %d long", i, axis, d)
	}
	from := dense(x.Shape())
	n.layout.offset = at * from.strides[axis]
	var room [maxRank]int
	shape := room[:0]
	for a := range from.rank {
		if a != axis {
			n.layout.axis(from.dims[a], from.strides[a])
			shape = append(shape, from.dims[a])
		}
	}
	return n.moved(shape...)
}

// Flip returns x with the order of the elements reversed along every axis named, copied.
func Flip(x *Var, axes ...int) *Var {
	n := flipOp.on(x)
	n.layout = dense(x.Shape())
	for i := range x.Rank() {
		if d := x.Dim(i); hasAxis(axes, i, x.Rank()) && d > 0 {
			n.layout.offset += (d - 1) * n.layout.strides[i]
			n.layout.strides[i] = -n.layout.strides[i]
		}
	}
	for _, a := range axes {
		axisOf(n.op, x, a)
	}
	return n.moved(x.Shape()...)
}

// Repeat returns x laid out times[i] times along each axis i, copied. It panics unless there is a count, not negative, for every
// axis. (PyTorch's Tensor.repeat, NumPy's tile.)
func Repeat(x *Var, times ...int) *Var {
	n := repeatOp.on(x)
	if len(times) != x.Rank() {
		n.op.panicf("%d counts for shape %v, which has %d axes", len(times), x.Shape(), x.Rank())
	}
	from := dense(x.Shape())
	var room [maxRank]int
	shape := room[:0]
	for i, k := range times {
		if k < 0 {
			n.op.panicf("count %d for axis %d, want >= 0", k, i)
		}
		n.layout.axis(k, 0)
		n.layout.axis(from.dims[i], from.strides[i])
		shape = append(shape, k*from.dims[i])
	}
	return n.moved(shape...)
}

// Diagonal returns the elements of x whose indices along axes i and j are equal, copied: both axes are gone, and the diagonal,
// as long as the shorter of them, is the last axis.
func Diagonal(x *Var, i, j int) *Var {
	n := diagonalOp.on(x)
	i, j = axisOf(n.op, x, i), axisOf(n.op, x, j)
	if i == j {
		n.op.panicf("axes %d and %d of shape %v are the same", i, j, x.Shape())
	}
	from := dense(x.Shape())
	var room [maxRank]int
	shape := room[:0]
	for a := range from.rank {
		if a != i && a != j {
			n.layout.axis(from.dims[a], from.strides[a])
			shape = append(shape, from.dims[a])
		}
	}
	d := min(from.dims[i], from.dims[j])
	n.layout.axis(d, from.strides[i]+from.strides[j])
	return n.moved(append(shape, d)...)
}

var (
	sliceOp, selectOp            = mover("Slice"), mover("Select")
	flipOp, repeatOp, diagonalOp = mover("Flip"), mover("Repeat"), mover("Diagonal")
)

func (o *op) slice(x *Var, axis, lo, hi, step int) *Var {
	n := o.on(x)
	axis = axisOf(o, x, axis)
	d := x.Dim(axis)
	from, to := lo, hi
	if from < 0 {
		from += d
	}
	if to < 0 {
		to += d
	}
	if from < 0 || to < from || to > d {
		o.panicf("bounds [%d:%d] of axis %d, which is %d long", lo, hi, axis, d)
	}
	if step < 1 {
		o.panicf("step %d, want > 0", step)
	}
	n.layout = dense(x.Shape())
	n.layout.offset = from * n.layout.strides[axis]
	n.layout.dims[axis] = (to - from + step - 1) / step
	n.layout.strides[axis] *= step
	var room [maxRank]int
	return n.moved(append(room[:0], n.layout.dims[:n.layout.rank]...)...)
}
