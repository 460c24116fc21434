package tensor

// Views: tensors over the memory of another. Nothing here copies an element.

import (
	"fmt"
	"slices"
	"unsafe"
)

// Reshape returns a view of t with another shape. One axis may be -1: it takes what the others leave. It panics if the
// number of elements differs, or if t is not contiguous (a view could not express the order then: take Contiguous first).
func (t *Tensor) Reshape(shape ...int) *Tensor {
	v := new(Tensor)
	t.reshapeInto(v, shape)
	return v
}

func (t *Tensor) reshapeInto(v *Tensor, shape []int) {
	t.mustContiguous("Reshape")
	free, n := -1, 1
	for i, s := range shape {
		switch {
		case s == -1 && free < 0:
			free = i
		case s < 0:
			panicShape("Reshape", shape, "an axis may be -1 once and not be negative otherwise")
		default:
			n *= s
		}
	}
	if free < 0 {
		v.init("Reshape", t.dtype, shape)
	} else {
		if n == 0 || t.n%n != 0 {
			panic(fmt.Sprintf("tensor: Reshape: %v (%d elements) does not divide into %v", t.shape, t.n, slices.Clone(shape)))
		}
		v.setRank(len(shape))
		copy(v.shape, shape)
		v.shape[free] = t.n / n
		v.init("Reshape", t.dtype, v.shape)
	}
	if v.n != t.n {
		panic(fmt.Sprintf("tensor: Reshape: %v has %d elements, %v has %d", t.shape, t.n, slices.Clone(shape), v.n))
	}
	v.data = t.data
}

// Slice returns the view of t with indices lo ≤ i < hi along axis (negative axes count from the last). It panics if the
// bounds are not 0 ≤ lo ≤ hi ≤ Dim(axis).
func (t *Tensor) Slice(axis, lo, hi int) *Tensor {
	v := new(Tensor)
	t.sliceInto(v, axis, lo, hi)
	return v
}

func (t *Tensor) sliceInto(v *Tensor, axis, lo, hi int) {
	a := t.axis("Slice", axis)
	if lo < 0 || hi < lo || hi > t.shape[a] {
		panic(fmt.Sprintf("tensor: Slice: bounds [%d:%d] of axis %d, which is %d long", lo, hi, a, t.shape[a]))
	}
	t.aliasInto(v)
	v.shape[a] = hi - lo
	v.restride()
	if v.n > 0 { // a pointer past the end of a block would keep the wrong block alive
		v.data = unsafe.Add(t.data, lo*t.strides[a]*t.dtype.Size())
	}
}

// Transpose returns the view of t with axes i and j exchanged.
func (t *Tensor) Transpose(i, j int) *Tensor {
	v := new(Tensor)
	t.transposeInto(v, i, j)
	return v
}

func (t *Tensor) transposeInto(v *Tensor, i, j int) {
	i, j = t.axis("Transpose", i), t.axis("Transpose", j)
	t.aliasInto(v)
	v.shape[i], v.shape[j] = v.shape[j], v.shape[i]
	v.strides[i], v.strides[j] = v.strides[j], v.strides[i]
	v.restride()
}

// Permute returns the view of t whose axis k is t's axis order[k]. It panics unless order names every axis once.
func (t *Tensor) Permute(order ...int) *Tensor {
	v := new(Tensor)
	t.aliasInto(v)
	seen := make([]bool, len(t.shape))
	if len(order) != len(t.shape) {
		panic(fmt.Sprintf("tensor: Permute: %d axes named, shape %v has %d", len(order), t.shape, len(t.shape)))
	}
	for k, o := range order {
		a := t.axis("Permute", o)
		if seen[a] {
			panic(fmt.Sprintf("tensor: Permute: %v names axis %d twice", slices.Clone(order), a))
		}
		seen[a] = true
		v.shape[k], v.strides[k] = t.shape[a], t.strides[a]
	}
	v.restride()
	return v
}

// Squeeze returns the view of t without the axes named, each of which must be 1 long; without arguments, without every axis
// that is 1 long.
func (t *Tensor) Squeeze(axes ...int) *Tensor {
	drop := make([]bool, len(t.shape))
	for _, i := range axes {
		a := t.axis("Squeeze", i)
		if t.shape[a] != 1 {
			panic(fmt.Sprintf("tensor: Squeeze: axis %d of shape %v is %d long, not 1", a, t.shape, t.shape[a]))
		}
		drop[a] = true
	}
	v := new(Tensor)
	t.aliasInto(v)
	v.shape, v.strides = v.shape[:0], v.strides[:0]
	for a, s := range t.shape {
		if drop[a] || (len(axes) == 0 && s == 1) {
			continue
		}
		v.shape, v.strides = append(v.shape, s), append(v.strides, t.strides[a])
	}
	return v
}

// Unsqueeze returns the view of t with a new axis of length 1 before axis i; i may be Rank() (or -1) for a new last axis.
func (t *Tensor) Unsqueeze(i int) *Tensor {
	r := len(t.shape)
	a := i
	if a < 0 {
		a += r + 1
	}
	if a < 0 || a > r {
		panic(fmt.Sprintf("tensor: Unsqueeze: axis %d of shape %v, which has %d axes", i, t.shape, r))
	}
	v := new(Tensor)
	t.aliasInto(v)
	v.setRank(r + 1)
	copy(v.shape, t.shape[:a])
	copy(v.strides, t.strides[:a])
	v.shape[a], v.strides[a] = 1, 1
	copy(v.shape[a+1:], t.shape[a:])
	copy(v.strides[a+1:], t.strides[a:])
	return v
}

// Expand returns a view of t broadcast to shape: axes are aligned from the last, and one of length 1, or one that t lacks,
// is repeated by a stride of 0. Many indices then share an element, so do not write through it. It panics if t does not
// broadcast to shape.
func (t *Tensor) Expand(shape ...int) *Tensor {
	v := new(Tensor)
	v.init("Expand", t.dtype, shape)
	v.data = t.data
	lead := len(shape) - len(t.shape)
	for i := range shape {
		switch a := i - lead; {
		case a >= 0 && t.shape[a] == shape[i]:
			v.strides[i] = t.strides[a]
		case lead >= 0 && (a < 0 || t.shape[a] == 1):
			v.strides[i] = 0
		default:
			panic(fmt.Sprintf("tensor: Expand: shape %v does not broadcast to %v", t.shape, slices.Clone(shape)))
		}
	}
	if lead < 0 {
		panic(fmt.Sprintf("tensor: Expand: shape %v does not broadcast to %v", t.shape, slices.Clone(shape)))
	}
	v.restride()
	return v
}

// aliasInto makes v a second header over exactly t's elements.
func (t *Tensor) aliasInto(v *Tensor) {
	v.data, v.n, v.dtype, v.contig = t.data, t.n, t.dtype, t.contig
	v.setRank(len(t.shape))
	copy(v.shape, t.shape)
	copy(v.strides, t.strides)
}

// restride recomputes what follows from shape and strides: the length, and whether the order is row-major without gaps.
// Axes of length 1 may have any stride, and a tensor without elements is contiguous.
func (t *Tensor) restride() {
	t.n = 1
	t.contig = true
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != t.n {
			t.contig = false
		}
		t.n *= t.shape[i]
	}
	t.contig = t.contig || t.n == 0
}
