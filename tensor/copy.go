package tensor

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// Contiguous returns t itself if its elements already lie in row-major order without gaps, and a copy that does otherwise.
func (t *Tensor) Contiguous() *Tensor {
	if t.contig {
		return t
	}
	return t.Clone()
}

// Clone returns a contiguous copy of t in memory of its own.
func (t *Tensor) Clone() *Tensor {
	c := New(t.dtype, t.shape...)
	c.CopyFrom(t)
	return c
}

// CopyFrom copies src's elements into t, whatever the strides of either. Shapes and dtypes must be equal; their memory must
// be the same or not overlap. Cost: a pass over memory at about the speed of a plain copy where either layout has runs of
// elements that touch; a transpose goes by tiles of whole cache lines.
func (t *Tensor) CopyFrom(src *Tensor) {
	if t.dtype != src.dtype {
		panic(fmt.Sprintf("tensor: CopyFrom: dtypes %v and %v", t.dtype, src.dtype))
	}
	if !t.SameShape(src) {
		panic(fmt.Sprintf("tensor: CopyFrom: shapes %v and %v", t.shape, src.shape))
	}
	t.broadcastFrom(src)
}

// broadcastFrom copies src, which broadcasts to t's shape and has its dtype.
func (t *Tensor) broadcastFrom(src *Tensor) {
	if t.n == 0 {
		return
	}
	c := copies.Get().(*copying)
	c.prepare(t, src)
	c.run()
	c.forget()
	copies.Put(c)
}

// Zero sets every element to zero (false for Bool), also through a view with gaps.
func (t *Tensor) Zero() {
	if t.contig {
		clear(Bytes(t))
		return
	}
	zero := Tensor{data: unsafe.Pointer(&zeros), dtype: t.dtype, n: 1}
	t.broadcastFrom(&zero)
}

// zeros is one element of zero of any dtype.
var zeros uint64

// line is how many bytes memory moves at a time, and so the width of a tile.
const line = 64

// copying is one copy: a walk whose row is an axis along which the destination's elements touch, if there is one. If the
// source's touch along another axis, that one is cut out too, and the two make a matrix to transpose.
type copying struct {
	walk
	across     span // of a transpose; n is 0 otherwise
	strips     int  // of the axis across, so many units to share out
	whole, one func(lo, hi int)
}

var copies = sync.Pool{New: func() any {
	c := new(copying)
	c.whole, c.one = c.units, c.part
	return c
}}

// stripWidth is how many elements across a strip of a transpose has: whole tiles of any element size, a few for the pages of
// the source's rows to be reused.
const stripWidth = 128

func (c *copying) prepare(dst, src *Tensor) {
	c.across.n = 0
	c.set(dst.shape, dst, src)
	c.sort()
	c.merge()
	c.strips = 1
	size := c.size[0]
	inner, across := -1, -1
	for i, s := range c.spans {
		if s.by[0] == size && inner < 0 {
			inner = i
		}
		if s.by[1] == size && across < 0 {
			across = i
		}
	}
	if inner < 0 || across < 0 || inner == across || c.spans[inner].n < 8 || c.spans[across].n < 8 {
		c.cut(c.longest())
		return
	}
	c.across = c.spans[across]
	c.spans = append(c.spans[:across], c.spans[across+1:]...)
	if across < inner {
		inner--
	}
	c.cut(inner)
	c.strips = (c.across.n + stripWidth - 1) / stripWidth
}

func (c *copying) run() {
	size := c.size[0]
	n := c.rows * c.n * max(1, c.across.n)
	switch units := c.rows * c.strips; {
	case n*size < 4*cheap || units == 1 && c.across.n > 0:
		c.units(0, units)
	case units > 1:
		parallel.For(units, max(1, 2*cheap*units/(n*size)), c.whole)
	default:
		parallel.For(c.n, 2*cheap/size, c.one)
	}
}

// units copies some of the rows, or of the strips of the matrices.
func (c *copying) units(lo, hi int) {
	s := scratches.Get().(*scratch)
	s.by = c.by
	s.seek(&c.walk, lo/c.strips)
	for u := lo; u < hi; u++ {
		if c.across.n == 0 {
			copyRow(s, c.size[0], c.n)
		} else {
			c.transpose(s, u%c.strips)
		}
		if u%c.strips == c.strips-1 {
			s.next(&c.walk)
		}
	}
	s.release()
}

