package conv

// This file gathers the patches under a filter straight into the panels of a matrix product, so that no matrix of patches is ever
// written (im2col without the columns). Images go to a frame first, see frame.go, where that is a matter of copying blocks.
//
// Source: the product whose operand is packed from an image is Chetlur et al., "cuDNN", arXiv:1410.0759; the table of taps is
// Dukhan, "The indirect convolution algorithm", arXiv:1907.02129.

import (
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas"
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// gathers reports whether a forward pass gathers its patches. Where they are pixels as they lie, or used by few filters, a product
// of a lowered panel is as fast.
func (s Shape) gathers() bool {
	return !s.pointwise() && (s.K/s.Groups > fewFilters || s.StrideW > 1)
}

const fewFilters = 8

// patches is the matrix of patches [taps, columns] of one panel and group, as it lies in a frame:
//
//	element k, (n, oh, ow) = frame[offsets[k] + n·image + oh·down + ow]
//
// It is used by one goroutine for the length of a call; the panels it fills may be filled on several.
type patches[T vec.Float] struct {
	f       frame
	x       []T // the first image of the panel, from the group's first channel on
	from    int // image row of the frame's first row; negative in the padding
	rows    int // rows of the frame that are in use
	outRows int // output rows of each image
	images  int
	buf     []T
	product []T // the panel's result, where it cannot go to the output
	offsets []int
	then    blas.Epilogue[T]

	fill  blas.PackFunc[T]
	frame func(lo, hi int)
}

var patches32, patches64 sync.Pool

// newPatches returns patches of shape s in panels as p cuts it, for products of so many elements.
func newPatches[T vec.Float](s Shape, p panels, product int) *patches[T] {
	pool := &patches64
	if single[T]() {
		pool = &patches32
	}
	m, _ := pool.Get().(*patches[T])
	if m == nil {
		m = new(patches[T])
		m.fill, m.frame = m.doFill, m.doFrame
	}
	m.f = newFrame(s, p.rows)
	m.offsets = m.f.offsets(m.offsets[:0])
	m.buf = grow(m.buf, p.images*m.f.image+block)
	m.product = grow(m.product, product)
	return m
}

// done gives m back. It lets go of the operands.
func (m *patches[T]) done() {
	m.x, m.then.RowBias = nil, nil
	if single[T]() {
		patches32.Put(m)
	} else {
		patches64.Put(m)
	}
}

func grow[T vec.Float](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// see copies output rows [h0, h1)'s pixels of images to the frame; x starts at the first image's first channel.
func (m *patches[T]) see(x []T, images, h0, h1 int) {
	s := &m.f.s
	m.x, m.images, m.outRows = x, images, h1-h0
	m.from = h0*s.StrideH - s.PadH
	m.rows = (h1-h0-1)*s.StrideH + s.DilationH*(s.R-1) + 1
	planes := images * m.f.channels
	if grain := ceil(32<<10, m.f.channel); planes > grain {
		parallel.For(planes, grain, m.frame)
	} else {
		m.doFrame(0, planes)
	}
}

// doFrame copies planes [lo, hi), counted through the images.
func (m *patches[T]) doFrame(lo, hi int) {
	s := &m.f.s
	for i := lo; i < hi; i++ {
		n, c := i/m.f.channels, i%m.f.channels
		copyPlane(&m.f, m.buf[i*m.f.channel:][:m.f.channel], m.x[(n*s.C+c)*s.H*s.W:][:s.H*s.W], m.from, m.rows)
	}
}

// lower stores the whole matrix of patches in panel, [taps, columns].
func (m *patches[T]) lower(panel []T) {
	outW := m.f.outW
	for _, offset := range m.offsets {
		for n := range m.images {
			from := offset + n*m.f.image
			for range m.outRows {
				copy(panel[:outW], m.buf[from:])
				panel, from = panel[outW:], from+m.f.down
			}
		}
	}
}

// block is how many elements are copied at a time: what is too much is overwritten by the next piece.
const block = 8

// piece is a part of a panel's row whose pixels are contiguous: columns of one output row.
type piece struct{ at, from, width int }

// maxPieces is the most pieces of a panel that are copied by blocks; no kernel of today has wider panels.
const maxPieces = 32

// doFill is a blas.PackFunc.
func (m *patches[T]) doFill(dst []T, nr, k0, k1, j0, j1 int) {
	var store [maxPieces]piece
	pieces := store[:0]
	outW := m.f.outW
	row, ow := j0/outW, j0%outW
	n, oh := row/m.outRows, row%m.outRows
	for at := 0; at < j1-j0; {
		width := min(outW-ow, j1-j0-at)
		pieces = append(pieces, piece{at, n*m.f.image + oh*m.f.down + ow, width})
		at += width
		ow = 0
		if oh++; oh == m.outRows {
			n, oh = n+1, 0
		}
	}
	offsets := m.offsets[k0:k1]
	if j1-j0 == nr {
		whole := max(0, len(offsets)-ceil(block-1, nr)) // rows behind which there is memory to overwrite
		copyBlocks(dst, nr, m.buf, offsets[:whole], pieces)
		dst, offsets = dst[whole*nr:], offsets[whole:]
	}
	for i, offset := range offsets {
		for _, p := range pieces {
			copy(dst[i*nr+p.at:][:p.width], m.buf[offset+p.from:])
		}
	}
}

// copyBlocks copies the pieces of whole rows of a panel, one behind the other, by blocks. Less than a block more is read behind the last
// pixel of src and written behind the last row, where there is memory: see newPatches and doFill. Addresses are not checked one by
// one, which takes longer than the copy.
func copyBlocks[T vec.Float](dst []T, nr int, src []T, offsets []int, pieces []piece) {
	if len(offsets) == 0 {
		return
	}
	to, from := unsafe.Pointer(&dst[0]), unsafe.Pointer(&src[0])
	size := unsafe.Sizeof(dst[0])
	at := func(p unsafe.Pointer, i int) *eight[T] { return (*eight[T])(unsafe.Add(p, i*int(size))) }
	switch {
	case len(pieces) == 1 && nr == 2*block:
		a := unsafe.Add(from, pieces[0].from*int(size))
		for _, offset := range offsets {
			*at(to, 0) = *at(a, offset)
			*at(to, block) = *at(a, offset+block)
			to = unsafe.Add(to, 2*block*size)
		}
	case len(pieces) == 2 && nr == 2*block:
		a, b, i := unsafe.Add(from, pieces[0].from*int(size)), unsafe.Add(from, pieces[1].from*int(size)), pieces[1].at
		if i <= block {
			for _, offset := range offsets {
				*at(to, 0) = *at(a, offset)
				*at(to, i) = *at(b, offset)
				*at(to, i+block) = *at(b, offset+block)
				to = unsafe.Add(to, 2*block*size)
			}
			return
		}
		for _, offset := range offsets {
			*at(to, 0) = *at(a, offset)
			*at(to, block) = *at(a, offset+block)
			*at(to, i) = *at(b, offset)
			to = unsafe.Add(to, 2*block*size)
		}
	default:
		for _, offset := range offsets {
			for _, p := range pieces {
				for i := 0; i < p.width; i += block {
					*at(to, p.at+i) = *at(from, p.from+offset+i)
				}
			}
			to = unsafe.Add(to, nr*int(size))
		}
	}
}

// eight is block elements as a struct, which the compiler copies by vector moves; for an array it calls memmove.
type eight[T vec.Float] struct{ a, b, c, d, e, f, g, h T }
