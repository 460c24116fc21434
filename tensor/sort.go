package tensor

// This file sorts. Elements become unsigned integers of the same order, kept beside their indices, and these are sorted by
// radix, or by comparison where there are few. A NaN is greater than every number, −0 equals 0, and equal elements stay in
// their order, also when the order is descending.

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/tutti-ml/tutti/internal/parallel"
)

// An Order is which elements come first.
type Order bool

const (
	Ascending  Order = false // the smallest first, NaN last
	Descending Order = true  // NaN first, then the largest
)

// Sort returns the elements of x in order along axis, and their indices in x, an Int64 tensor of the same shape. Equal elements
// stay in their order.
func Sort(x *Tensor, axis int, order Order) (values, index *Tensor) {
	values, index = New(x.dtype, x.shape...), New(Int64, x.shape...)
	sortTo("Sort", values, index, x, axis, order)
	return values, index
}

// ArgSort returns the indices that put x in order along axis, as Sort does: an Int64 tensor of x's shape.
func ArgSort(x *Tensor, axis int, order Order) *Tensor {
	index := New(Int64, x.shape...)
	sortTo("ArgSort", nil, index, x, axis, order)
	return index
}

// TopK returns the first k elements of x along axis in the order given, Descending for the largest, and their indices in x,
// an Int64 tensor. Of equal elements the first count. It panics if the axis is shorter than k.
func TopK(x *Tensor, k, axis int, order Order) (values, index *Tensor) {
	a := x.axis("TopK", axis)
	if k < 0 || k > x.shape[a] {
		panic(fmt.Sprintf("tensor: TopK: the first %d of axis %d, which is %d long", k, a, x.shape[a]))
	}
	shape := slices.Clone(x.shape)
	shape[a] = k
	values, index = New(x.dtype, shape...), New(Int64, shape...)
	sortTo("TopK", values, index, x, axis, order)
	return values, index
}

// sortTo stores the first elements of x along axis in values, unless it is nil, and their indices in index: as many as that is
// long.
func sortTo(op string, values, index, x *Tensor, axis int, order Order) {
	a := x.axis(op, axis)
	keys := keyFuncs[x.dtype]
	if keys == nil {
		panic(fmt.Sprintf("tensor: %s: dtype %v is not one it works on", op, x.dtype))
	}
	if index.n == 0 {
		return
	}
	n, k := x.shape[a], index.shape[a]
	p := temporaries.Get().(*Pool)
	lanes := lanesOf(p, x, a)
	moved := p.header()
	index.lastInto(moved, a)
	found := p.New(Int64, moved.shape...)
	parallel.For(x.n/n, max(1, costly/n), func(lo, hi int) {
		s := sorters.Get().(*sorter)
		for i := lo; i < hi; i++ {
			s.first(keys, lanes, i, n, k, order)
			for j, e := range s.entries[:k] {
				*at[int64](found, i*k+j) = int64(e.index)
			}
		}
		sorters.Put(s)
	})
	putLanes(p, index, found, a)
	if values != nil {
		GatherTo(values, x, a, index)
	}
	p.Reset()
	temporaries.Put(p)
}

// An entry is an element, as an integer of the same order, and where it came from.
type entry struct {
	key   uint64
	index int
}

func (e entry) compare(f entry) int {
	if e.key != f.key {
		return cmp.Compare(e.key, f.key)
	}
	return cmp.Compare(e.index, f.index)
}

// sorter is what sorting a lane needs.
type sorter struct {
	entries, spare []entry
	counts         [8][256]int
}

var sorters = sync.Pool{New: func() any { return new(sorter) }}

const (
	few  = 128 // lanes so long are sorted by comparison
	heap = 64  // up to so many first elements are kept sorted while going through the lane
)

// first makes s.entries the first k entries of lane i in order.
func (s *sorter) first(keys keyFunc, lanes *Tensor, i, n, k int, order Order) {
	s.entries = slices.Grow(s.entries[:0], n)[:n]
	keys(s.entries, lanes, i)
	if order == Descending {
		for j := range s.entries {
			s.entries[j].key = ^s.entries[j].key
		}
	}
	switch {
	case k <= heap && k < n/4:
		s.keep(k)
	case n <= few:
		slices.SortFunc(s.entries, entry.compare)
	default:
		s.radix()
	}
}

