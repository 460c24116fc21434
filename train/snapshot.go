package train

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// A snapshot is all that decides how training goes on from a moment between two steps: how far it has come, and vectors
// by name. It is a value in memory; a checkpoint is one written down. Of a vector a rank may hold the whole, a part, or
// nothing; together the ranks hold all of it.
//
// The pieces are views: session.snapshot copies nothing, and what it gives changes with the next step. Whoever wants to
// keep the moment copies, piece by piece; who writes it down needs no memory.
type snapshot struct {
	at     position
	steps  int64 // that the optimizer has taken
	pieces []piece
}

// A piece is a part of a named vector:
//
//	KEY                  a parameter or a buffer of the model, by the key of the state dictionary, whole on every rank
//	optimizer/SLOT       a moment of the flat vector; under Sharded each rank has its slice
//	optimizer/SLOT/NAME  a moment of the sparse parameter NAME, likewise
//	feedback/LO-HI       what rounding owes to the partial sum over partitions [LO, HI); the rank that makes the sum has
//	                     it. Not in a checkpoint
type piece struct {
	name   string
	length int            // of the whole vector, in elements
	lo, hi int            // the part that is here
	data   *tensor.Tensor // its hi−lo elements, contiguous, of any shape
}

const feedbackPrefix = "feedback/"

func newPiece[T float](name string, length, lo int, data []T) piece {
	return piece{name, length, lo, lo + len(data), tensor.FromSlice(data, len(data))}
}

// whole says whether p is all of its vector.
func (p piece) whole() bool { return p.lo == 0 && p.hi == p.length }

// named gives the pieces of that name.
func (s *snapshot) named(name string) []piece {
	var list []piece
	if s != nil {
		for _, p := range s.pieces {
			if p.name == name {
				list = append(list, p)
			}
		}
	}
	return list
}

// ofModel says whether p is a parameter or a buffer.
func (p piece) ofModel() bool {
	return !strings.HasPrefix(p.name, layers.OptimizerPrefix) && !isFeedback(p)
}

// intoModel copies what the snapshot has of the model into it. Where it is a view of that model nothing is to be done.
func (s *snapshot) intoModel(model any) error {
	for _, n := range layers.StateDict(model) {
		for _, p := range s.named(n.Name) {
			if !p.whole() || p.length != n.Tensor.Len() || p.data.DType() != n.Tensor.DType() {
				return fmt.Errorf("train: the snapshot has elements [%d, %d) of %d of %s, %v, the model %v%v", p.lo,
					p.hi, p.length, p.name, p.data.DType(), n.Tensor.DType(), n.Tensor.Shape())
			}
			copy(tensor.Bytes(n.Tensor), tensor.Bytes(p.data)) // of the same memory: none
		}
	}
	return nil
}

func isFeedback(p piece) bool { return strings.HasPrefix(p.name, feedbackPrefix) }

// modelPieces gives the model's parameters and buffers.
func (j *job) modelPieces() []piece {
	var list []piece
	for _, n := range layers.StateDict(j.c.Model) {
		list = append(list, piece{n.Name, n.Tensor.Len(), 0, n.Tensor.Len(), n.Tensor})
	}
	return list
}

// slotPieces gives the moments of s, which has elements from lo on of vectors of that length.
func slotPieces[T float](s optim.StepperOf[T], suffix string, length, lo int) []piece {
	var list []piece
	for _, slot := range s.State().Slots {
		list = append(list, newPiece(slotKey(slot.Name, suffix), length, lo, slot.Data))
	}
	return list
}

func slotKey(slot, suffix string) string { return layers.OptimizerPrefix + slot + suffix }

// loadSlots sets the moments of s, elements from lo on of the vectors that the ranks have pieces of, and its steps.
func loadSlots[T float](ctx context.Context, g *collectives.Group, s optim.StepperOf[T], suffix string, lo int,
	from *snapshot) error {
	for _, slot := range s.State().Slots {
		name := slotKey(slot.Name, suffix)
		missing, err := fill(ctx, g, slot.Data, lo, from.named(name))
		if err != nil {
			return fmt.Errorf("train: sharing %s: %w", name, err)
		}
		if missing != nil {
			return fmt.Errorf("train: no rank has elements [%d, %d) of %s", missing.lo, missing.hi, name)
		}
	}
	s.State().Steps = from.steps
	return nil
}

