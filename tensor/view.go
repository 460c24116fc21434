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

// SliceStep returns the view of t with indices lo, lo+step, lo+2·step … below hi along axis (negative axes count from
// the last), or above hi for a negative step: SliceStep(a, n−1, −1, −1) is the axis of n, backwards. It panics if step
// is 0 or the bounds are not 0 ≤ lo ≤ hi ≤ Dim(axis), for a negative step −1 ≤ hi ≤ lo < Dim(axis).
func (t *Tensor) SliceStep(axis, lo, hi, step int) *Tensor {
	v := new(Tensor)
	t.sliceStepInto(v, axis, lo, hi, step)
	return v
}

func (t *Tensor) sliceStepInto(v *Tensor, axis, lo, hi, step int) {
	a := t.axis("SliceStep", axis)
	n := t.shape[a]
	ok := 0 <= lo && lo <= hi && hi <= n
	if step < 0 {
		ok = -1 <= hi && hi <= lo && lo < n
	}
	if step == 0 || !ok {
		panic(fmt.Sprintf("tensor: SliceStep: bounds [%d:%d:%d] of axis %d, which is %d long", lo, hi, step, a, n))
	}
	from := lo * t.strides[a] * t.dtype.Size()
	t.aliasInto(v)
	count := 0
	switch d := hi - lo; { // without the overflow that an addition of a large step may have
	case d > 0:
		count = (d-1)/step + 1
	case d < 0:
		count = (d+1)/step + 1
	}
	if v.shape[a] = count; count > 1 { // or the step counts for nothing, and may overflow
		v.strides[a] *= step
	}
	v.restride()
	if v.n > 0 {
		v.data = unsafe.Add(t.data, from)
	}
}

// Select returns the view of t at index i along axis, which it lacks; a negative i counts from the last index, −1.
func (t *Tensor) Select(axis, i int) *Tensor {
	v := new(Tensor)
	t.selectInto(v, axis, i)
	return v
}

func (t *Tensor) selectInto(v *Tensor, axis, i int) {
	a := t.axis("Select", axis)
	j := i
	if j < 0 {
		j += t.shape[a]
	}
	if j < 0 || j >= t.shape[a] {
		panic(fmt.Sprintf("tensor: Select: index %d of axis %d, which is %d long", i, a, t.shape[a]))
	}
	t.sliceInto(v, a, j, j+1)
	v.drop(a)
}

// drop removes axis a, which is 1 long.
func (t *Tensor) drop(a int) {
	t.shape = append(t.shape[:a], t.shape[a+1:]...)
	t.strides = append(t.strides[:a], t.strides[a+1:]...)
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
	t.permuteInto(v, order)
	return v
}

func (t *Tensor) permuteInto(v *Tensor, order []int) {
	if len(order) != len(t.shape) {
		panic(fmt.Sprintf("tensor: Permute: %d axes named, shape %v has %d", len(order), t.shape, len(t.shape)))
	}
	t.aliasInto(v)
	for k, o := range order {
		a := t.axis("Permute", o)
		if names(order[:k], a, len(t.shape)) {
			panic(fmt.Sprintf("tensor: Permute: %v names axis %d twice", slices.Clone(order), a))
		}
		v.shape[k], v.strides[k] = t.shape[a], t.strides[a]
	}
	v.restride()
}

// Squeeze returns the view of t without the axes named, each of which must be 1 long; without arguments, without every axis
// that is 1 long.
func (t *Tensor) Squeeze(axes ...int) *Tensor {
	v := new(Tensor)
	t.squeezeInto(v, axes)
	return v
}

func (t *Tensor) squeezeInto(v *Tensor, axes []int) {
	for _, i := range axes {
		if a := t.axis("Squeeze", i); t.shape[a] != 1 {
			panic(fmt.Sprintf("tensor: Squeeze: axis %d of shape %v is %d long, not 1", a, t.shape, t.shape[a]))
		}
	}
	t.aliasInto(v)
	for a := len(t.shape) - 1; a >= 0; a-- {
		if t.shape[a] == 1 && (len(axes) == 0 || names(axes, a, len(t.shape))) {
			v.drop(a)
		}
	}
}

