package tensor

// This file makes tensors of regular content. See New for zeros and Full for one number.

import (
	"fmt"
	"math"
)

// Arange returns start, start + step, start + 2·step … below stop (above it for a negative step), as a tensor of dtype d with
// one axis. Element i is start + i·step, both operations rounded in float64, and converted as Cast does. It panics if step is
// zero or NaN.
func Arange(d DType, start, stop, step float64) *Tensor {
	n := math.Ceil((stop - start) / step)
	if step == 0 || n != n || n > maxLen {
		panic(fmt.Sprintf("tensor: Arange: from %v to %v by %v", start, stop, step))
	}
	x := New(Float64, max(0, int(n)))
	for i, data := 0, Data[float64](x); i < len(data); i++ {
		data[i] = start + float64(float64(i)*step)
	}
	return x.to(d)
}

// Linspace returns n numbers evenly from start to stop, both included exactly, as a tensor of dtype d with one axis.
func Linspace(d DType, start, stop float64, n int) *Tensor {
	x := New(Float64, n)
	data := Data[float64](x)
	for i := range data {
		data[i] = start + float64((stop-start)*float64(i))/float64(max(1, n-1))
	}
	if n > 1 {
		data[n-1] = stop
	}
	return x.to(d)
}

// to returns t itself if it has dtype d, and a copy that does otherwise.
func (t *Tensor) to(d DType) *Tensor {
	if t.dtype == d {
		return t
	}
	return t.Cast(d)
}

// Eye returns the n×n matrix of dtype d with 1 on the diagonal and 0 elsewhere.
func Eye(d DType, n int) *Tensor {
	x := New(d, n, n)
	x.Diagonal(0, 0, 1).fill(1)
	return x
}

// Tril returns the lower triangles of the matrices of the last two axes of x, with zeros above diagonal k: 0 is the main one,
// 1 the next above it.
func Tril(x *Tensor, k int) *Tensor { return triangle("Tril", x, k, Le) }

// Triu returns the upper triangles of the matrices of the last two axes of x, with zeros below diagonal k: 0 is the main one,
// 1 the next above it.
func Triu(x *Tensor, k int) *Tensor { return triangle("Triu", x, k, Ge) }

// triangle keeps the elements whose column stands in relation keep to their row + k.
func triangle(op string, x *Tensor, k int, keep func(a, b *Tensor) *Tensor) *Tensor {
	if len(x.shape) < 2 {
		panic(fmt.Sprintf("tensor: %s: shape %v has no matrices", op, x.shape))
	}
	rows, cols := Arange(Int64, 0, float64(x.Dim(-2)), 1), Arange(Int64, 0, float64(x.Dim(-1)), 1)
	return Where(keep(cols, AddScalar(rows, float64(k)).Unsqueeze(-1)), x, New(x.dtype))
}
