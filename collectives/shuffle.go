package collectives

// Shuffle is the parameter synchronisation of BigDL (Dai et al., arXiv:1804.05839, Algorithm 2): the vector is cut into P
// slices, rank n owns slice n.
//
//	reduce-scatter ("shuffle"): one all-to-all       all-gather ("broadcast"): one all-to-all back
//
//	  rank 0   [a0|a1|a2]  ── a1 ──> rank 1             rank 0   s0 ──> rank 1, rank 2
//	  rank 1   [b0|b1|b2]  ── b0 ──> rank 0             rank 1   s1 ──> rank 0, rank 2
//	  rank 2   [c0|c1|c2]  ── c0 ──> rank 0 …           rank 2   s2 ──> rank 0, rank 1
//	  rank n:  sₙ = aₙ + bₙ + cₙ
//
// Order of summation: a balanced binary tree over the ranks [0, P), the same for every element. The tree over [lo, hi)
// adds the tree over [lo, mid) and the tree over [mid, hi), where mid−lo is the largest power of two below hi−lo:
//
//	P = 6:  ((x0 + x1) + (x2 + x3)) + (x4 + x5)
//
// so the bits do not depend on the length or on which rank owns an element.
//
// Every rank sends (P−1)/P·S bytes in each half, as in the ring, but in one step each instead of P−1: better where the
// time of a step is latency. A vector of at most directMax bytes in all is not cut at all: every rank sends it whole to
// every other and adds everything itself along the same tree, in one step and with the same bits.

// directMax is the number of bytes, (P−1)·S, up to which a rank sends its whole vector to all: the time of twice as many
// bytes is then less than that of a second round of messages.
const directMax = 64 << 10

func shuffleReduceScatter(c *call) error {
	longest := c.maxPart()
	m := segments(longest)
	stride := alignedLen(longest/m + c.dtype.Size())
	work := c.g.scratch(2 * c.size * stride)
	own := c.part(c.rank)
	inline := c.inlines(longest)
	// What arrives from rank r in round j: its part of segment j of our slice.
	arrives := func(r, j int) []byte { return work[(j%2*c.size+r)*stride:][:len(c.segment(own, j, m))] }
	c.postAll(0, inline, func(r int) []byte { return arrives(r, 0) })
	for j := range m {
		if j+1 < m {
			c.postAll((j+1)%2, false, func(r int) []byte { return arrives(r, j+1) })
		}
		err := c.swapAll(j%2, inline && j == 0,
			func(r int) []byte { return c.segment(c.part(r), j, m) },
			func(r int) []byte { return arrives(r, j) })
		if err != nil {
			return err
		}
		mine := c.segment(own, j, m)
		c.treeSum(mine, func(r int) []byte { return arrives(r, j) })
	}
	return nil
}

// treeSum combines mine and the others' parts along the tree, in place of mine. It uses the others' memory as its own.
func (c *call) treeSum(mine []byte, of func(r int) []byte) {
	sum := c.tree(0, c.size, mine, of)
	copy(mine, sum) // no work if it is the same memory
	finish(c.dtype, c.op, c.size, mine)
}

func (c *call) tree(lo, hi int, mine []byte, of func(r int) []byte) []byte {
	if hi-lo == 1 {
		if lo == c.rank {
			return mine
		}
		return of(lo)
	}
	mid := 1
	for mid*2 < hi-lo {
		mid *= 2
	}
	left := c.tree(lo, lo+mid, mine, of)
	combine(c.dtype, c.op, left, c.tree(lo+mid, hi, mine, of))
	return left
}

// shuffleAllGather sends the own part, piece by piece, to everybody: while a piece goes out to one rank, pieces of the
// others arrive, and what a socket or a pipe holds is never a whole part.
func shuffleAllGather(c *call) error {
	longest := c.maxPart()
	m := segments(longest)
	inline := c.inlines(longest)
	c.postAll(0, inline, func(r int) []byte { return c.segment(c.part(r), 0, m) })
	for j := range m {
		if j+1 < m {
			c.postAll((j+1)%2, false, func(r int) []byte { return c.segment(c.part(r), j+1, m) })
		}
		mine := c.segment(c.part(c.rank), j, m)
		err := c.swapAll(j%2, inline && j == 0,
			func(int) []byte { return mine },
			func(r int) []byte { return c.segment(c.part(r), j, m) })
		if err != nil {
			return err
		}
	}
	return nil
}

func shuffleAllReduce(c *call) error {
	if len(c.buf)*(c.size-1) <= directMax {
		return directAllReduce(c)
	}
	if err := shuffleReduceScatter(c); err != nil {
		return err
	}
	return shuffleAllGather(c)
}

// directAllReduce is the shuffle of a vector too short to be cut.
func directAllReduce(c *call) error {
	stride := alignedLen(len(c.buf))
	work := c.g.scratch(c.size * stride)
	in := func(r int) []byte { return work[r*stride:][:len(c.buf)] }
	inline := c.inlines(len(c.buf))
	c.postAll(0, inline, in)
	if err := c.swapAll(0, inline, func(int) []byte { return c.buf }, in); err != nil {
		return err
	}
	c.treeSum(c.buf, in)
	return nil
}

func shuffleReduce(c *call) error {
	if err := shuffleReduceScatter(c); err != nil {
		return err
	}
	return directGather(c)
}
