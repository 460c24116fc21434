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

// shuffleSegment is the length in bytes of a piece that travels as one message.
const shuffleSegment = 256 << 10

// directMax is the number of bytes, (P−1)·S, up to which a rank sends its whole vector to all.
const directMax = 16 << 10

func shuffleReduceScatter(c *call) error {
	g := c.g
	longest := c.maxPart()
	m := max(1, (longest+shuffleSegment-1)/shuffleSegment)
	stride := alignedLen(longest/m + c.dtype.Size())
	work := g.scratch(2 * g.size * stride)
	own := c.part(g.rank)
	inline := c.inlines(longest)
	// What arrives from rank r in round j: its part of segment j of our slice.
	arrives := func(r, j int) []byte { return work[(j%2*g.size+r)*stride:][:len(c.segment(own, j, m))] }
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
	sum := c.tree(0, c.g.size, mine, of)
	copy(mine, sum) // no work if it is the same memory
	finish(c.dtype, c.op, c.g.size, mine)
}

func (c *call) tree(lo, hi int, mine []byte, of func(r int) []byte) []byte {
	if hi-lo == 1 {
		if lo == c.g.rank {
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

func shuffleAllGather(c *call) error {
	inline := c.inlines(c.maxPart())
	c.postAll(0, inline, c.part)
	return c.swapAll(0, inline, func(int) []byte { return c.part(c.g.rank) }, c.part)
}

func shuffleAllReduce(c *call) error {
	if len(c.buf)*(c.g.size-1) <= directMax {
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
	work := c.g.scratch(c.g.size * stride)
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
