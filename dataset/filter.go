package dataset

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/tutti-ml/tutti/tensor"
)

// This file holds sources of some samples of another, in its order, with a bit for each sample.

// Filter returns the samples of src that keep says yes to; keep looks at sample i of b. It reads src once, here, and
// keeps a bit for each sample; so keep must not be random. Of a source of Blocks it is one. It returns the errors of
// src.
func Filter(src Source, keep func(b *Batch, i int) bool) (Source, error) {
	chosen := newBitmap(src.Len())
	at := 0
	err := scan(src, func(b *Batch) {
		for i := range b.N {
			if keep(b, i) {
				chosen.set(at + i)
			}
		}
		at += b.N
	})
	if err != nil {
		return nil, err
	}
	return choose(src, chosen), nil
}

// bitmap is a set of samples.
type bitmap struct {
	words []uint64
	ranks []int // how many samples of the set lie before each rankWords words; after count
	n     int   // samples of the set; after count
}

const rankWords = 8

func newBitmap(n int) *bitmap { return &bitmap{words: make([]uint64, (n+63)/64)} }

func (s *bitmap) set(i int)      { s.words[i/64] |= 1 << (i % 64) }
func (s *bitmap) has(i int) bool { return s.words[i/64]>>(i%64)&1 != 0 }

// count makes the set ready for at and rank; it must not change from then on.
func (s *bitmap) count() {
	s.ranks, s.n = make([]int, 0, 1+len(s.words)/rankWords), 0
	for i, w := range s.words {
		if i%rankWords == 0 {
			s.ranks = append(s.ranks, s.n)
		}
		s.n += bits.OnesCount64(w)
	}
}

// rank returns how many samples of the set are below i.
func (s *bitmap) rank(i int) int {
	word := i / 64
	if word == len(s.words) {
		return s.n
	}
	n := s.ranks[word/rankWords]
	for _, w := range s.words[word/rankWords*rankWords : word] {
		n += bits.OnesCount64(w)
	}
	return n + bits.OnesCount64(s.words[word]&(1<<(i%64)-1))
}

// at returns sample i of the set, counted from 0.
func (s *bitmap) at(i int) int {
	group, _ := slices.BinarySearch(s.ranks, i+1) // the first that has more than i before it
	group--
	i -= s.ranks[group]
	word := group * rankWords
	for n := bits.OnesCount64(s.words[word]); i >= n; n = bits.OnesCount64(s.words[word]) {
		i -= n
		word++
	}
	w := s.words[word]
	for ; i > 0; i-- {
		w &= w - 1
	}
	return word*64 + bits.TrailingZeros64(w)
}

// choose returns the samples of src in the set, in order.
func choose(src Source, set *bitmap) Source {
	set.count()
	c := &chosen{Source: src, set: set}
	blocks, ok := src.(Blocks)
	if !ok {
		return c
	}
	b := &chosenBlocks{chosen: c, src: blocks, starts: startsOf(blocks)}
	b.kept = make([]int, len(b.starts))
	for i, start := range b.starts {
		b.kept[i] = set.rank(start)
		if i > 0 {
			b.sizes = append(b.sizes, b.kept[i]-b.kept[i-1])
		}
	}
	return b
}

// chosen is some samples of a source that seeks.
type chosen struct {
	Source
	set  *bitmap
	room sync.Pool // of *[]int, for Fill's translated numbers
}

func (c *chosen) Len() int { return c.set.n }

func (c *chosen) Fill(b *Batch, index []int) error {
	return translated(&c.room, index, c.Len(), c.Source, c.set.at, b)
}

// translated fills b with the samples of src that at gives for those of index, which are below n.
func translated(room *sync.Pool, index []int, n int, src Source, at func(i int) int, b *Batch) error {
	numbers, _ := room.Get().(*[]int)
	if numbers == nil {
		numbers = new([]int)
	}
	defer room.Put(numbers)
	*numbers = (*numbers)[:0]
	for _, i := range index {
		if i < 0 || i >= n {
			panic(fmt.Sprintf("dataset: Fill: sample %d of a subset of %s, which has %d", i, src.Spec().Name, n))
		}
		*numbers = append(*numbers, at(i))
	}
	return src.Fill(b, *numbers)
}

// chosenBlocks is some samples of a source of blocks.
type chosenBlocks struct {
	*chosen
	src    Blocks
	starts []int     // of the blocks in src, and the end
	kept   []int     // chosen samples before each block, and all
	sizes  []int     // of the blocks
	spare  sync.Pool // of *Batch
}

func (c *chosenBlocks) Blocks() []int { return c.sizes }

func (c *chosenBlocks) Fill(b *Batch, index []int) error { return b.Gather(c, index) }

// ReadBlock reads the rows of src from the first to the last that is wanted, a few thousand at a time, and copies
// those that are.
func (c *chosenBlocks) ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error {
	b.Resize(hi-lo, c.Spec())
	if lo == hi {
		return nil
	}
	from, _ := c.spare.Get().(*Batch)
	if from == nil {
		from = new(Batch)
	}
	defer c.spare.Put(from)
	from.Epoch = b.Epoch
	step := max(4096, hi-lo)
	next, end := c.set.at(c.kept[block]+lo), c.set.at(c.kept[block]+hi-1)+1
	rows := make([]int32, 0, min(step, hi-lo))
	for at := 0; next < end; {
		upto := min(end, next+step)
		if err := from.readBlock(ctx, c.src, block, next-c.starts[block], upto-c.starts[block]); err != nil {
			return err
		}
		rows = rows[:0]
		for i := next; i < upto; i++ {
			if c.set.has(i) {
				rows = append(rows, int32(i-next))
			}
		}
		b.take(at, from, rows)
		if at += len(rows); at == hi-lo {
			break
		}
		next = c.set.at(c.kept[block] + lo + at)
	}
	return nil
}

// splitBlocks is Split for a source of blocks: the samples of each class, in src's order, are cut into runs, of which
// each holds one out, drawn from (seed, class).
func splitBlocks(src Blocks, fraction float64, seed uint64) (train, test Source, err error) {
	type class struct {
		rng         *rand.PCG
		seen        int
		hold        int // which of the class is held out next
		next, first int // where the next run begins in the class; the first sample of this one
	}
	keep, held := newBitmap(src.Len()), newBitmap(src.Len())
	classes := map[int64]*class{}
	labelled, at := src.Spec().Classes() > 0, 0
	err = scan(src, func(b *Batch) {
		for i := range b.N {
			label := int64(0)
			if labelled {
				label = tensor.Data[int64](b.Y)[i]
			}
			c := classes[label]
			if c == nil {
				c = &class{rng: rand.NewPCG(seed, uint64(label)+1)}
				classes[label] = c
			}
			if c.seen == c.next {
				c.first = at + i
				for c.next++; heldOf(c.next+1, fraction) == heldOf(c.next, fraction); {
					c.next++
				}
				c.hold = c.seen + int(below(c.rng, uint64(c.next-c.seen)))
			}
			if c.seen == c.hold {
				held.set(at + i)
			}
			c.seen++
		}
		at += b.N
	})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range classes {
		if c.seen <= c.hold { // the last run was cut short
			held.set(c.first)
		}
	}
	for i := range src.Len() {
		if !held.has(i) {
			keep.set(i)
		}
	}
	return choose(src, keep), choose(src, held), nil
}
