package dataset

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/tutti-ml/tutti/tensor"
)

// This file holds sources made of other sources.

// Subset returns the samples of src with the given numbers, in that order, which may repeat: sample i of the subset
// is sample index[i] of src. Of a source of Blocks it is one too if the numbers go up; otherwise each sample may cost
// the decoding of some thousand (see Batch.Gather). It keeps index: do not change it. It panics if a number is out of
// range.
func Subset(src Source, index []int) Source {
	up := true
	for i, s := range index {
		if s < 0 || s >= src.Len() {
			panic(fmt.Sprintf("dataset: Subset: index[%d] is sample %d of %s, which has %d", i, s, src.Spec().Name, src.Len()))
		}
		up = up && (i == 0 || s > index[i-1])
	}
	if _, ok := src.(Blocks); !ok || !up {
		return &subset{Source: src, index: index}
	}
	set := newBitmap(src.Len())
	for _, s := range index {
		set.set(s)
	}
	return choose(src, set)
}

type subset struct {
	Source
	index []int
	room  sync.Pool // of *[]int, for Fill's translated numbers
}

func (s *subset) Len() int { return len(s.index) }

func (s *subset) Fill(b *Batch, index []int) error {
	return translated(&s.room, index, s.Len(), s.Source, func(i int) int { return s.index[i] }, b)
}

// Split holds out a fraction of the samples, above 0 and below 1: it puts the samples into an order drawn from seed,
// then by class, and takes for test the first and then one at even distances, such as each fifth for 0.2. So each class
// is held out in proportion, to within one sample, and test has ⌈Len·fraction⌉ samples. Both halves keep src's order. A
// pure function of src's labels and its arguments. It reads all of src once, for the labels, and returns its errors.
//
// Of a source of Blocks the halves are two, that keep a bit for each sample, and what is held out is another draw: of
// each class ⌈n·fraction⌉ of its n samples, one at random of each run of 1/fraction that follow one another in src.
func Split(src Source, fraction float64, seed uint64) (train, test Source, err error) {
	if !(fraction > 0 && fraction < 1) {
		panic(fmt.Sprintf("dataset: Split: fraction %v, want above 0 and below 1", fraction))
	}
	if blocks, ok := src.(Blocks); ok {
		return splitBlocks(blocks, fraction, seed)
	}
	order := make([]int, src.Len())
	for i := range order {
		order[i] = i
	}
	shuffle(order, rand.NewPCG(seed, 0))
	if src.Spec().Classes() > 0 {
		labels := make([]int64, 0, src.Len())
		err := scan(src, func(b *Batch) { labels = append(labels, tensor.Data[int64](b.Y)...) })
		if err != nil {
			return nil, nil, err
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(labels[i], labels[j]) })
	}
	var keep, hold []int
	for i, s := range order {
		if heldOf(i+1, fraction) > heldOf(i, fraction) {
			hold = append(hold, s)
		} else {
			keep = append(keep, s)
		}
	}
	slices.Sort(keep)
	slices.Sort(hold)
	return Subset(src, keep), Subset(src, hold), nil
}

// heldOf returns how many of the first n samples are held out: ⌈n·fraction⌉. A fraction such as 1/3 is rounded to a
// float64, and so is its product, by no more than 2⁻⁵² together, which must not take it past an integer.
func heldOf(n int, fraction float64) int {
	return int(math.Ceil(float64(n) * fraction * (1 - 0x1p-51)))
}

// Map returns src with every batch passed through fn after it is filled; index holds the sample numbers. fn may
// change the elements of b's columns, not their shapes. It is called from many goroutines at once, and must depend on
// nothing but its arguments (and b.Epoch, if it is random) for a run to be repeatable. Of a source of Blocks it is
// one: fn then works where blocks are decoded, on runs of samples and not on the batches of training. Stage works on
// those.
func Map(src Source, fn func(b *Batch, index []int) error) Source {
	m := mapped{src, fn}
	if blocks, ok := src.(Blocks); ok {
		return &mappedBlocks{mapped: m, src: blocks, starts: startsOf(blocks)}
	}
	return &m
}

type mapped struct {
	Source
	fn func(b *Batch, index []int) error
}

func (m *mapped) Fill(b *Batch, index []int) error {
	if err := m.Source.Fill(b, index); err != nil {
		return err
	}
	return m.fn(b, index)
}

type mappedBlocks struct {
	mapped
	src    Blocks
	starts []int
	room   sync.Pool // of *[]int, for the numbers of a run
}

func (m *mappedBlocks) Blocks() []int { return m.src.Blocks() }

func (m *mappedBlocks) Fill(b *Batch, index []int) error { return b.Gather(m, index) }

func (m *mappedBlocks) ReadBlock(ctx context.Context, b *Batch, block, lo, hi int) error {
	if err := m.src.ReadBlock(ctx, b, block, lo, hi); err != nil {
		return err
	}
	return withNumbers(&m.room, m.starts[block]+lo, hi-lo, func(index []int) error { return m.fn(b, index) })
}

