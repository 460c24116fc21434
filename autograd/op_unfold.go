package autograd

// Unfold returns the windows of x along axis: size elements each, dilation apart, every stride elements a new one. The axis becomes
// the number of windows, and the elements of a window are a new axis behind it. Copied. (With dilation 1, PyTorch's Tensor.unfold
// but for the place of the new axis.)
func Unfold(x *Var, axis, size, stride, dilation int) *Var {
	n := unfoldOp.on(x)
	axis = axisOf(n.op, x, axis)
	if size < 1 || stride < 1 || dilation < 1 || dilation*(size-1)+1 > x.Dim(axis) {
		n.op.panicf("windows of %d, stride %d, dilation %d, of axis %d of shape %v", size, stride, dilation, axis, x.Shape())
	}
	from := dense(x.Shape())
	var room [maxRank + 1]int
	shape := room[:0]
	for a := range from.rank {
		if a != axis {
			n.layout.axis(from.dims[a], from.strides[a])
			shape = append(shape, from.dims[a])
			continue
		}
		windows := (from.dims[a]-dilation*(size-1)-1)/stride + 1
		n.layout.axis(windows, stride*from.strides[a])
		n.layout.axis(size, dilation*from.strides[a])
		shape = append(shape, windows, size)
	}
	return n.moved(shape...)
}

// Fold adds up windows into an axis of length: the adjoint of Unfold, where windows overlap and elsewhere. x has the windows along
// axis and their elements along the one behind it; these two become one.
func Fold(x *Var, axis, length, stride, dilation int) *Var {
	n := foldOp.on(x)
	axis = axisOf(n.op, x, axis)
	if axis+1 >= x.Rank() || stride < 1 || dilation < 1 || (x.Dim(axis)-1)*stride+(x.Dim(axis+1)-1)*dilation+1 > length {
		n.op.panicf("shape %v: windows along axis %d, stride %d, dilation %d, do not fit into %d", x.Shape(), axis, stride, dilation, length)
	}
	var room [maxRank]int
	shape := room[:0]
	for a, d := range x.Shape() {
		switch a {
		case axis:
			shape = append(shape, length)
		case axis + 1:
		default:
			shape = append(shape, d)
		}
	}
	into := dense(shape)
	for a := range into.rank {
		if a != axis {
			n.layout.axis(into.dims[a], into.strides[a])
			continue
		}
		n.layout.axis(x.Dim(axis), stride*into.strides[a])
		n.layout.axis(x.Dim(axis+1), dilation*into.strides[a])
	}
	n.layout = n.layout.merged()
	return n.run(shape...)
}

var (
	unfoldOp = mover("Unfold")
	foldOp   = &op{"Fold", kernels{placeForward[float32], placeBackward[float32]}, kernels{placeForward[float64], placeBackward[float64]}}
)
