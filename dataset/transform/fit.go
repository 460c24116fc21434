package transform

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
)

// fitter is an op that learns numbers from data.
type fitter interface {
	Op
	columns() []string
	fitted() bool
	// fit returns what gathers the op's numbers from batches laid out as in.
	fit(in dataset.Spec) (statistic, error)
}

// statistic gathers an op's numbers. The samples are cut into parts by their number alone, and each part is read by one
// goroutine of one rank, in chunks of samples, in order.
type statistic interface {
	width() int                                  // numbers that it keeps for a part
	begin(n, parts int)                          // of n samples
	add(part, first int, b *dataset.Batch) error // samples first … of the source; parts at the same time
	merge(ctx context.Context, g *collectives.Group) error
	op() (Op, error) // fitted; after merge
}

// Fit returns p with all ops fitted on src: the training samples, not those of the test. Ops that have their numbers
// keep them. Each rank of group reads its part of src, and all get the same bits, whatever their number: sums are taken
// by parts of the data, and joined in order of the parts. group may be nil. Ops that follow each other are fitted in
// one pass over the data, unless one needs what another makes; random ops do nothing, filters do. It returns the errors
// of src, and all ranks end if one fails.
func (p *Pipeline) Fit(ctx context.Context, src dataset.Source, group *collectives.Group) (*Pipeline, error) {
	if group == nil {
		group = collectives.Alone()
	}
	out := &Pipeline{Ops: slices.Clone(p.Ops), Seed: p.Seed, Target: src.Spec().Target}
	for {
		at, end := out.unfitted()
		if at == end {
			_, err := out.bind(src.Spec())
			return out, err
		}
		before := Pipeline{Ops: out.Ops[:at], Seed: p.Seed}
		from, err := source(src, &before, false, false)
		if err == nil {
			err = fitPass(ctx, from, out.Ops[at:end], group)
		}
		if err != nil {
			return nil, fmt.Errorf("transform: Fit: %w", err)
		}
	}
}

// unfitted returns the first ops that are to be fitted, in one pass: neighbours on different columns.
func (p *Pipeline) unfitted() (lo, hi int) {
	var seen []string
	for i, op := range p.Ops {
		f, ok := op.(fitter)
		if !ok || f.fitted() {
			if len(seen) > 0 {
				return lo, i
			}
			lo, hi = i+1, i+1
			continue
		}
		for _, name := range f.columns() {
			if slices.Contains(seen, name) {
				return lo, i
			}
		}
		seen = append(seen, f.columns()...)
		hi = i + 1
	}
	return lo, hi
}

// Sums are taken over at most maxParts parts of at least partRows samples each, whose numbers take no more than
// maxNumbers.
const (
	maxParts   = 1024
	partRows   = 1024
	chunkRows  = 256
	maxNumbers = 1 << 22
)

// fitPass fits ops on src, in place.
func fitPass(ctx context.Context, src dataset.Source, ops []Op, g *collectives.Group) error {
	n, wide := src.Len(), 1
	statistics := make([]statistic, len(ops))
	for i, op := range ops {
		s, err := op.(fitter).fit(src.Spec())
		if err != nil {
			return err
		}
		statistics[i], wide = s, max(wide, s.width())
	}
	parts := max(1, min(maxParts, (n+partRows-1)/partRows, maxNumbers/wide))
	for _, s := range statistics {
		s.begin(n, parts)
	}
	lo, hi := collectives.Slice(parts, g.Size(), g.Rank())
	local := readParts(ctx, src, statistics, n, parts, lo, hi)
	if err := together(ctx, g, n, local); err != nil {
		return err
	}
	for i, s := range statistics {
		err := s.merge(ctx, g)
		if err == nil {
			ops[i], err = s.op()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readParts adds parts lo … hi-1 of the samples to the statistics, some at the same time.
func readParts(ctx context.Context, src dataset.Source, statistics []statistic, n, parts, lo, hi int) error {
	var wg sync.WaitGroup
	var next atomic.Int64
	next.Store(int64(lo))
	errs := make([]error, min(runtime.GOMAXPROCS(0), hi-lo))
	for i := range errs {
		wg.Go(func() {
			errs[i] = dataset.ErrExit
			errs[i] = func() (err error) {
				defer func() {
					if v := recover(); v != nil {
						err = fmt.Errorf("panic: %v", v)
					}
				}()
				var b dataset.Batch
				var index []int
				for part := int(next.Add(1)) - 1; part < hi; part = int(next.Add(1)) - 1 {
					from, to := collectives.Slice(n, parts, part)
					for at := from; at < to; at += chunkRows {
						if err := context.Cause(ctx); err != nil {
							return err
						}
						index = index[:0]
						for s := at; s < min(to, at+chunkRows); s++ {
							index = append(index, s)
						}
						if err := b.Fill(src, index); err != nil {
							return err
						}
						for _, s := range statistics {
							if err := s.add(part, at, &b); err != nil {
								return err
							}
						}
					}
				}
				return nil
			}()
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// together makes all ranks end if one has failed, or if their sources differ in length.
func together(ctx context.Context, g *collectives.Group, n int, local error) error {
	if g.Size() == 1 {
		return local
	}
	flags := []int64{0, int64(n), -int64(n)}
	if local != nil {
		flags[0] = 1
	}
	err := collectives.AllReduce(collectives.Patiently(context.WithoutCancel(ctx)), g, flags, collectives.Max)
	switch {
	case local != nil:
		return local
	case err != nil:
		return err
	case flags[0] != 0:
		return errors.New("another rank failed to read its part")
	case flags[1] != -flags[2]:
		return fmt.Errorf("a rank's source has %d samples, another's %d", -flags[2], flags[1])
	}
	return nil
}
