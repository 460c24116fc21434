package dataset

import (
	"math/rand/v2"
	"slices"
)

// This file is the order of an epoch over a source of blocks (see Plan.Window): a pure function that keeps 12 bytes a
// block and 4 a sample of one window.

// line is an epoch's blocks one after the other.
type line struct {
	order []int32 // blocks, as they follow
	ends  []int   // where each begins in the line, and its end
}

// newLine puts the blocks of the given sizes into the epoch's order.
func (e *Epoch) newLine(sizes []int) line {
	l := line{order: make([]int32, len(sizes)), ends: make([]int, len(sizes)+1)}
	for i := range l.order {
		l.order[i] = int32(i)
	}
	if e.plan.Shuffle {
		shuffle(l.order, rand.NewPCG(e.plan.Seed, uint64(e.number)))
	}
	for i, block := range l.order {
		l.ends[i+1] = l.ends[i] + sizes[block]
	}
	return l
}

// at returns the block at a place of the line, the row in it, and how many rows follow in the block, that one included.
func (l line) at(place int) (block, row, rest int) {
	i := blockOf(l.ends, place)
	return int(l.order[i]), place - l.ends[i], l.ends[i+1] - place
}

// stretch is a partition's run of the line.
type stretch struct {
	part, start, length int
	window              int
	seed, epoch         uint64
	shuffle             bool
}

// stretch returns the run of a partition.
func (e *Epoch) stretch(part, window int) stretch {
	p := e.plan
	full, rest := p.N/p.BatchSize, p.N%p.BatchSize
	lo, hi := cut(p.BatchSize, p.Partitions, part)
	restLo, restHi := cut(rest, p.Partitions, part)
	return stretch{part: part, start: full*lo + restLo, length: full*(hi-lo) + restHi - restLo,
		window: window, seed: p.Seed, epoch: uint64(e.number), shuffle: p.Shuffle}
}

// offset returns where in the run the samples of a step begin, and how many they are.
func (e *Epoch) offset(step, part int) (at, n int) {
	lo, hi := cut(e.plan.BatchSize, e.plan.Partitions, part)
	at = step * (hi - lo)
	lo, hi = cut(min(e.plan.BatchSize, e.plan.N-step*e.plan.BatchSize), e.plan.Partitions, part)
	return at, hi - lo
}

// bounds returns the places of window w in the line.
func (s stretch) bounds(w int) (lo, hi int) {
	return s.start + w*s.window, s.start + min(s.length, (w+1)*s.window)
}

// permutation returns the order of the samples of window w, in into's memory.
func (s stretch) permutation(w int, into []int32) []int32 {
	lo, hi := s.bounds(w)
	into = slices.Grow(into[:0], hi-lo)[:hi-lo]
	for i := range into {
		into[i] = int32(i)
	}
	if s.shuffle {
		shuffle(into, rand.NewPCG(mix(mix(s.seed)+mix(s.epoch+1)*3+mix(uint64(s.part)+1)*5), uint64(w)))
	}
	return into
}

// mix is the finalizer of SplitMix64: neighbours go far apart. Source: Steele, Lea and Flood, Fast splittable
// pseudorandom number generators, OOPSLA 2014.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// WindowOf returns the samples of a window of src: Window, or its default, which a Stage does not change.
func (p Plan) WindowOf(src Blocks) int {
	if p.Window > 0 {
		return p.Window
	}
	read, _ := unstaged(src)
	return min(1<<16, max(16, 32<<20/max(1, read.Spec().RowBytes())))
}

// Rows returns the numbers of the samples that Open's batch of a step has for a partition of a source of Blocks, in
// order. It is Part for such a source, and costs a window's permutation. It panics where Part would.
func (e *Epoch) Rows(src Blocks, step, part int) []int {
	e.checkStep("Rows", step)
	e.checkPart("Rows", part)
	if !e.plan.Shuffle {
		return slices.Clone(e.Part(step, part))
	}
	starts, l := startsOf(src), e.newLine(src.Blocks())
	s := e.stretch(part, e.plan.WindowOf(src))
	at, n := e.offset(step, part)
	rows := make([]int, 0, n)
	var order []int32
	for have := -1; len(rows) < n; at++ {
		if w := at / s.window; w != have {
			order, have = s.permutation(w, order), w
		}
		lo, _ := s.bounds(have)
		block, row, _ := l.at(lo + int(order[at%s.window]))
		rows = append(rows, starts[block]+row)
	}
	return rows
}
