package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// This file reads a partition's run of a source of blocks: pieces of it are decoded ahead on some goroutines, and
// batches are made of the window that is complete.
//
//	plan: pieces in order, within the budget → decoders: ReadBlock → fill: wait for a window, permute, copy rows

// pieceBytes is about how much a decoder reads at a time.
const pieceBytes = 4 << 20

// piece is a run of rows of one block inside one window.
type piece struct {
	window int
	at     int // place of its first row in the window
	n      int
	block  int
	lo     int
	bytes  int // estimated until it is decoded

	batch    *Batch
	err      error
	panicked any
	done     chan struct{}
}

// blockReader reads one partition's run. Its mutex guards live, window and spare.
type blockReader struct {
	src   Blocks
	epoch *Epoch
	part  int
	stretch
	line   line
	starts []int // of the blocks
	budget int

	queue chan *piece   // to fill, in order
	jobs  chan *piece   // to the decoders, in order
	wake  chan struct{} // to plan: there may be room now

	mu      sync.Mutex
	live    []*piece // planned and not released
	current int      // the window that fill is at
	spare   []*Batch
	rowSize int // bytes of a row, as last seen

	// of fill alone
	pieces []*piece // of the current window, in order
	order  []int32
	have   int // the window that order and pieces are of
	which  []int32
	rows   []int32
}

// openBlocks starts the goroutines that read ahead, and returns what fills the batches of one step after the other.
func (e *Epoch) openBlocks(ctx context.Context, running *sync.WaitGroup, o ReadOptions, src Blocks, part, fromStep int,
) func(ctx context.Context, b *Batch, step int) error {
	if !e.plan.Shuffle && e.plan.Partitions > 1 { // parts of neighbouring rows, each far from the next
		var own seeker
		return func(_ context.Context, b *Batch, step int) error {
			if own.src == nil {
				own = *newSeeker(src)
			}
			at, n := e.batchBounds(step)
			lo, hi := cut(n, e.plan.Partitions, part)
			b.seen = &own
			b.index = b.index[:0]
			for i := at + lo; i < at+hi; i++ {
				b.index = append(b.index, i)
			}
			return b.gatherRange(src, at+lo, at+hi)
		}
	}
	r := &blockReader{src: src, epoch: e, part: part, line: e.newLine(src.Blocks()), have: -1,
		budget: cmp.Or(o.Bytes, 32<<20), wake: make(chan struct{}, 1), rowSize: max(1, src.Spec().RowBytes())}
	if n := r.line.ends[len(r.line.ends)-1]; n != src.Len() {
		panic(fmt.Sprintf("dataset: Epoch.Open: the blocks of %s have %d samples, Len says %d",
			src.Spec().Name, n, src.Len()))
	}
	r.starts, r.stretch = startsOf(src), e.stretch(part, e.plan.WindowOf(src))
	r.queue, r.jobs = make(chan *piece, 1024), make(chan *piece)
	from, _ := e.offset(fromStep, part)
	r.current = from / r.window
	running.Go(func() { r.plan(ctx, from/r.window) })
	for range max(1, cmp.Or(o.Decoders, 2)) {
		running.Go(func() { r.decode(ctx) })
	}
	return r.fill
}

// batchBounds returns where the global batch of a step begins, and its size.
func (e *Epoch) batchBounds(step int) (at, n int) {
	at = step * e.plan.BatchSize
	return at, min(e.plan.BatchSize, e.plan.N-at)
}