// keep brings the first k entries to the front, in order, by insertion.
func (s *sorter) keep(k int) {
	best := s.entries[:0]
	for _, e := range s.entries {
		if len(best) == k {
			if k == 0 || e.key >= best[k-1].key { // an equal one came earlier
				continue
			}
			best = best[:k-1]
		}
		at := len(best)
		for at > 0 && best[at-1].key > e.key {
			at--
		}
		best = slices.Insert(best, at, e)
	}
}

// radix sorts by bytes from the last, each pass stable; passes over a byte that is the same in all keys are left out.
func (s *sorter) radix() {
	clear(s.counts[:])
	for _, e := range s.entries {
		for b := range s.counts {
			s.counts[b][byte(e.key>>(8*b))]++
		}
	}
	n := len(s.entries)
	s.spare = slices.Grow(s.spare[:0], n)[:n]
	for b := range s.counts {
		count := &s.counts[b]
		if count[byte(s.entries[0].key>>(8*b))] == n {
			continue
		}
		sum := 0
		for v, c := range count {
			count[v] = sum
			sum += c
		}
		for _, e := range s.entries {
			v := byte(e.key >> (8 * b))
			s.spare[count[v]] = e
			count[v]++
		}
		s.entries, s.spare = s.spare, s.entries
	}
}

// A keyFunc makes entries of lane i of lanes.
type keyFunc func(dst []entry, lanes *Tensor, i int)

var keyFuncs = [len(dtypes)]keyFunc{Float32: keysOf(keyOfFloat32), Float64: keysOf(keyOfFloat64),
	Int32: keysOf(keyOfInt[int32]), Int64: keysOf(keyOfInt[int64]), Uint8: keysOf(keyOfInt[uint8]), Int8: keysOf(keyOfInt[int8]),
	Bool: keysOf(keyOfInt[uint8])}

func keysOf[T any](key func(v T) uint64) keyFunc {
	return func(dst []entry, lanes *Tensor, i int) {
		for j, v := range lane[T](lanes, i, len(dst)) {
			dst[j] = entry{key(v), j}
		}
	}
}

func keyOfInt[T integer](v T) uint64 { return uint64(int64(v)) ^ 1<<63 }

// Bits of positive floats are in the order of the floats; those of negative ones in the opposite order.
func keyOfFloat32(v float32) uint64 {
	switch b := math.Float32bits(v); {
	case v != v:
		return math.MaxUint32
	case v == 0:
		return 1 << 31
	case v < 0:
		return uint64(^b)
	default:
		return uint64(b | 1<<31)
	}
}

func keyOfFloat64(v float64) uint64 {
	switch b := math.Float64bits(v); {
	case v != v:
		return math.MaxUint64
	case v == 0:
		return 1 << 63
	case v < 0:
		return ^b
	default:
		return b | 1<<63
	}
}

// Unique returns the different elements of x in ascending order; for every element of x the index of its like among them, an
// Int64 tensor of x's shape; and how often each occurs, Int64 too. All NaNs are alike, and so are −0 and 0: the first stands
// for them.
func Unique(x *Tensor) (values, inverse, counts *Tensor) {
	keys := keyFuncs[x.dtype]
	if keys == nil {
		panic(fmt.Sprintf("tensor: Unique: dtype %v is not one it works on", x.dtype))
	}
	flat := x.Contiguous().Reshape(-1)
	inverse = New(Int64, x.shape...)
	inv := Data[int64](inverse)
	var first, count []int64
	if x.n > 0 {
		s := sorters.Get().(*sorter)
		s.first(keys, flat, 0, x.n, x.n, Ascending)
		for i, e := range s.entries {
			if i == 0 || e.key != s.entries[i-1].key {
				first, count = append(first, int64(e.index)), append(count, 0)
			}
			count[len(count)-1]++
			inv[e.index] = int64(len(first) - 1)
		}
		sorters.Put(s)
	}
	return Take(flat, 0, FromSlice(first)), inverse, FromSlice(count)
}