// part copies elements [lo, hi) of the only row.
func (c *copying) part(lo, hi int) {
	s := scratches.Get().(*scratch)
	s.by = c.by
	for k := range c.k {
		s.p[k] = unsafe.Add(c.base[k], lo*c.by[k])
	}
	copyRow(s, c.size[0], hi-lo)
	s.release()
}

// copyRow copies n elements of the given size.
func copyRow(s *scratch, size, n int) {
	d, p := s.p[0], s.p[1]
	if s.by[0] == size && s.by[1] == size {
		copy(unsafe.Slice((*byte)(d), n*size), unsafe.Slice((*byte)(p), n*size))
		return
	}
	switch size {
	case 1:
		copyGaps[uint8](d, p, s.by[0], s.by[1], n)
	case 2:
		copyGaps[uint16](d, p, s.by[0], s.by[1], n)
	case 4:
		copyGaps[uint32](d, p, s.by[0], s.by[1], n)
	case 8:
		copyGaps[uint64](d, p, s.by[0], s.by[1], n)
	}
}

// word is an integer that stands for any element of its size.
type word interface {
	uint8 | uint16 | uint32 | uint64
}

func copyGaps[T word](d, p unsafe.Pointer, dBy, pBy, n int) {
	switch {
	case pBy == 0:
		v := *(*T)(p)
		for i := range n {
			*(*T)(unsafe.Add(d, i*dBy)) = v
		}
	case dBy == int(unsafe.Sizeof(T(0))):
		gather(unsafe.Slice((*T)(d), n), p, pBy)
	default:
		for i := range n {
			*(*T)(unsafe.Add(d, i*dBy)) = *(*T)(unsafe.Add(p, i*pBy))
		}
	}
}

// transpose copies one strip of the matrix at the cursor.
func (c *copying) transpose(s *scratch, strip int) {
	size := c.size[0]
	lo := strip * stripWidth
	t := tiles{
		d: unsafe.Add(s.p[0], lo*c.across.by[0]), p: unsafe.Add(s.p[1], lo*size),
		dBy: c.across.by[0], pBy: c.by[1], m: min(stripWidth, c.across.n-lo), n: c.n, room: unsafe.Pointer(&s.room),
	}
	switch apart := t.pBy >= t.m*size && t.dBy >= t.n*size; { // neither backwards nor overlapping: as floats, whatever they are
	case apart && size == 4:
		transposeFloats[float32](&t)
	case apart && size == 8:
		transposeFloats[float64](&t)
	case size == 1:
		transposeTiles[uint8](&t)
	case size == 2:
		transposeTiles[uint16](&t)
	case size == 4:
		transposeTiles[uint32](&t)
	case size == 8:
		transposeTiles[uint64](&t)
	}
}

// tiles is a matrix d [m, n] to be made of its transpose p [n, m]: rows of d are dBy bytes apart, those of p pBy, and within
// a row elements touch.
type tiles struct {
	d, p     unsafe.Pointer
	dBy, pBy int
	m, n     int
	room     unsafe.Pointer // line·line bytes
}

// transposeFloats leaves it to a kernel.
func transposeFloats[T vec.Float](t *tiles) {
	size := int(unsafe.Sizeof(T(0)))
	ldd, lds := t.dBy/size, t.pBy/size
	vec.Transpose(unsafe.Slice((*T)(t.d), (t.m-1)*ldd+t.n), ldd, unsafe.Slice((*T)(t.p), (t.n-1)*lds+t.m), lds, t.n, t.m)
}

// transposeTiles goes by tiles a cache line wide both ways. A tile is turned in room, which stays in the first-level cache,
// so that each line of either matrix is touched once, however unlucky the strides.
func transposeTiles[T word](t *tiles) {
	k := line / int(unsafe.Sizeof(T(0)))
	size := int(unsafe.Sizeof(T(0)))
	room := unsafe.Slice((*T)(t.room), k*k)
	for j := 0; j < t.n; j += k {
		cols := min(k, t.n-j)
		for i := 0; i < t.m; i += k {
			rows := min(k, t.m-i)
			for c := range cols {
				src := unsafe.Slice((*T)(unsafe.Add(t.p, (j+c)*t.pBy+i*size)), rows)
				turn(room[c:], src, k)
			}
			for r := range rows {
				copy(unsafe.Slice((*T)(unsafe.Add(t.d, (i+r)*t.dBy+j*size)), cols), room[r*k:])
			}
		}
	}
}

// turn stores src down a column of a matrix with rows of k.
func turn[T word](col []T, src []T, k int) {
	i := 0
	for _, v := range src {
		col[i] = v
		i += k
	}
}
