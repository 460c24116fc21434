// Package tensor holds arrays of numbers, with a dtype, a shape, strides, and memory that several tensors may share, and computes
// with them. It knows nothing of gradients; package autograd does.
//
//	t := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
//	col := t.Slice(1, 0, 1)               // [2, 1], a view: it shares t's memory
//	x := tensor.Data[float32](t)          // the numbers themselves, no copy
//	y := tensor.Mul(t, tensor.Sum(t, 1).Unsqueeze(1))
//
// Views are methods and copy nothing. Computations are functions that take tensors of any strides: F(a, b) returns a new tensor,
// and FTo(dst, a, b), where there is one, writes to a tensor of the caller's and, once warm, allocates nothing. Misuse panics
// with one line that names the operation and what disagrees. Results do not depend on the number of threads.
//
// Arithmetic happens in Float32 and Float64; Int32, Int64, Uint8 and Bool hold indices, labels, images and masks; Float16,
// BFloat16 and Int8 are for storage, the wire and quantisation. Memory is row-major: the last axis is the one whose
// neighbours touch.
package tensor

import (
	"fmt"
	"math"
	"slices"
	"unsafe"
)

// inlineRank is the largest rank whose shape and strides live inside the Tensor itself, so that making a view is one
// allocation, and none at all from a Pool.
const inlineRank = 6

// Tensor is an n-dimensional array. The zero value is not useful; New, FromSlice and the views make tensors.
//
// The header (dtype, shape, strides) never changes after construction. The elements may be changed through Data, CopyFrom
// and the fills, by one goroutine at a time or with the caller's own synchronisation.
type Tensor struct {
	data    unsafe.Pointer // the element whose index is all zeros; nil only if the tensor has no elements
	n       int            // number of elements
	shape   []int
	strides []int // in elements, one an axis
	dtype   DType
	contig  bool // row-major without gaps
	class   int  // the size class of the block this tensor owns, if it came from a Pool; 0 for every other tensor
	slot    int  // where the Pool keeps it
	dims    [2 * inlineRank]int
}

// New returns a tensor of zeros, its first element aligned to 64 bytes (a cache line). No axis means a scalar. It panics if
// an axis is negative.
func New(d DType, shape ...int) *Tensor {
	t := new(Tensor)
	t.init("New", d, shape)
	t.data = alloc(t.n * d.Size())
	return t
}

// FromSlice returns a tensor over s itself: no copy is made, and a change of either is a change of both. Without a shape
// the tensor has one axis, len(s) long. It panics if the shape does not hold exactly len(s) elements.
func FromSlice[T Elem](s []T, shape ...int) *Tensor {
	t := new(Tensor)
	if len(shape) == 0 {
		t.init("FromSlice", dtypeOf[T](), []int{len(s)})
	} else {
		t.init("FromSlice", dtypeOf[T](), shape)
	}
	if t.n != len(s) {
		panic(fmt.Sprintf("tensor: FromSlice: shape %v holds %d elements, the slice has %d", slices.Clone(shape), t.n, len(s)))
	}
	t.data = unsafe.Pointer(unsafe.SliceData(s))
	return t
}

// FromBits returns a Float16 or BFloat16 tensor over the raw 16-bit patterns in bits, without a copy. It panics for any
// other dtype, and if the shape does not hold exactly len(bits) elements.
func FromBits(d DType, bits []uint16, shape ...int) *Tensor {
	if d != Float16 && d != BFloat16 {
		panic(fmt.Sprintf("tensor: FromBits: dtype %v is not a 16-bit float", d))
	}
	t := new(Tensor)
	t.init("FromBits", d, shape)
	if t.n != len(bits) {
		panic(fmt.Sprintf("tensor: FromBits: shape %v holds %d elements, the slice has %d", slices.Clone(shape), t.n, len(bits)))
	}
	t.data = unsafe.Pointer(unsafe.SliceData(bits))
	return t
}

// Scalar returns a tensor without axes that holds v.
func Scalar[T Elem](v T) *Tensor {
	t := New(dtypeOf[T]())
	Data[T](t)[0] = v
	return t
}

// Data returns the elements of t in row-major order, without a copy. It panics unless t is contiguous and T is the Go type
// of its dtype. The slice is valid as long as t's memory is: for a tensor from a Pool, until that pool takes it back.
func Data[T Elem](t *Tensor) []T {
	if t == nil {
		panic("tensor: Data: the tensor is nil: for one, a parameter that is frozen or was not used has no gradient")
	}
	if d := dtypeOf[T](); d != t.dtype {
		panic(fmt.Sprintf("tensor: Data: a %v tensor read as %v", t.dtype, d))
	}
	t.mustContiguous("Data")
	return unsafe.Slice((*T)(t.data), t.n)
}