// fillChunk is how many elements of a vector travel at a time: so sharing needs little memory, however long they are.
const fillChunk = 1 << 20

// fill makes dst elements [lo, lo+len(dst)) of a vector of which the ranks have pieces: each element from this rank's
// own, else from the first rank that has it. All ranks call it, with what they have and what they want of the vector,
// and all get the first range that is wanted and nobody has, if there is one; the rest is filled.
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
	f := filling[T]{rank: g.Rank(), dst: dst, lo: lo, have: have, wants: wants, has: has}
	for at := 0; at < end; at += fillChunk {
		if err := f.chunk(ctx, g, at, min(at+fillChunk, end)); err != nil {
			return nil, err
		}
	}
	return f.missing, nil
}

// filling is one call of fill.
type filling[T float] struct {
	rank    int
	dst     []T
	lo      int
	have    []piece
	wants   []span   // of each rank
	has     [][]span // of each rank
	missing *span
}

// chunk fills elements [from, to): every rank sends what others want and take from it, and none where nobody does.
func (f *filling[T]) chunk(ctx context.Context, g *collectives.Group, from, to int) error {
	send := make([][]T, len(f.wants))
	var arrive []moved // at this rank
	travel := false
	for rank, want := range f.wants {
		for at, end := max(from, want.lo), min(to, want.hi); at < end; {
			m := f.source(rank, at, end)
			at = m.hi
			switch {
			case m.from < 0:
				if f.missing == nil {
					f.missing = &span{m.lo, m.hi}
				}
				continue
			case m.from != rank:
				travel = true
			}
			if m.from == f.rank && rank != f.rank {
				send[rank] = append(send[rank], f.held(m.span)...)
			}
			if rank == f.rank {
				arrive = append(arrive, m)
			}
		}
	}
	var recv [][]T
	if travel {
		var err error
		if recv, err = collectives.AllToAllV(ctx, g, send); err != nil {
			return err
		}
	}
	for _, m := range arrive {
		into := f.dst[m.lo-f.lo : m.hi-f.lo]
		if m.from == f.rank {
			copy(into, f.held(m.span))
			continue
		}
		recv[m.from] = recv[m.from][copy(into, recv[m.from]):]
	}
	return nil
}

// moved is a run of elements and the rank that it comes from; −1 if none has it.
type moved struct {
	span
	from int
}

// source finds who gives elements from at on to a rank that wants them up to end, and how many of them.
func (f *filling[T]) source(rank, at, end int) moved {
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

// held gives elements that one of this rank's pieces has.
func (f *filling[T]) held(s span) []T {
	for _, p := range f.have {
		if p.lo <= s.lo && s.hi <= p.hi {
			return tensor.Data[T](p.data)[s.lo-p.lo : s.hi-p.lo]
		}
	}
	panic(fmt.Sprintf("train: elements [%d, %d) are not in a piece", s.lo, s.hi))
}

// shareHead gives all ranks the position and the steps of the first rank that has a snapshot, and that rank; −1 where
// none has one.
func (s *snapshot) shareHead(ctx context.Context, g *collectives.Group) (head *snapshot, root int, err error) {
	type said struct {
		At    position
		Steps int64
	}
	var text []byte
	if s != nil {
		if text, err = json.Marshal(said{s.at, s.steps}); err != nil {
			return nil, -1, fmt.Errorf("train: %w", err)
		}
	}
	texts, err := gatherBytes(ctx, g, text)
	if err != nil {
		return nil, -1, fmt.Errorf("train: sharing the position: %w", err)
	}
	for r, text := range texts {
		if len(text) == 0 {
			continue
		}
		var v said
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, -1, fmt.Errorf("train: the position of rank %d: %w", r, err)
		}
		head = &snapshot{at: v.At, steps: v.Steps}
		if s != nil {
			head.pieces = s.pieces
		}
		return head, r, nil
	}
	return nil, -1, nil
}
