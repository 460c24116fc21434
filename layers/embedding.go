package layers

import (
	"fmt"
	"math/rand/v2"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Embedding is a table of vectors, one for each word or item: y = Weight[index].
//
//	index [...] Int64 or Int32, 0 ≤ index < Words   Weight [Words, D]   y [..., D]
//
// The gradient is kept by rows (see autograd.Tape.SparseGrad), so that a step costs what it looks up, not what there is.
type Embedding struct {
	Weight *autograd.Param
	autograd.EmbeddingOptions
}

// NewEmbedding returns an Embedding drawn from the standard normal distribution, as PyTorch does.
func NewEmbedding(rng *rand.Rand, words, features int) *Embedding {
	positive("NewEmbedding", "words", words)
	positive("NewEmbedding", "features", features)
	return &Embedding{Weight: newParam(rng, Normal(0, 1), words, features)}
}

// SetPadding makes row i stand for no word: it is zeros, and training leaves it so. Negative rows count from the last,
// −1. It returns l, and panics if there is no such row.
func (l *Embedding) SetPadding(i int) *Embedding {
	words := l.Weight.Value().Dim(0)
	if i < -words || i >= words {
		panic(fmt.Sprintf("layers: Embedding: SetPadding: row %d of a table of %d rows", i, words))
	}
	if i < 0 {
		i += words
	}
	l.Padded, l.Padding = true, i
	l.Weight.Value().Slice(0, i, i+1).Zero()
	return l
}

// SetSparse makes train.Run exchange and step only the rows that a batch looked up, whatever else the table holds: PyTorch's
// sparse=True. It is worth it where a batch looks up a small part of the table; see train.Config.Optimizer for the optimizers
// that can do it. It returns l.
func (l *Embedding) SetSparse() *Embedding {
	l.Weight.Sparse = true
	return l
}

// Lookup returns the rows of index. It panics with an *autograd.IndexError if an index is out of range.
func (l *Embedding) Lookup(t *autograd.Tape, index *tensor.Tensor) *autograd.Var {
	return autograd.Embedding(t.Use(l.Weight), index, l.EmbeddingOptions)
}

// Forward is Lookup for indices that come as numbers of a floating-point type, as a batch of train.Run does: exact up to 2²⁴.
func (l *Embedding) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return l.Lookup(t, Indices(x))
}

// EmbeddingBag is a table of vectors of which each sample is a bag: y is the sum, mean or maximum of the rows of the bag.
//
//	index [N, L] Int64 or Int32   Weight [Words, D]   y [N, D]
type EmbeddingBag struct {
	Weight  *autograd.Param
	Mode    autograd.BagMode
	Padded  bool // row Padding counts for nothing
	Padding int  // from 0, or from −1 for the last row backwards
}

// NewEmbeddingBag returns an EmbeddingBag drawn from the standard normal distribution, as PyTorch does.
func NewEmbeddingBag(rng *rand.Rand, words, features int, mode autograd.BagMode) *EmbeddingBag {
	positive("NewEmbeddingBag", "words", words)
	positive("NewEmbeddingBag", "features", features)
	return &EmbeddingBag{Weight: newParam(rng, Normal(0, 1), words, features), Mode: mode}
}

// SetSparse is Embedding's: train.Run then exchanges and steps only the rows that a batch looked up. It returns l.
func (l *EmbeddingBag) SetSparse() *EmbeddingBag {
	l.Weight.Sparse = true
	return l
}

// Lookup returns a row for each bag. weights, which may be nil, multiply the rows of a sum; offsets, which may be nil, say where
// each bag begins in an index of one axis.
func (l *EmbeddingBag) Lookup(t *autograd.Tape, index, offsets *tensor.Tensor, weights *autograd.Var) *autograd.Var {
	return autograd.EmbeddingBag(t.Use(l.Weight), index, weights,
		autograd.EmbeddingBagOptions{Mode: l.Mode, Offsets: offsets, Padded: l.Padded, Padding: l.Padding})
}

// Forward is Lookup for bags of one length whose indices come as numbers of a floating-point type.
func (l *EmbeddingBag) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return l.Lookup(t, Indices(x), nil, nil)
}

// Indices returns the elements of x, which must be whole numbers, as Int64: labels, words or items that came through a batch of
// floating-point numbers. It panics at the first that is not whole.
func Indices(x *autograd.Var) *tensor.Tensor {
	index := x.Tape().Indices(x.Shape()...)
	to := tensor.Data[int64](index)
	if x.DType() == tensor.Float32 {
		whole(to, tensor.Data[float32](x.Value()))
	} else {
		whole(to, tensor.Data[float64](x.Value()))
	}
	return index
}

func whole[T float32 | float64](dst []int64, x []T) {
	for i, v := range x {
		if dst[i] = int64(v); T(dst[i]) != v {
			panic(fmt.Sprintf("layers: Indices: element %d is %v, not a whole number", i, v))
		}
	}
}