// Span returns the memory from t's first element to its last, gaps included, without a copy: the element at an index is
// Span(t)[Σ index·stride]. So a matrix view goes to package blas with a stride as its leading dimension. It panics unless T is
// the Go type of t's dtype, and if an axis runs backwards.
func Span[T Elem](t *Tensor) []T {
	if d := dtypeOf[T](); d != t.dtype {
		panic(fmt.Sprintf("tensor: Span: a %v tensor read as %v", t.dtype, d))
	}
	if t.n == 0 {
		return nil
	}
	last := 0
	for i, s := range t.shape {
		if s > 1 && t.strides[i] < 0 {
			panic(fmt.Sprintf("tensor: Span: shape %v with strides %v runs backwards: take Contiguous() first", t.shape,
				t.strides))
		}
		last += (s - 1) * t.strides[i]
	}
	return unsafe.Slice((*T)(t.data), last+1)
}

// Bits returns the 16-bit patterns of a Float16 or BFloat16 tensor, without a copy, and panics as Data does.
func Bits(t *Tensor) []uint16 {
	if t.dtype != Float16 && t.dtype != BFloat16 {
		panic(fmt.Sprintf("tensor: Bits: dtype %v is not a 16-bit float", t.dtype))
	}
	t.mustContiguous("Bits")
	return unsafe.Slice((*uint16)(t.data), t.n)
}

// Bytes returns the memory of t as bytes in the machine's own byte order, without a copy. It panics unless t is contiguous.
func Bytes(t *Tensor) []byte {
	t.mustContiguous("Bytes")
	return unsafe.Slice((*byte)(t.data), t.n*t.dtype.Size())
}

// Shape returns the length of every axis. The slice belongs to the tensor: read it, do not change it.
func (t *Tensor) Shape() []int { return t.shape }

// Strides returns, for every axis, how many elements apart neighbours along it are. The slice belongs to the tensor.
func (t *Tensor) Strides() []int { return t.strides }

// Dim returns the length of axis i; a negative i counts from the last axis, -1.
func (t *Tensor) Dim(i int) int { return t.shape[t.axis("Dim", i)] }

// Rank returns the number of axes.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements, the product of the shape.
func (t *Tensor) Len() int { return t.n }

// DType returns the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// IsContiguous reports whether the elements lie in row-major order without gaps, which Data asks for.
func (t *Tensor) IsContiguous() bool { return t.contig }

// SameShape reports whether t and u have the same axes with the same lengths. Their dtypes may differ.
func (t *Tensor) SameShape(u *Tensor) bool { return slices.Equal(t.shape, u.shape) }

// init sets everything but the memory: dtype, shape and row-major strides. op names the caller in the panic.
func (t *Tensor) init(op string, d DType, shape []int) {
	if d.Size() == 0 {
		panic(fmt.Sprintf("tensor: %s: no such dtype: %d", op, uint8(d)))
	}
	t.dtype = d
	t.setRank(len(shape))
	copy(t.shape, shape)
	stride := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] < 0 {
			panicShape(op, shape, "negative axis")
		}
		if shape[i] > 0 && stride > maxLen/shape[i] {
			panicShape(op, shape, "too many elements")
		}
		t.strides[i] = stride
		stride *= shape[i]
	}
	t.n, t.contig = stride, true
}

// maxLen is how many elements of the widest dtype an int can count the bytes of.
const maxLen = math.MaxInt / 8

// setRank points shape and strides at memory for r axes each, inside the tensor where it fits.
func (t *Tensor) setRank(r int) {
	if r <= inlineRank {
		t.shape, t.strides = t.dims[:r:inlineRank], t.dims[inlineRank:inlineRank+r]
		return
	}
	both := make([]int, 2*r)
	t.shape, t.strides = both[:r:r], both[r:]
}

// axis turns a possibly negative axis into an index of shape.
func (t *Tensor) axis(op string, i int) int {
	j := i
	if j < 0 {
		j += len(t.shape)
	}
	if j < 0 || j >= len(t.shape) {
		panic(fmt.Sprintf("tensor: %s: axis %d of shape %v, which has %d axes", op, i, t.shape, len(t.shape)))
	}
	return j
}

func (t *Tensor) mustContiguous(op string) {
	if !t.contig {
		panic(fmt.Sprintf("tensor: %s: shape %v with strides %v is not contiguous: take Contiguous() first", op, t.shape, t.strides))
	}
}

// panicShape formats a copy, so that the caller's variadic shape stays on its stack.
func panicShape(op string, shape []int, what string) {
	panic(fmt.Sprintf("tensor: %s: shape %v: %s", op, slices.Clone(shape), what))
}

// align is the alignment in bytes of memory that this package allocates.
const align = 64

// alloc returns size zeroed bytes aligned to 64. The garbage collector keeps the block while any pointer into it lives.
func alloc(size int) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	block := make([]uint64, (size+align+7)/8)
	p := unsafe.Pointer(unsafe.SliceData(block))
	return unsafe.Add(p, -uintptr(p)&(align-1))
}

// at returns the element off elements after the first.
func at[T any](t *Tensor, off int) *T {
	var e T
	return (*T)(unsafe.Add(t.data, off*int(unsafe.Sizeof(e))))
}
