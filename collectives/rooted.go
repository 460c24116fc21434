package collectives

// Operations around one root, and the barrier, which the algorithms share.

// directGather: every rank sends its part to the root, which posts all receives at once. Each other rank sends S/P bytes.
//
//	1 ─┐
//	2 ─┼─> root
//	3 ─┘
func directGather(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	if c.rank != c.root {
		return c.send(c.root, c.part(c.rank))
	}
	c.postAll(0, false, c.part)
	for r := range c.size {
		if r == c.rank {
			continue
		}
		if err := c.take(r, r, c.part(r)); err != nil {
			return err
		}
	}
	return nil
}

// directScatter is directGather the other way: the root sends each rank its part, its right neighbour's first.
//
//	     ┌─> 1
//	root ┼─> 2
//	     └─> 3
func directScatter(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	if c.rank != c.root {
		return c.recv(c.root, c.part(c.rank))
	}
	for s := 1; s < c.size; s++ {
		to := (c.rank + s) % c.size
		if err := c.send(to, c.part(to)); err != nil {
			return err
		}
	}
	return nil
}

// treeBroadcast passes the root's buffer down a binomial tree, in pieces, each rank forwarding a piece as it comes. A
// rank sends up to ⌈log₂ P⌉·S bytes (the root), the leaves none; the last rank has a piece after ⌈log₂ P⌉ steps.
//
//	root ──> 4 ──> 6 ──> 7        numbers are relative to the root, P = 8
//	  │      └───> 5
//	  ├────> 2 ──> 3
//	  └────> 1
func treeBroadcast(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	me := (c.rank - c.root + c.size) % c.size
	span := 1 // the ranks [me, me+span) hang below this one
	for span < c.size && me&span == 0 {
		span *= 2
	}
	parent := (me - span + c.size) % c.size // me without its lowest set bit
	parent = (parent + c.root) % c.size
	m := segments(len(c.buf))
	if me != 0 {
		c.post(0, parent, c.segment(c.buf, 0, m))
	}
	for j := range m {
		p := c.segment(c.buf, j, m)
		if me != 0 {
			if j+1 < m {
				c.post((j+1)%2, parent, c.segment(c.buf, j+1, m))
			}
			if err := c.take(j%2, parent, p); err != nil {
				return err
			}
		}
		for half := span / 2; half > 0; half /= 2 {
			if child := me + half; child < c.size {
				if err := c.send((child+c.root)%c.size, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// treeReduce combines everybody's buffer at participant 0, along treeBroadcast's tree backwards, in pieces: a rank adds its
// children's piece, the nearest's first, and sends the sum on. What it leaves in the others' buffers is partial sums.
// Means are left to the caller to divide.
func treeReduce(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	m := segments(len(c.buf))
	stride := alignedLen(len(c.buf)/m + c.dtype.Size())
	children := 0
	for span := 1; span < c.size && c.rank&span == 0; span *= 2 {
		if c.rank+span < c.size {
			children++
		}
	}
	work := c.g.scratch(2 * max(1, children) * stride)
	in := func(k, j int) []byte { return work[(j%2*children+k)*stride:][:len(c.segment(c.buf, j, m))] }
	post := func(j int) {
		for k := range children {
			c.post(j%2*children+k, c.rank+1<<k, in(k, j))
		}
	}
	post(0)
	for j := range m {
		if j+1 < m {
			post(j + 1)
		}
		p := c.segment(c.buf, j, m)
		for k := range children {
			if err := c.take(j%2*children+k, c.rank+1<<k, in(k, j)); err != nil {
				return err
			}
			combine(c.dtype, c.op, p, in(k, j))
		}
		if c.rank != 0 {
			parent := c.rank & (c.rank - 1) // without its lowest set bit
			if err := c.send(parent, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// disseminationBarrier: in round k every rank tells the rank 2ᵏ to its right and hears from the one 2ᵏ to its left;
// after ⌈log₂ P⌉ rounds each has heard, directly or not, from all. The first round is the header that opens the call.
// Hensgen, Finkel and Manber, 1988.
func disseminationBarrier(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	for d := 2; d < c.size; d *= 2 {
		to, from := (c.rank+d)%c.size, (c.rank-d+c.size)%c.size
		if c.g.poster == nil {
			if err := c.exchange(to, nil, from, nil); err != nil {
				return err
			}
			continue
		}
		c.post(0, from, nil)
		if err := c.send(to, nil); err != nil {
			return err
		}
		if err := c.wait(0); err != nil {
			return err
		}
	}
	return nil
}
