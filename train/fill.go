package train

// Vectors of which the ranks have parts are brought to where they are wanted a chunk at a time, so it takes little
// memory, however long they are.

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor"
)

// fillChunk is how many elements of a vector travel at a time.
const fillChunk = 1 << 18

func bytesOf[T float](x []T) []byte { return tensor.Bytes(tensor.FromSlice(x, len(x))) }

// fill makes dst elements [lo, lo+len(dst)) of a vector of which the ranks have pieces: each element from this rank's
// own, else from the first rank that has it. All ranks call it, with what they have and what they want of the vector,
// and all get the first range that is wanted and nobody has, if there is one; the rest is filled. A piece that is
// stored and cannot be read gives zeros: snapshot.close gives the error.
func fill[T float](ctx context.Context, g *collectives.Group, dst []T, lo int, have []piece) (*span, error) {
	mine := []int64{int64(lo), int64(lo + len(dst))}
	for _, p := range have {
		mine = append(mine, int64(p.lo), int64(p.hi))
	}
	all, counts, err := collectives.AllGatherV(ctx, g, nil, mine)
	if err != nil {
		return nil, err
	}
	wants, has := make([]span, len(counts)), make([][]span, len(counts))
	end := 0
	for r, n := range counts {
		for i := 0; i < n; i += 2 {
			s := span{int(all[i]), int(all[i+1])}
			if i == 0 {
				wants[r] = s
				end = max(end, s.hi)
			} else {
				has[r] = append(has[r], s)
			}
		}
		all = all[n:]
	}
	f := newFilling(g, dtypeOf[T]().Size())
	f.dst, f.lo, f.have, f.wants, f.has = bytesOf(dst), lo, have, wants, has
	for at := 0; at < end; at += fillChunk {
		if err := f.chunk(ctx, at, min(at+fillChunk, end)); err != nil {
			return nil, err
		}
	}
	return f.missing, nil
}

// filling is the bringing of a vector, or of some, to where they are wanted.
type filling struct {
	group *collectives.Group
	size  int // of an element, in bytes
	dst   []byte
	lo    int // where dst begins, in elements
	have  []piece
	wants []span   // of each rank
	has   [][]span // of each rank

	missing    *span    // the first that is wanted and nobody has
	send, recv [][]byte // kept from chunk to chunk
	window     []byte   // the chunk, of a piece that is stored
	from       int      // where window begins, in elements
}

func newFilling(g *collectives.Group, size int) *filling {
	return &filling{group: g, size: size, send: make([][]byte, g.Size()), recv: make([][]byte, g.Size())}
}

// chunk fills elements [from, to): every rank sends what others want and takes what it wants, and none does where
// nobody wants of another.
func (f *filling) chunk(ctx context.Context, from, to int) error {
	f.read(from, to)
	for r := range f.send {
		f.send[r] = f.send[r][:0]
	}
	me := f.group.Rank()
	var arrive []moved // at this rank
	counts := make([]int, f.group.Size())
	travel, all := false, 0 // all counts the ranks that want the whole chunk of one rank
	root := -1
	for rank, want := range f.wants {
		for at, end := max(from, want.lo), min(to, want.hi); at < end; {
			m := f.source(rank, at, end)
			at = m.hi
			if m.from < 0 {
				if f.missing == nil {
					f.missing = &span{m.lo, m.hi}
				}
				continue
			}
			if m.lo == from && m.hi == to && (root < 0 || root == m.from) {
				root = m.from
				all++
			}
			if m.from != rank {
				travel = true
			}
			if rank == me {
				arrive = append(arrive, m)
				if m.from != me {
					counts[m.from] += (m.hi - m.lo) * f.size
				}
			}
		}
	}
	switch {
	case travel && all == f.group.Size():
		dst := f.place(span{from, to})
		if root == me {
			copy(dst, f.held(span{from, to}))
		}
		return collectives.Broadcast(ctx, f.group, dst, root)
	case travel:
		if err := f.swap(ctx, from, to, counts); err != nil {
			return err
		}
	}
	taken := make([]int, f.group.Size())
	for _, m := range arrive {
		if m.from == me {
			copy(f.place(m.span), f.held(m.span))
			continue
		}
		taken[m.from] += copy(f.place(m.span), f.recv[m.from][taken[m.from]:])
	}
	return nil
}

// swap sends what the others want of this rank, and receives as many bytes of each as counts says.
func (f *filling) swap(ctx context.Context, from, to int, counts []int) error {
	me := f.group.Rank()
	for rank, want := range f.wants {
		for at, end := max(from, want.lo), min(to, want.hi); at < end && rank != me; {
			m := f.source(rank, at, end)
			if at = m.hi; m.from == me {
				f.send[rank] = append(f.send[rank], f.held(m.span)...)
			}
		}
	}
	for r, n := range counts {
		if cap(f.recv[r]) < n {
			f.recv[r] = make([]byte, n)
		}
		f.recv[r] = f.recv[r][:n]
	}
	return collectives.AllToAll(ctx, f.group, f.send, f.recv)
}

// place gives where elements of the vector belong at this rank.
func (f *filling) place(s span) []byte { return f.dst[(s.lo-f.lo)*f.size : (s.hi-f.lo)*f.size] }

// moved is a run of elements and the rank that it comes from; −1 if none has it.
type moved struct {
	span
	from int
}

// source finds who gives elements from at on to a rank that wants them up to end, and how many of them.
func (f *filling) source(rank, at, end int) moved {
	m := moved{span{at, end}, -1}
	look := func(r int) bool {
		for _, s := range f.has[r] {
			if s.lo <= at && at < s.hi {
				m.from, m.hi = r, min(m.hi, s.hi)
				return true
			}
			if at < s.lo { // what is had from there on may come from there
				m.hi = min(m.hi, s.lo)
			}
		}
		return false
	}
	if look(rank) {
		return m
	}
	for r := range f.has {
		if look(r) {
			break
		}
	}
	return m
}

// read reads the chunk [from, to) of a piece that is stored, whoever wants it: it is read in order.
func (f *filling) read(from, to int) {
	for _, p := range f.have {
		if p.stored != nil {
			n := (to - from) * f.size
			if cap(f.window) < n {
				f.window = make([]byte, n)
			}
			f.window, f.from = f.window[:n], from
			_ = p.stored.next(from, f.window) // the error stays with it
			return
		}
	}
}

// held gives elements that one of this rank's pieces has.
func (f *filling) held(s span) []byte {
	for _, p := range f.have {
		switch {
		case p.stored != nil:
			return f.window[(s.lo-f.from)*f.size : (s.hi-f.from)*f.size]
		case p.lo <= s.lo && s.hi <= p.hi:
			return tensor.Bytes(p.data)[(s.lo-p.lo)*f.size : (s.hi-p.lo)*f.size]
		}
	}
	panic(fmt.Sprintf("train: elements [%d, %d) are not in a piece", s.lo, s.hi))
}
