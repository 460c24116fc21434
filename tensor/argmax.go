package tensor

// This file finds where the extremes are.

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/tutti-ml/tutti/blas/vec"
)

// ArgMax returns the index along axis of the first largest element, or of the first NaN, as an Int64 tensor without that axis.
// It panics if the axis is empty but the result is not.
func ArgMax(x *Tensor, axis int) *Tensor { return argExtreme("ArgMax", x, axis, &argMaxLanes) }

// ArgMaxTo stores what ArgMax returns in dst.
func ArgMaxTo(dst, x *Tensor, axis int) { argExtremeTo("ArgMax", dst, x, axis, &argMaxLanes) }

// ArgMin returns the index along axis of the first smallest element, or of the first NaN, as an Int64 tensor without that axis.
// It panics if the axis is empty but the result is not.
func ArgMin(x *Tensor, axis int) *Tensor { return argExtreme("ArgMin", x, axis, &argMinLanes) }

// ArgMinTo stores what ArgMin returns in dst.
func ArgMinTo(dst, x *Tensor, axis int) { argExtremeTo("ArgMin", dst, x, axis, &argMinLanes) }

// A search finds an index in lanes of n elements. Long lanes are searched in pieces.
type search struct {
	find func(s *searching, lo, hi int)  // in pieces [lo, hi)
	join func(s *searching, dst []int64) // of those found in each lane's pieces, that in the lane
}

// searchPiece is how many elements a piece has, but the last of a lane.
const searchPiece = 32 << 10

var (
	argMaxLanes = [len(dtypes)]search{Float32: argLanes(vec.ArgMax[float32]), Float64: argLanes(vec.ArgMax[float64]),
		Int32: argLanes(argMaxOf[int32]), Int64: argLanes(argMaxOf[int64]), Uint8: argLanes(argMaxOf[uint8]), Int8: argLanes(argMaxOf[int8])}
	argMinLanes = [len(dtypes)]search{Float32: argLanes(argMinOf[float32]), Float64: argLanes(argMinOf[float64]),
		Int32: argLanes(argMinOf[int32]), Int64: argLanes(argMinOf[int64]), Uint8: argLanes(argMinOf[uint8]), Int8: argLanes(argMinOf[int8])}
)

func argExtreme(op string, x *Tensor, axis int, fs *[len(dtypes)]search) *Tensor {
	a := x.axis(op, axis)
	var room [2 * inlineRank]int
	dst := New(Int64, append(append(room[:0], x.shape[:a]...), x.shape[a+1:]...)...)
	argExtremeTo(op, dst, x, axis, fs)
	return dst
}

func argExtremeTo(op string, dst, x *Tensor, axis int, fs *[len(dtypes)]search) {
	a := x.axis(op, axis)
	f := &fs[x.dtype]
	if f.find == nil {
		panic(fmt.Sprintf("tensor: %s: dtype %v is not one it works on", op, x.dtype))
	}
	mustDType(op, dst, Int64)
	ok := len(dst.shape) == len(x.shape)-1
	for i := 0; ok && i < len(dst.shape); i++ {
		j := i
		if i >= a {
			j++
		}
		ok = dst.shape[i] == x.shape[j]
	}
	if !ok {
		panic(fmt.Sprintf("tensor: %s: the destination's shape is %v; x has %v, and loses axis %d", op, dst.shape, x.shape, a))
	}
	if dst.n == 0 {
		return
	}
	if x.n == 0 {
		panic(fmt.Sprintf("tensor: %s: axis %d of shape %v is empty", op, a, x.shape))
	}
	p := temporaries.Get().(*Pool)
	lanes, found := lanesOf(p, x, a), dst
	if !dst.contig {
		found = p.New(Int64, dst.shape...)
	}
	s := searches.Get().(*searching)
	s.search, s.x, s.n, s.pieces = f, lanes, x.shape[a], (x.shape[a]+searchPiece-1)/searchPiece
	s.dst = Data[int64](found)
	if s.pieces > 1 {
		s.dst = Data[int64](p.New(Int64, dst.n*s.pieces))
	}
	share(dst.n*s.pieces, min(s.n, searchPiece), s.do)
	if s.pieces > 1 {
		f.join(s, Data[int64](found))
	}
	s.search, s.x, s.dst = nil, nil, nil
	searches.Put(s)
	if found != dst {
		dst.CopyFrom(found)
	}
	p.Reset()
	temporaries.Put(p)
}

// searching is a call that workers share, kept so that a call allocates nothing.
type searching struct {
	*search
	x         *Tensor   // with the axis last
	n, pieces int       // elements and pieces of a lane
	dst       []int64   // one a piece
	pair      [2]uint64 // room for two elements
	do        func(lo, hi int)
}

var searches = sync.Pool{New: func() any {
	s := new(searching)
	s.do = func(lo, hi int) { s.find(s, lo, hi) }
	return s
}}

// argLanes makes a search of f, which finds the first index that it looks for in a slice.
func argLanes[T any](f func(x []T) int) search {
	return search{
		find: func(s *searching, lo, hi int) {
			for i := lo; i < hi; i++ {
				from := i % s.pieces * searchPiece
				s.dst[i] = int64(from + f(lane[T](s.x, i/s.pieces, s.n)[from:min(s.n, from+searchPiece)]))
			}
		},
		join: func(s *searching, dst []int64) {
			pair := unsafe.Slice((*T)(unsafe.Pointer(&s.pair)), 2)
			for i := range dst {
				l := lane[T](s.x, i, s.n)
				best := s.dst[i*s.pieces]
				for _, at := range s.dst[i*s.pieces+1 : (i+1)*s.pieces] {
					pair[0], pair[1] = l[best], l[at]
					if f(pair) == 1 {
						best = at
					}
				}
				dst[i] = best
			}
		},
	}
}

func argMaxOf[T number](x []T) int {
	at := 0
	for i, v := range x {
		if v > x[at] {
			at = i
		}
	}
	return at
}

func argMinOf[T number](x []T) int {
	at := 0
	for i, v := range x {
		if v != v {
			return i
		}
		if v < x[at] {
			at = i
		}
	}
	return at
}
