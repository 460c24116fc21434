package dataset

import (
	"context"
	"fmt"
	"reflect"
	"slices"
)

// This file reads a source of blocks by sample number: for evaluation, Split and whoever else goes through a source
// in another order than Epoch.Open's.

// Gather makes b hold the samples of the given numbers of a source of blocks, in that order. It reads runs of up to
// 4096 samples or about a megabyte, and keeps the last four in b: going forward each sample is decoded once, a few
// times where some goroutines share the work; numbers in no order cost a run each. A number outside [0, Len) panics.
func (b *Batch) Gather(src Blocks, index []int) error {
	s := b.seen
	if s == nil || !same(s.src, src) {
		s = newSeeker(src)
		b.seen = s
	}
	b.Resize(len(index), src.Spec())
	return s.fill(b, len(index), func(i int) int { return index[i] })
}

// gatherRange is Gather of samples lo … hi-1.
func (b *Batch) gatherRange(src Blocks, lo, hi int) error {
	b.Resize(hi-lo, src.Spec())
	return b.seen.fill(b, hi-lo, func(i int) int { return lo + i })
}

// fill sets the n samples of b.
func (s *seeker) fill(b *Batch, n int, index func(i int) int) error {
	for at := 0; at < n; {
		r, lo, err := s.find(index(at), b.Epoch)
		if err != nil {
			return err
		}
		s.rows = s.rows[:0]
		for at+len(s.rows) < n {
			i := index(at + len(s.rows))
			if i < lo || i >= lo+r.b.N {
				break
			}
			s.rows = append(s.rows, int32(i-lo))
		}
		b.take(at, &r.b, s.rows)
		at += len(s.rows)
	}
	return nil
}

// seeker keeps runs of a source of blocks that were read last.
type seeker struct {
	src    Blocks
	starts []int // number of the first sample of each block, and their sum
	size   int   // samples of a run
	runs   [4]run
	clock  int
	rows   []int32
}

// run is samples lo … of a block.
type run struct {
	block, lo int
	used      int // the clock when it was read or used last; 0: it holds nothing
	epoch     int
	b         Batch
}

func newSeeker(src Blocks) *seeker {
	const rows, bytes = 4096, 1 << 20
	return &seeker{src: src, starts: startsOf(src), size: min(rows, max(16, bytes/max(1, src.Spec().RowBytes())))}
}

// startsOf returns the number of the first sample of each block, and after them that of all samples.
func startsOf(src Blocks) []int {
	blocks := src.Blocks()
	starts := make([]int, len(blocks)+1)
	for i, n := range blocks {
		starts[i+1] = starts[i] + n
	}
	if n := starts[len(blocks)]; n != src.Len() {
		panic(fmt.Sprintf("dataset: %s: its blocks have %d samples, Len says %d", src.Spec().Name, n, src.Len()))
	}
	return starts
}

// blockOf returns the block that holds sample i.
func blockOf(starts []int, i int) int {
	at, found := slices.BinarySearch(starts, i)
	if !found {
		return at - 1
	}
	for at+1 < len(starts) && starts[at+1] == i { // blocks without samples begin there too
		at++
	}
	return at
}

// find returns a run that holds sample i, and the number of the run's first sample.
func (s *seeker) find(i, epoch int) (*run, int, error) {
	if n := s.starts[len(s.starts)-1]; i < 0 || i >= n {
		panic(fmt.Sprintf("dataset: Fill: sample %d of %s, which has %d", i, s.src.Spec().Name, n))
	}
	block := blockOf(s.starts, i)
	row := i - s.starts[block]
	lo := row - row%s.size
	s.clock++
	oldest := &s.runs[0]
	for k := range s.runs {
		r := &s.runs[k]
		if r.used > 0 && r.block == block && r.lo == lo && r.epoch == epoch {
			r.used = s.clock
			return r, s.starts[block] + lo, nil
		}
		if r.used < oldest.used {
			oldest = r
		}
	}
	hi := min(lo+s.size, s.starts[block+1]-s.starts[block])
	oldest.used = 0
	oldest.b.Epoch = epoch
	if err := oldest.b.readBlock(context.Background(), s.src, block, lo, hi); err != nil {
		return nil, 0, err
	}
	oldest.block, oldest.lo, oldest.used, oldest.epoch = block, lo, s.clock, epoch
	return oldest, s.starts[block] + lo, nil
}

// readBlock is src.ReadBlock, not believing that b holds as many samples as were asked for, or has the columns of the
// spec.
func (b *Batch) readBlock(ctx context.Context, src Blocks, block, lo, hi int) error {
	if err := src.ReadBlock(ctx, b, block, lo, hi); err != nil {
		return err
	}
	if !b.spec.sameLayout(src.Spec()) {
		return fmt.Errorf("dataset: %s: ReadBlock gave columns %s, want %s",
			src.Spec().Name, b.spec.names(), src.Spec().names())
	}
	return b.check("ReadBlock", src, hi-lo)
}

// same reports whether two sources are one. Of values that cannot be compared nobody can tell.
func same(a, b Blocks) bool {
	return reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}
