package autograd

import (
	"slices"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/tensor"
)

// MultiMargin returns Σ_j max(0, margin − x[label] + x[j])^p/C over the classes j other than the label, times the label's weight,
// for every row of x: the hinge loss of many classes.
//
//	x [N, C] scores   labels [N] Int64 or Int32, 0 ≤ label < C   w [C] or nil for ones   result [N]
//
// It panics unless p is 1 or 2, with a *LabelError if a label is out of range. Source: Crammer and Singer, JMLR 2 (2001).
func MultiMargin(x *Var, labels, w *tensor.Tensor, p int, margin float64) *Var {
	n := multiMarginOp.on(x)
	if p != 1 && p != 2 {
		n.op.panicf("p = %d, want 1 or 2", p)
	}
	n.labels(labels, nil)
	n.ints[0], n.factor = p, margin
	n.saveSlopes(0)
	n.save(1, tensor.Float64, x.Dim(0)) // each row's weight
	n.rowWeights(n.saved[1], w, nil)
	return n.run(x.Dim(0))
}

var multiMarginOp = &op{"MultiMargin",
	kernels{multiMarginForward[float32], slopesBackward[float32]}, kernels{multiMarginForward[float64], slopesBackward[float64]}}

// The derivative is that of the positive terms: with respect to x[j] minus what it is with respect to x[label].
func multiMarginForward[T vec.Float](n *node) {
	y, c, dx := out[T](n), n.in[0].Dim(1), savedSlopes[T](n, 0)
	clear(dx)
	for r, label := range tensor.Data[int64](n.targets) {
		x := in[T](n, 0)[r*c : (r+1)*c]
		w := T(tensor.Data[float64](n.saved[1])[r]) / T(c)
		var sum T
		for j, v := range x {
			z := T(n.factor) - x[label] + v
			if j == int(label) || z <= 0 {
				continue
			}
			slope := w
			if n.ints[0] == 2 {
				slope, z = 2*z*w, z*z
			}
			sum += z
			if dx != nil {
				dx[r*c+j] += slope
				dx[r*c+int(label)] -= slope
			}
		}
		y[r] = w * sum
	}
}

// MultiLabelMargin returns Σ max(0, 1 − x[k] + x[j])/C over the labels k of a row and the classes j that are none of its labels, for
// every row of x. Labels lists them, ended by −1 where there are fewer than C.
//
//	x [N, C] scores   labels [N, C] Int64 or Int32   result [N]
//
// It panics with a *LabelError if a label is out of range, and with a message if shapes or dtypes disagree.
func MultiLabelMargin(x *Var, labels *tensor.Tensor) *Var {
	n := multiLabelMarginOp.on(x)
	if x.Rank() != 2 || !x.value.SameShape(labels) {
		n.op.panicf("x %v and labels %v: want [N, C] twice", x.Shape(), slices.Clone(labels.Shape()))
	}
	labels = n.integers("labels", labels)
	c := x.Dim(1)
	for i, label := range tensor.Data[int64](labels) {
		if label < -1 || label >= int64(c) {
			panic(&LabelError{Op: n.op.name, Row: i / c, Label: label, Classes: c})
		}
	}
	n.targets = labels
	n.saveSlopes(0)
	return n.run(x.Dim(0))
}

var multiLabelMarginOp = &op{"MultiLabelMargin", kernels{multiLabelMarginForward[float32], slopesBackward[float32]},
	kernels{multiLabelMarginForward[float64], slopesBackward[float64]}}

// The derivative is that of the positive terms: 1/C for the class that is no label, −1/C for the label.
func multiLabelMarginForward[T vec.Float](n *node) {
	y, c, dx := out[T](n), n.in[0].Dim(1), savedSlopes[T](n, 0)
	clear(dx)
	for r := range y {
		x, labels := in[T](n, 0)[r*c:(r+1)*c], tensor.Data[int64](n.targets)[r*c:(r+1)*c]
		if end := slices.Index(labels, -1); end >= 0 {
			labels = labels[:end]
		}
		var sum T
		for j, v := range x {
			if slices.Contains(labels, int64(j)) {
				continue
			}
			for _, k := range labels {
				z := 1 - x[k] + v
				if z <= 0 {
					continue
				}
				sum += z
				if dx != nil {
					dx[r*c+j] += 1 / T(c)
					dx[r*c+int(k)] -= 1 / T(c)
				}
			}
		}
		y[r] = sum / T(c)
	}
}
