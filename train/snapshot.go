package train

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train/optim"
)

// A snapshot is all that decides how training goes on from a moment between two steps: how far it has come, and vectors
// by name. It is a value in memory; a checkpoint is one written down. Of a vector a rank may hold the whole, a part, or
// nothing; together the ranks hold all of it.
//
// The pieces are views: session.snapshot copies nothing, and what it gives changes with the next step. To keep the
// moment is to copy, piece by piece; to write it down needs no memory. A snapshot that is read from a checkpoint has
// pieces that lie in its file, until they are where they belong.
type snapshot struct {
	at     position
	steps  int64 // that the optimizer has taken
	pieces []piece
	file   *safetensors.File // that stored pieces lie in, or nil
}

// A piece is a part of a named vector:
//
//	KEY                  a parameter or a buffer of the model, by the key of the state dictionary, whole on every rank
//	optimizer/SLOT       a moment of the flat vector; under Sharded each rank has its slice
//	optimizer/SLOT/NAME  a moment of the sparse parameter NAME, likewise
//	optimizer/feedback/LO-HI
//	                     what rounding owes to the partial sum over partitions [LO, HI); the rank that makes the sum has
//	                     it. Between epochs nothing is owed
//
// Whatever else decides how training goes on and is a vector is a piece too, under a name that begins with
// layers.OptimizerPrefix, for such tensors of a file are not the model's.
type piece struct {
	name   string
	length int            // of the whole vector, in elements
	lo, hi int            // the part that is here
	data   *tensor.Tensor // its hi−lo elements, contiguous, of any shape; nil if they are stored
	stored *stored        // the whole vector, in a file
}

const feedbackPrefix = layers.OptimizerPrefix + "feedback/"

func newPiece[T float](name string, length, lo int, data []T) piece {
	return piece{name: name, length: length, lo: lo, hi: lo + len(data), data: tensor.FromSlice(data, len(data))}
}

// dtype is that of the vector.
func (p piece) dtype() tensor.DType {
	if p.stored != nil {
		return p.stored.dtype
	}
	return p.data.DType()
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
func (p piece) ofModel() bool { return !strings.HasPrefix(p.name, layers.OptimizerPrefix) }

// intoModel copies, or reads, what the snapshot has of the model into it. Where it is a view of that model nothing is
// to be done.
func (s *snapshot) intoModel(model any) error {
	for _, n := range layers.StateDict(model) {
		for _, p := range s.named(n.Name) {
			if !p.whole() || p.length != n.Tensor.Len() || p.dtype() != n.Tensor.DType() {
				return fmt.Errorf("train: the snapshot has elements [%d, %d) of %d of %s, %v, the model %v%v", p.lo,
					p.hi, p.length, p.name, p.dtype(), n.Tensor.DType(), n.Tensor.Shape())
			}
			if p.stored != nil {
				if err := p.stored.next(0, tensor.Bytes(n.Tensor)); err != nil {
					return fmt.Errorf("train: reading %s: %w", p.name, err)
				}
				continue
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
		list = append(list, piece{name: n.Name, length: n.Tensor.Len(), hi: n.Tensor.Len(), data: n.Tensor})
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
