package collectives

// Recursive halving and doubling: log₂ P exchanges, each with a partner half as far away as the last. Thakur, Rabenseifner
// and Gropp, "Optimization of collective communication operations in MPICH", 2005.
//
//	reduce-scatter by halving, P = 4             all-gather by doubling: the same, backwards
//
//	  0 ═══╗       0 ── 1    step 1   0 and 2 swap halves of the vector, each adds the half it keeps; so do 1 and 3
//	  1 ═╗ ║       2 ── 3    step 2   0 and 1 swap halves of that half; so do 2 and 3: each owns a quarter of the sum
//	  2 ═╫═╝
//	  3 ═╝
//
// Where P is no power of two, P = 2ᵏ + r, the first r pairs of ranks each act as one: the second gives its vector to the
// first before and gets the result after.
//
// A rank sends (P−1)/P·S bytes in each half if P is a power of two, like the ring, but in ⌈log₂ P⌉ steps; otherwise the
// ranks of a pair send up to S more, in one more step. A vector of at most doublingMax bytes is not cut: partners swap it
// whole and both add, in log₂ P steps and log₂ P·S bytes, with the same bits.
//
// Order of summation: a pair's two; then partners, the farthest first: (x₀+x₂) + (x₁+x₃). It depends on P alone.

// doublingMax is the length in bytes up to which partners swap whole vectors.
const doublingMax = 8 << 10

// fold is how the participants stand for a power of two of actors: actor v is participants first(v) up to first(v+1), one
// or two of them.
type fold struct {
	c      *call
	actors int // a power of two
	pairs  int // the first so many actors have two participants
}

func (c *call) fold() fold {
	f := fold{c: c, actors: 1}
	for 2*f.actors <= c.size {
		f.actors *= 2
	}
	f.pairs = c.size - f.actors
	return f
}

// first returns the first participant of actor v, who acts for it.
func (f fold) first(v int) int { return v + min(v, f.pairs) }

// self returns this rank's actor, and whether it is the second of a pair.
func (f fold) self() (v int, second bool) {
	if f.c.rank < 2*f.pairs {
		return f.c.rank / 2, f.c.rank%2 == 1
	}
	return f.c.rank - f.pairs, false
}

// span returns the parts of actors [lo, hi), which follow each other.
func (f fold) span(lo, hi int) []byte {
	c := f.c
	if c.offsets != nil {
		return c.buf[c.offsets[f.first(lo)]:c.offsets[f.first(hi)]]
	}
	w := c.dtype.Size()
	from, _ := Slice(len(c.buf)/w, c.size, f.first(lo))
	_, to := Slice(len(c.buf)/w, c.size, f.first(hi)-1)
	return c.buf[from*w : to*w]
}

// gather adds the vectors of each pair at its first. rest reports whether there is anything left for this rank to do.
func (f fold) gather() (v int, rest bool, err error) {
	c := f.c
	v, second := f.self()
	if err := c.agree(); err != nil {
		return 0, false, err
	}
	switch {
	case second:
		return v, false, c.sendAll(c.rank-1, c.buf)
	case v < f.pairs:
		return v, true, c.addFrom(c.rank+1, c.buf)
	}
	return v, true, nil
}

// spread sends p from the first of each pair to its second.
func (f fold) spread(p []byte) error {
	switch v, second := f.self(); {
	case second:
		return f.c.recvAll(f.c.rank-1, p)
	case v < f.pairs:
		return f.c.sendAll(f.c.rank+1, p)
	}
	return nil
}

// halve is the reduce-scatter of the actors.
func (f fold) halve(v int) error {
	c := f.c
	lo, hi := 0, f.actors
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		partner, mine, theirs := f.first(v+hi-mid), f.span(lo, mid), f.span(mid, hi)
		if v >= mid {
			partner, mine, theirs = f.first(v-(mid-lo)), theirs, mine
			lo = mid
		} else {
			hi = mid
		}
		if err := c.swapAdd(partner, theirs, mine); err != nil {
			return err
		}
	}
	return nil
}

// double is the all-gather of the actors.
func (f fold) double(v int) error {
	c := f.c
	for d := 1; d < f.actors; d *= 2 {
		lo := v &^ (2*d - 1) // the actors [lo, lo+2d) pool what they have
		mine, theirs, partner := f.span(lo, lo+d), f.span(lo+d, lo+2*d), v+d
		if v&d != 0 {
			mine, theirs, partner = theirs, mine, v-d
		}
		if err := c.swap(f.first(partner), mine, theirs); err != nil {
			return err
		}
	}
	return nil
}

func halvingReduceScatter(c *call) error {
	f := c.fold()
	v, rest, err := f.gather()
	if err != nil {
		return err
	}
	if rest {
		if err := f.halve(v); err != nil {
			return err
		}
		finish(c.dtype, c.op, c.size, f.span(v, v+1))
	}
	if v < f.pairs {
		return f.spread(c.part(f.first(v) + 1))
	}
	return nil
}

func halvingAllGather(c *call) error {
	f := c.fold()
	v, second := f.self()
	if err := c.agree(); err != nil {
		return err
	}
	switch {
	case second:
		if err := c.sendAll(c.rank-1, c.part(c.rank)); err != nil {
			return err
		}
	case v < f.pairs:
		if err := c.recvAll(c.rank+1, c.part(c.rank+1)); err != nil {
			return err
		}
	}
	if !second {
		if err := f.double(v); err != nil {
			return err
		}
	}
	return f.spread(c.buf)
}

func halvingAllReduce(c *call) error {
	f := c.fold()
	v, rest, err := f.gather()
	if err != nil {
		return err
	}
	if rest {
		if len(c.buf) <= doublingMax {
			err = f.doubleSum(v)
		} else if err = f.halve(v); err == nil {
			finish(c.dtype, c.op, c.size, f.span(v, v+1))
			err = f.double(v)
		}
		if err != nil {
			return err
		}
	}
	return f.spread(c.buf)
}

// doubleSum is the all-reduce of the actors, of whole vectors.
func (f fold) doubleSum(v int) error {
	c := f.c
	other := c.g.scratch(len(c.buf))
	for d := f.actors / 2; d > 0; d /= 2 {
		if err := c.swap(f.first(v^d), c.buf, other); err != nil {
			return err
		}
		combine(c.dtype, c.op, c.buf, other)
	}
	finish(c.dtype, c.op, c.size, c.buf)
	return nil
}

func halvingReduce(c *call) error {
	if err := halvingReduceScatter(c); err != nil {
		return err
	}
	return directGather(c)
}
