package tensor

import (
	"fmt"
	"math/bits"
)

// Pool hands out tensors and takes their memory back, so that a loop which makes the same tensors every round allocates
// nothing after the first. The zero value is ready to use. A Pool belongs to one goroutine.
//
// A tensor from a Pool, and every view of it, is valid until it is Put back or the pool is Reset; after that its memory
// holds something else. Clone what must live longer.
type Pool struct {
	free  [][]*Tensor // by size class: tensors whose block is free
	out   []*Tensor   // tensors with a block in use; t.slot is its index
	views []*Tensor   // headers without a block; the first used of them are in use
	used  int
	bytes int
}

// New returns a tensor whose elements are whatever was left in its memory: fill it, or call Zero. Its first element is
// aligned to 64 bytes.
func (p *Pool) New(d DType, shape ...int) *Tensor {
	size := d.Size()
	for _, s := range shape {
		size *= s
	}
	if size <= 0 { // no elements; or a mistake, which init names
		v := p.header()
		v.init("Pool.New", d, shape)
		v.data = nil
		return v
	}
	class, room := sizeClass(size)
	for len(p.free) <= class {
		p.free = append(p.free, nil)
	}
	var t *Tensor
	if f := p.free[class]; len(f) > 0 {
		t = f[len(f)-1]
		p.free[class] = f[:len(f)-1]
	} else {
		t = &Tensor{data: alloc(room), class: class}
		p.bytes += room
	}
	t.init("Pool.New", d, shape)
	t.slot = len(p.out)
	p.out = append(p.out, t)
	return t
}

// Put takes t's memory back before the next Reset. It panics if t is not a tensor that New handed out and that is still out
// (a view is not: put back what it is a view of). Putting back a tensor without elements does nothing.
func (p *Pool) Put(t *Tensor) {
	if t.n == 0 {
		return
	}
	if !p.Owns(t) {
		panic(fmt.Sprintf("tensor: Pool.Put: a %v tensor of shape %v that is not out of this pool", t.dtype, t.shape))
	}
	last := len(p.out) - 1
	p.out[t.slot] = p.out[last]
	p.out[t.slot].slot = t.slot
	p.out[last] = nil
	p.out = p.out[:last]
	t.slot = last // out of reach of p.out until handed out again
	p.free[t.class] = append(p.free[t.class], t)
}

// Owns reports whether t is a tensor that New handed out and that is still out; a view of one is not.
func (p *Pool) Owns(t *Tensor) bool {
	return t.class != 0 && t.slot < len(p.out) && p.out[t.slot] == t
}

// Reset takes everything back.
func (p *Pool) Reset() {
	for i, t := range p.out {
		p.free[t.class] = append(p.free[t.class], t)
		p.out[i] = nil
	}
	p.out = p.out[:0]
	for _, v := range p.views[:p.used] {
		v.data = nil // do not keep alive what the view looked at
	}
	p.used = 0
}

// Bytes returns how much memory the pool holds, in use or free.
func (p *Pool) Bytes() int { return p.bytes }

// Reshape is t.Reshape(shape...) with a header from the pool.
func (p *Pool) Reshape(t *Tensor, shape ...int) *Tensor {
	v := p.header()
	t.reshapeInto(v, shape)
	return v
}

// Slice is t.Slice(axis, lo, hi) with a header from the pool.
func (p *Pool) Slice(t *Tensor, axis, lo, hi int) *Tensor {
	v := p.header()
	t.sliceInto(v, axis, lo, hi)
	return v
}

// Transpose is t.Transpose(i, j) with a header from the pool.
func (p *Pool) Transpose(t *Tensor, i, j int) *Tensor {
	v := p.header()
	t.transposeInto(v, i, j)
	return v
}

// SliceStep is t.SliceStep(axis, lo, hi, step) with a header from the pool.
func (p *Pool) SliceStep(t *Tensor, axis, lo, hi, step int) *Tensor {
	v := p.header()
	t.sliceStepInto(v, axis, lo, hi, step)
	return v
}

// Select is t.Select(axis, i) with a header from the pool.
func (p *Pool) Select(t *Tensor, axis, i int) *Tensor {
	v := p.header()
	t.selectInto(v, axis, i)
	return v
}

// Permute is t.Permute(order...) with a header from the pool.
func (p *Pool) Permute(t *Tensor, order ...int) *Tensor {
	v := p.header()
	t.permuteInto(v, order)
	return v
}

// Squeeze is t.Squeeze(axes...) with a header from the pool.
func (p *Pool) Squeeze(t *Tensor, axes ...int) *Tensor {
	v := p.header()
	t.squeezeInto(v, axes)
	return v
}

// Unsqueeze is t.Unsqueeze(axes...) with a header from the pool.
func (p *Pool) Unsqueeze(t *Tensor, axes ...int) *Tensor {
	v := p.header()
	t.unsqueezeInto(v, axes)
	return v
}

// Expand is t.Expand(shape...) with a header from the pool.
func (p *Pool) Expand(t *Tensor, shape ...int) *Tensor {
	v := p.header()
	t.expandInto(v, shape)
	return v
}

func (p *Pool) header() *Tensor {
	if p.used == len(p.views) {
		p.views = append(p.views, new(Tensor))
	}
	p.used++
	return p.views[p.used-1]
}

// sizeClass returns the class of a block for size > 0 bytes and how many bytes such a block has: four classes for every
// power of two, from 64 bytes up, so that at most a fifth of a block is unused. Class 0 is no class.
func sizeClass(size int) (class, room int) {
	if size <= 4*align {
		q := (size + align - 1) / align // 1, 2, 3 or 4 lines
		return q, q * align
	}
	shift := bits.Len(uint(size-1)) - 3 // three leading bits, 4 … 7, say which quarter
	q := (size-1)>>shift + 1            // 5 … 8 quarters
	return 4*(shift-6) + q, q << shift
}