// plan hands out the pieces of the run in order, from window first on: those of the current window at once, those
// after it while they fit the budget.
func (r *blockReader) plan(ctx context.Context, first int) {
	defer close(r.queue)
	defer close(r.jobs)
	for w := first; w*r.window < r.length; w++ {
		lo, hi := r.bounds(w)
		for at := lo; at < hi; {
			block, row, rest := r.line.at(at)
			p := &piece{window: w, at: at - lo, block: block, lo: row, done: make(chan struct{})}
			if !r.admit(ctx, p, min(rest, hi-at)) {
				return
			}
			at += p.n
			for _, to := range []chan *piece{r.queue, r.jobs} {
				select {
				case to <- p:
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// admit waits until there is room for a piece of up to most rows, and takes the room.
func (r *blockReader) admit(ctx context.Context, p *piece, most int) bool {
	for {
		r.mu.Lock()
		p.n = min(most, max(1, pieceBytes/r.rowSize))
		p.bytes = p.n * r.rowSize
		ahead := 0
		for _, q := range r.live {
			if q.window > r.current {
				ahead += q.bytes
			}
		}
		if p.window <= r.current || ahead+p.bytes <= r.budget {
			r.live = append(r.live, p)
			p.batch = r.room(p.bytes)
			r.mu.Unlock()
			return true
		}
		r.mu.Unlock()
		select {
		case <-r.wake:
		case <-ctx.Done():
			return false
		}
	}
}

// room returns a spare batch that has about as much memory as is needed; else the smallest, which will grow and so
// leaves the least behind; else a new one. The caller has the mutex.
func (r *blockReader) room(need int) *Batch {
	if len(r.spare) == 0 {
		return new(Batch)
	}
	best, smallest := -1, 0
	for i, b := range r.spare {
		has := b.bytes()
		if has >= need && (best < 0 || has < r.spare[best].bytes()) {
			best = i
		}
		if has < r.spare[smallest].bytes() {
			smallest = i
		}
	}
	if best < 0 {
		best = smallest
	}
	b := r.spare[best]
	r.spare = slices.Delete(r.spare, best, best+1)
	return b
}

// decode reads pieces until there are no more.
func (r *blockReader) decode(ctx context.Context) {
	var p *piece
	defer func() {
		if p != nil { // the source has called runtime.Goexit
			p.err = ErrExit
			close(p.done)
		}
	}()
	for p = range r.jobs {
		p.batch.Epoch = r.epoch.number
		p.panicked, p.err = caught(func() error { return p.batch.readBlock(ctx, r.src, p.block, p.lo, p.lo+p.n) })
		if p.err != nil {
			p.err = fmt.Errorf("block %d, rows %d to %d: %w", p.block, p.lo, p.lo+p.n-1, p.err)
		}
		r.mu.Lock()
		p.bytes = p.batch.bytes()
		r.rowSize = max(1, p.batch.filled()/p.n)
		r.mu.Unlock()
		close(p.done)
		p = nil
	}
}

// fill makes b the batch of a step. Steps come one after the other.
func (r *blockReader) fill(ctx context.Context, b *Batch, step int) error {
	place, n := r.epoch.offset(step, r.part)
	b.Resize(n, r.src.Spec())
	b.index = b.index[:0]
	for at := 0; at < n; {
		if w := place / r.window; w != r.have {
			if err := r.enter(ctx, w); err != nil {
				return err
			}
		}
		first := place - r.have*r.window
		rows := min(n-at, len(r.order)-first)
		r.which, r.rows = r.which[:0], r.rows[:0]
		for _, at := range r.order[first : first+rows] {
			i := r.pieceAt(int(at))
			row := int(at) - r.pieces[i].at
			r.which, r.rows = append(r.which, int32(i)), append(r.rows, int32(row))
			b.index = append(b.index, r.starts[r.pieces[i].block]+r.pieces[i].lo+row)
		}
		b.takeMany(at, len(r.pieces), func(i int) *Batch { return r.pieces[i].batch }, r.which, r.rows)
		at, place = at+rows, place+rows
	}
	return nil
}

// pieceAt returns which of the window's pieces has a row.
func (r *blockReader) pieceAt(row int) int {
	lo, hi := 0, len(r.pieces)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; r.pieces[mid].at <= row {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// enter releases the window before and waits until window w is complete. An error is that of its first piece that
// failed.
func (r *blockReader) enter(ctx context.Context, w int) error {
	r.mu.Lock()
	r.current = w
	r.live = slices.DeleteFunc(r.live, func(p *piece) bool { return p.window < w })
	for _, p := range r.pieces {
		r.spare = append(r.spare, p.batch)
		p.batch = nil
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	lo, hi := r.bounds(w)
	r.pieces, r.have = r.pieces[:0], w
	for rows := 0; rows < hi-lo; {
		var p *piece
		select {
		case p = <-r.queue:
		case <-ctx.Done():
		}
		if p == nil { // plan has stopped: the reader is being closed
			return context.Cause(ctx)
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if p.panicked != nil {
			panic(p.panicked)
		}
		if p.err != nil {
			return p.err
		}
		r.pieces = append(r.pieces, p)
		rows += p.n
	}
	r.order = r.permutation(w, r.order)
	return nil
}
