package collectives

// The naive algorithm: rank 0 does everything. It is what the others are tested against, and the best for nothing but
// being obviously right.
//
//	AllReduce       1 ─┐         ┌─> 1
//	                2 ─┼─> 0 ────┼─> 2        rank 0 combines in the order 0, 1, 2, …
//	                3 ─┘         └─> 3
//
// For S bytes and P ranks, rank 0 receives and sends (P−1)·S bytes, each other S; 2(P−1) messages one after another.

func naiveReduce(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	rank, size := c.rank, c.size
	if rank != c.root {
		return c.send(c.root, c.buf)
	}
	// Combine in rank order wherever the root stands in it: keep our own part aside until its turn.
	work := c.g.scratch(2 * alignedLen(len(c.buf)))
	acc, in := work[:len(c.buf)], work[alignedLen(len(c.buf)):][:len(c.buf)]
	for r := range size {
		part := in
		if r == rank {
			part = c.buf
		} else if err := c.recv(r, in); err != nil {
			return err
		}
		if r == 0 {
			copy(acc, part)
		} else {
			combine(c.dtype, c.op, acc, part)
		}
	}
	copy(c.buf, acc)
	finish(c.dtype, c.op, size, c.buf)
	return nil
}

func naiveBroadcast(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	if c.rank != c.root {
		return c.recv(c.root, c.buf)
	}
	for r := range c.size {
		if r == c.root {
			continue
		}
		if err := c.send(r, c.buf); err != nil {
			return err
		}
	}
	return nil
}

func naiveAllReduce(c *call) error {
	if err := naiveReduce(c); err != nil {
		return err
	}
	return naiveBroadcast(c)
}

func naiveAllGather(c *call) error {
	if err := directGather(c); err != nil {
		return err
	}
	return naiveBroadcast(c)
}

// alignedLen rounds n up to a multiple of 64, so that two buffers cut from one start on cache lines of their own.
func alignedLen(n int) int { return (n + 63) &^ 63 }
