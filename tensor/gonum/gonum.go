// Package gonum turns tensors into gonum's matrices and back, without a copy wherever memory allows: what one writes, the
// other sees.
package gonum

import (
	"fmt"

	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/tutti-ml/tutti/tensor"
)

// Matrix returns t as a matrix: a *mat.Dense as from Dense, or where t's columns touch instead of its rows, the mat.Transpose
// of one. Only where neither touch, or t is not Float64, the elements are copied.
//
//	t [R, C], without an empty axis
//
// It panics if t has not two axes, or no elements, which mat has no matrix for.
func Matrix(t *tensor.Tensor) mat.Matrix {
	mustAxes("Matrix", t, 2)
	if t.DType() == tensor.Float64 && !hasRows(t) && hasRows(t.Transpose(0, 1)) {
		return Dense(t.Transpose(0, 1)).T()
	}
	return Dense(t)
}

// Dense returns t as a dense matrix, which shares t's memory if t is Float64 and its rows touch; otherwise the elements are
// copied, converted as Cast does. It panics as Matrix does.
func Dense(t *tensor.Tensor) *mat.Dense {
	mustAxes("Dense", t, 2)
	m := new(mat.Dense)
	m.SetRawMatrix(general64(t))
	return m
}

func general64(t *tensor.Tensor) blas64.General {
	if t.DType() != tensor.Float64 {
		t = t.Cast(tensor.Float64)
	} else if !hasRows(t) {
		t = t.Clone()
	}
	return blas64.General{Rows: t.Dim(0), Cols: t.Dim(1), Stride: leading(t), Data: tensor.Span[float64](t)}
}

// General32 returns t as a blas32 matrix, which shares t's memory if t is Float32 and its rows touch; otherwise the elements
// are copied, converted as Cast does. It panics as Matrix does.
func General32(t *tensor.Tensor) blas32.General {
	mustAxes("General32", t, 2)
	if t.DType() != tensor.Float32 {
		t = t.Cast(tensor.Float32)
	} else if !hasRows(t) {
		t = t.Clone()
	}
	return blas32.General{Rows: t.Dim(0), Cols: t.Dim(1), Stride: leading(t), Data: tensor.Span[float32](t)}
}

// Vector returns t as a vector, which shares t's memory if t is Float64 and its stride is positive; otherwise the
// elements are copied, converted as Cast does. It panics if t has not one axis, or no elements.
func Vector(t *tensor.Tensor) *mat.VecDense {
	mustAxes("Vector", t, 1)
	if t.DType() != tensor.Float64 {
		t = t.Cast(tensor.Float64)
	} else if t.Strides()[0] < 1 {
		t = t.Clone()
	}
	v := new(mat.VecDense)
	v.SetRawVector(blas64.Vector{N: t.Len(), Inc: max(1, t.Strides()[0]), Data: tensor.Span[float64](t)})
	return v
}

// FromDense returns m as a Float64 tensor [R, C] that shares its memory.
func FromDense(m *mat.Dense) *tensor.Tensor {
	raw := m.RawMatrix()
	return fromRows(raw.Data, raw.Rows, raw.Cols, raw.Stride)
}

// FromGeneral32 returns m as a Float32 tensor [R, C] that shares its memory.
func FromGeneral32(m blas32.General) *tensor.Tensor {
	return fromRows(m.Data, m.Rows, m.Cols, m.Stride)
}

// FromVector returns v as a Float64 tensor [N] that shares its memory.
func FromVector(v *mat.VecDense) *tensor.Tensor {
	raw := v.RawVector()
	if raw.N == 0 {
		return tensor.New(tensor.Float64, 0)
	}
	span := (raw.N-1)*raw.Inc + 1
	return tensor.FromSlice(raw.Data[:span]).SliceStep(0, 0, span, raw.Inc)
}

// FromMatrix returns a Float64 tensor [R, C] with the elements of any matrix, such as a triangular or a banded one. What it
// returns for a *mat.Dense, or for the transpose of one, shares its memory; other elements are copied.
func FromMatrix(m mat.Matrix) *tensor.Tensor {
	switch m := m.(type) {
	case *mat.Dense:
		return FromDense(m)
	case mat.Transpose:
		if d, ok := m.Matrix.(*mat.Dense); ok {
			return FromDense(d).Transpose(0, 1)
		}
	}
	r, c := m.Dims()
	t := tensor.New(tensor.Float64, r, c)
	data := tensor.Data[float64](t)
	for i := range r {
		for j := range c {
			data[i*c+j] = m.At(i, j)
		}
	}
	return t
}

func fromRows[T float32 | float64](data []T, rows, cols, stride int) *tensor.Tensor {
	if rows == 0 || cols == 0 {
		return tensor.FromSlice([]T{}, rows, cols)
	}
	// The windows of cols elements, stride apart.
	return tensor.FromSlice(data[:(rows-1)*stride+cols]).Unfold(0, cols, stride)
}

// hasRows reports whether the rows of t touch and do not overlap.
func hasRows(t *tensor.Tensor) bool {
	r, c, by := t.Dim(0), t.Dim(1), t.Strides()
	return (c == 1 || by[1] == 1) && (r == 1 || by[0] >= c)
}

// leading returns how far the rows of t, which touch, are apart.
func leading(t *tensor.Tensor) int {
	if t.Dim(0) == 1 {
		return t.Dim(1)
	}
	return t.Strides()[0]
}

func mustAxes(op string, t *tensor.Tensor, rank int) {
	if t.Rank() != rank {
		panic(fmt.Sprintf("gonum: %s: shape %v has %d axes, not %d", op, t.Shape(), t.Rank(), rank))
	}
	if t.Len() == 0 {
		panic(fmt.Sprintf("gonum: %s: shape %v has no elements", op, t.Shape()))
	}
}
