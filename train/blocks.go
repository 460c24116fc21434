package train

// Blocks: the flat vector is cut into blocks of one length, at places that depend on its own length alone. Sums over it go
// by blocks, and the blocks' sums by a tree, so they have the same bits on any ranks. What a rank owns is whole blocks.

import (
	"context"
	"math/bits"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/parallel"
	"github.com/tutti-ml/tutti/train/optim"
)

// blockLen is the length of the blocks of a vector of n elements: 4096, and less where there would be fewer than 128 of
// them, so that ranks can share out a short vector evenly. It is a power of two.
func blockLen(n int) int {
	return min(optim.PieceLen, 1<<max(0, bits.Len(uint(n/128))-1))
}

// sliceOf gives the elements [lo, hi) of a vector of n that are rank's of size under [Sharded]: whole blocks, but for the
// end of the vector, as many for each rank or one more.
func sliceOf(n, size, rank int) (lo, hi int) {
	block := blockLen(n)
	lo, hi = collectives.Slice((n+block-1)/block, size, rank)
	return min(n, lo*block), min(n, hi*block)
}

// sliceBounds gives where all ranks' slices begin and the last ends.
func sliceBounds(n, size int) []int {
	bounds := make([]int, size+1)
	for r := range size {
		_, bounds[r+1] = sliceOf(n, size, r)
	}
	return bounds
}

// squares sums the squares of a vector of which the ranks have slices that follow each other.
type squares[T float] struct {
	group  *collectives.Group // nil: this rank has the whole vector
	bounds []int              // of the ranks' blocks
	block  int
	first  int       // of this rank's blocks
	sums   []float64 // of all blocks

	x  []T // this rank's elements, during sum
	do func(lo, hi int)
}

// newSquares makes it for a vector of n elements. A group of nil means that each rank has all of it.
func newSquares[T float](n int, g *collectives.Group) *squares[T] {
	s := &squares[T]{block: blockLen(n)}
	s.sums = make([]float64, (n+s.block-1)/s.block)
	s.do = s.blocks
	if g != nil && g.Size() > 1 {
		s.group = g
		s.bounds = []int{0}
		for r := range g.Size() {
			lo, hi := collectives.Slice(len(s.sums), g.Size(), r)
			if s.bounds = append(s.bounds, hi); r == g.Rank() {
				s.first = lo
			}
		}
	}
	return s
}

// sum gives Σ x² over the ranks' slices, x being this rank's, in float64 and in the order of optim.NormSq and
// optim.SumTree. All ranks call it.
func (s *squares[T]) sum(ctx context.Context, x []T) (float64, error) {
	s.x = x
	parallel.For((len(x)+s.block-1)/s.block, max(1, 2*optim.PieceLen/s.block), s.do)
	s.x = nil
	if s.group != nil {
		if err := collectives.AllGatherSlices(ctx, s.group, s.sums, s.bounds); err != nil {
			return 0, err
		}
	}
	return optim.SumTree(s.sums), nil
}

// blocks sums this rank's blocks from i to end.
func (s *squares[T]) blocks(i, end int) {
	for ; i < end; i++ {
		s.sums[s.first+i] = optim.NormSq(s.x[i*s.block : min((i+1)*s.block, len(s.x))])
	}
}
