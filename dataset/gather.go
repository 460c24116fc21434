package dataset

import "github.com/tutti-ml/tutti/tensor"

// This file copies samples from batches to batches.

// append sets sample i of an open column to sample s of one that lies in values, offsets and lists.
func (to *store) append(c *Column, i int, values *tensor.Tensor, offsets, lists []int64, s int) {
	var lo, hi int64
	if lists == nil {
		lo, hi = offsets[s], offsets[s+1]
	} else {
		lo, hi = offsets[lists[s]], offsets[lists[s+1]]
		shift := int64(to.full) - lo
		for _, end := range offsets[lists[s]+1 : lists[s+1]+1] {
			to.offsets = append(to.offsets, end+shift)
		}
		to.lists[i+1] = int64(len(to.offsets) - 1)
	}
	at := to.full
	to.grow(c, at+int(hi-lo))
	if lists == nil {
		to.offsets[i+1] = int64(to.full)
	}
	if hi > lo {
		size := product(c.Shape) * c.dtype().Size()
		copy(tensor.Bytes(to.room)[at*size:], tensor.Bytes(values)[int(lo)*size:int(hi)*size])
	}
}

// take sets samples at, at+1, … of b, which has from's layout, to the given samples of from. Samples of open columns
// are set in order, each once after a Resize.
func (b *Batch) take(at int, from *Batch, rows []int32) {
	b.takeMany(at, 1, func(int) *Batch { return from }, nil, rows)
}

// takeMany is take from n batches: sample at+j is sample rows[j] of batch which[j]; which may be nil for the first
// alone.
func (b *Batch) takeMany(at, n int, from func(i int) *Batch, which, rows []int32) {
	if len(rows) == 0 {
		return
	}
	sources := make([][]byte, n)
	for i := range b.cols {
		c, to := &b.spec.Columns[i], &b.cols[i]
		if c.open() {
			for j, s := range rows {
				src := &from(of(which, j)).cols[i]
				if src.room == nil {
					src.grow(c, 0)
				}
				to.append(c, at+j, src.room, src.offsets, src.lists, int(s))
			}
			continue
		}
		for k := range sources {
			sources[k] = tensor.Bytes(from(k).cols[i].view)
		}
		size := product(c.Shape) * c.dtype().Size()
		dst := tensor.Bytes(to.view)[at*size:]
		for j, s := range rows {
			copy(dst[j*size:(j+1)*size], sources[of(which, j)][int(s)*size:])
		}
	}
}

func of(which []int32, j int) int {
	if which == nil {
		return 0
	}
	return int(which[j])
}

// filled returns how many bytes of the memory that b holds its samples take.
func (b *Batch) filled() int {
	n := 0
	for i := range b.cols {
		c, s := &b.spec.Columns[i], &b.cols[i]
		rows := b.N
		if c.open() {
			rows = s.full
		}
		n += rows*product(c.Shape)*c.dtype().Size() + 8*(len(s.offsets)+len(s.lists))
	}
	return n
}

// bytes returns the memory that b holds.
func (b *Batch) bytes() int {
	n := 0
	for i := range b.cols {
		s := &b.cols[i]
		if s.room != nil {
			n += len(tensor.Bytes(s.room))
		}
		n += 8 * (cap(s.offsets) + cap(s.lists))
	}
	return n
}