// Func returns a source of n samples that fn makes: it sets sample at of b, in all columns, to sample number i. Fill
// asks for them in the order of at, so that SetRagged and SetText work. fn is called from many goroutines at once,
// each with a batch of its own, and must depend on i (and b.Epoch) alone. It panics if n is negative or spec is none.
func Func(n int, spec Spec, fn func(i int, b *Batch, at int)) Source {
	if n < 0 {
		panic(fmt.Sprintf("dataset: Func: %d samples of %s, want at least 0", n, spec.Name))
	}
	if err := spec.Validate(); err != nil {
		panic(err.Error())
	}
	return &generated{n, spec, fn}
}

type generated struct {
	n    int
	spec Spec
	fn   func(i int, b *Batch, at int)
}

func (g *generated) Len() int   { return g.n }
func (g *generated) Spec() Spec { return g.spec }

func (g *generated) Fill(b *Batch, index []int) error {
	b.Resize(len(index), g.spec)
	for at, i := range index {
		if i < 0 || i >= g.n {
			panic(fmt.Sprintf("dataset: Fill: sample %d of %s, which has %d", i, g.spec.Name, g.n))
		}
		g.fn(i, b, at)
	}
	return nil
}

// Normalize returns src with inputs (x − mean[c]) / std[c], c the channel, the first axis of a sample: [C, H, W] has C
// channels, and a vector [D] has D, so that each feature is normalised by itself. A single mean and std serve all
// channels. The arithmetic is float64's. MeanStd measures them: on the training samples only, and both on training and
// test data applied. It panics if their number is neither 1 nor the channels', or a std is not above 0.
func Normalize(src Source, mean, std []float64) Source {
	spec := src.Spec()
	channels, size := channelsOf(spec)
	if len(mean) != len(std) || len(mean) != 1 && len(mean) != channels {
		panic(fmt.Sprintf("dataset: Normalize: %d means and %d stds for the %d channels of %s, whose samples are %v",
			len(mean), len(std), channels, spec.Name, spec.Input().Shape))
	}
	factor, shift := make([]float64, channels), make([]float64, channels)
	for c := range channels {
		m, s := mean[c%len(mean)], std[c%len(std)]
		if !(s > 0) {
			panic(fmt.Sprintf("dataset: Normalize: std[%d] is %v, want above 0", c, s))
		}
		factor[c], shift[c] = 1/s, m
	}
	return Map(src, func(b *Batch, _ []int) error {
		x := tensor.Data[float32](b.X)
		for i := 0; i < len(x); i += size {
			c := i / size % channels
			for j, v := range x[i : i+size] {
				x[i+j] = float32((float64(v) - shift[c]) * factor[c])
			}
		}
		return nil
	})
}

// MeanStd returns the mean and the population standard deviation of each channel of src's inputs, Float32 or Float64
// (see Normalize for what a channel is). Sums are in float64, in sample order, of the distances from the channel's first element. A
// channel that never changes has its value as mean and std 1, so that Normalize makes it 0. Without samples the means
// are 0 and the stds 1.
func MeanStd(src Source) (mean, std []float64, err error) {
	channels, size := channelsOf(src.Spec())
	mean, std = make([]float64, channels), make([]float64, channels)
	first, seen := make([]float64, channels), make([]bool, channels)
	each := func(fn func(c int, v float64)) error {
		return scan(src, func(b *Batch) {
			if b.X.DType() == tensor.Float64 {
				for i, v := range tensor.Data[float64](b.X) {
					fn(i/size%channels, v)
				}
				return
			}
			for i, v := range tensor.Data[float32](b.X) {
				fn(i/size%channels, float64(v))
			}
		})
	}
	err = each(func(c int, v float64) {
		if !seen[c] {
			first[c], seen[c] = v, true
		}
		mean[c] += v - first[c] // of equal values exactly 0, which a sum of them, divided again, is not
	})
	if err != nil {
		return nil, nil, err
	}
	n := float64(max(1, src.Len()*size))
	for c := range mean {
		mean[c] = first[c] + mean[c]/n
	}
	if err := each(func(c int, v float64) { std[c] += float64((v - mean[c]) * (v - mean[c])) }); err != nil {
		return nil, nil, err
	}
	for c := range std {
		if std[c] = math.Sqrt(std[c] / n); std[c] == 0 {
			std[c] = 1
		}
	}
	return mean, std, nil
}

// channelsOf returns the number of channels of a sample and the elements of each: [C, H, W] has C of H·W, [D] has D of
// one.
func channelsOf(s Spec) (channels, size int) {
	shape := s.Input().Shape
	if len(shape) == 0 || shape[0] == 0 {
		return 1, max(s.Size(), 1)
	}
	return shape[0], max(s.Size()/shape[0], 1)
}

// scan calls fn with all samples of src in order, in batches.
func scan(src Source, fn func(b *Batch)) error {
	var b Batch
	if blocks, ok := src.(Blocks); ok {
		rows := max(1, pieceBytes/max(1, src.Spec().RowBytes()))
		for block, n := range blocks.Blocks() {
			for lo := 0; lo < n; lo += rows {
				if err := b.readBlock(context.Background(), blocks, block, lo, min(n, lo+rows)); err != nil {
					return err
				}
				fn(&b)
			}
		}
		return nil
	}
	const step = 256
	index := make([]int, 0, step)
	for lo := 0; lo < src.Len(); lo += step {
		index = index[:0]
		for i := lo; i < min(lo+step, src.Len()); i++ {
			index = append(index, i)
		}
		if err := b.Fill(src, index); err != nil {
			return err
		}
		fn(&b)
	}
	return nil
}