// Unsqueeze returns the view of t with new axes of length 1, which have the places named among the axes of the result; −1 is
// its last. So it puts back the axes that a reduction took: Sum(x, 0, 2).Unsqueeze(0, 2).
func (t *Tensor) Unsqueeze(axes ...int) *Tensor {
	v := new(Tensor)
	t.unsqueezeInto(v, axes)
	return v
}

func (t *Tensor) unsqueezeInto(v *Tensor, axes []int) {
	r := len(t.shape) + len(axes)
	for k, i := range axes {
		if i < -r || i >= r {
			panic(fmt.Sprintf("tensor: Unsqueeze: axis %d of shape %v, which has %d axes", i, t.shape, len(t.shape)))
		}
		if names(axes[:k], (i+r)%r, r) {
			panic(fmt.Sprintf("tensor: Unsqueeze: %v names axis %d twice", slices.Clone(axes), i))
		}
	}
	v.data, v.n, v.dtype, v.contig = t.data, t.n, t.dtype, t.contig
	v.setRank(r)
	a := 0
	for i := range r {
		if names(axes, i, r) {
			v.shape[i], v.strides[i] = 1, 1
		} else {
			v.shape[i], v.strides[i] = t.shape[a], t.strides[a]
			a++
		}
	}
}

// Expand returns a view of t broadcast to shape: axes are aligned from the last, and one of length 1, or one that t lacks,
// is repeated by a stride of 0. Many indices then share an element, so do not write through it. It panics if t does not
// broadcast to shape.
func (t *Tensor) Expand(shape ...int) *Tensor {
	v := new(Tensor)
	t.expandInto(v, shape)
	return v
}

func (t *Tensor) expandInto(v *Tensor, shape []int) {
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
}

// Diagonal returns the view of the elements whose indices along axes i and j differ by offset, index j being the larger for a
// positive one. The result lacks both axes, and has the diagonal as its last.
func (t *Tensor) Diagonal(offset, i, j int) *Tensor {
	i, j = t.axis("Diagonal", i), t.axis("Diagonal", j)
	if i == j {
		panic(fmt.Sprintf("tensor: Diagonal: axis %d of shape %v and itself", i, t.shape))
	}
	v := t
	if offset >= 0 {
		v = v.Slice(j, min(offset, t.shape[j]), t.shape[j])
	} else {
		v = v.Slice(i, min(-offset, t.shape[i]), t.shape[i])
	}
	n, by := min(v.shape[i], v.shape[j]), v.strides[i]+v.strides[j]
	v.drop(max(i, j))
	v.drop(min(i, j))
	v.shape, v.strides = append(v.shape, n), append(v.strides, by)
	v.restride()
	return v
}

// Unfold returns the view of t's windows of the given size along axis, each step after the one before: axis counts the windows,
// and a new last axis is within them. Windows overlap where step < size; do not write through it then.
func (t *Tensor) Unfold(axis, size, step int) *Tensor {
	a := t.axis("Unfold", axis)
	if size < 1 || size > t.shape[a] || step < 1 {
		panic(fmt.Sprintf("tensor: Unfold: windows of %d, step %d, along axis %d, which is %d long", size, step, a, t.shape[a]))
	}
	r := len(t.shape)
	v := new(Tensor)
	v.data, v.dtype = t.data, t.dtype
	v.setRank(r + 1)
	copy(v.shape, t.shape)
	copy(v.strides, t.strides)
	v.shape[a], v.strides[a] = (t.shape[a]-size)/step+1, step*t.strides[a]
	v.shape[r], v.strides[r] = size, t.strides[a]
	v.restride()
	return v
}

// aliasInto makes v a second header over exactly t's elements.
func (t *Tensor) aliasInto(v *Tensor) {
	if v == t {
		return
	}
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
