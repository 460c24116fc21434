package dataset

import "context"

// Source gives samples by number, in any order. It is safe for use by many goroutines at once, each with its own Batch.
type Source interface {
	// Len returns the number of samples.
	Len() int
	// Spec describes a sample; it is the same at every call, and its slices are read only.
	Spec() Spec
	// Fill makes b hold the samples of the given numbers, in that order, and copies everything: b keeps no reference to
	// the source. It starts with b.Resize(len(index), spec). A number outside [0, Len) panics; an error is the world's.
	// Callers use Batch.Fill, which does not believe that b holds as many samples as were asked for.
	Fill(b *Batch, index []int) error
}

// Blocks is a Source whose samples lie in blocks, as in files: reading a run of them is cheap, and each by itself is
// not. Samples are numbered through all blocks in order. [Epoch.Open] shuffles such a source by blocks and within a
// window (see Plan.Window), with memory for the window alone. Its Fill is as a rule one line:
//
//	func (s *source) Fill(b *dataset.Batch, index []int) error { return b.Gather(s, index) }
type Blocks interface {
	Source
	// Blocks returns the number of samples of each block, in order; their sum is Len. A block may be empty or as
	// large as the source. It is the same at every call, and read only.
	Blocks() []int
	// ReadBlock makes b hold samples lo … hi-1 of a block, counted from the block's first, as Fill does: it starts
	// with b.Resize(hi-lo, spec). Callers read runs of some thousand samples, many at once. Once ctx is done the
	// result is of no use to anybody, and ReadBlock may return ctx's error. An error says where: file, row and column
	// as they apply.
	ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error
}
