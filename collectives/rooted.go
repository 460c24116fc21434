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
	g := c.g
	if g.rank != c.root {
		return c.send(c.root, c.part(g.rank))
	}
	c.postAll(0, false, c.part)
	for r := range g.size {
		if r == g.rank {
			continue
		}
		var err error
		if g.poster != nil {
			err = c.wait(r)
		} else {
			err = c.recv(r, c.part(r))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// broadcastSegment is the length in bytes of a piece of a broadcast: a rank passes one on while the next arrives.
const broadcastSegment = 256 << 10

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
	g := c.g
	me := (g.rank - c.root + g.size) % g.size
	span := 1 // the ranks [me, me+span) hang below this one
	for span < g.size && me&span == 0 {
		span *= 2
	}
	parent := (me - span + g.size) % g.size // me without its lowest set bit
	parent = (parent + c.root) % g.size
	m := max(1, (len(c.buf)+broadcastSegment-1)/broadcastSegment)
	if me != 0 {
		c.post(0, parent, c.segment(c.buf, 0, m))
	}
	for j := range m {
		p := c.segment(c.buf, j, m)
		if me != 0 {
			if j+1 < m {
				c.post((j+1)%2, parent, c.segment(c.buf, j+1, m))
			}
			var err error
			if g.poster != nil {
				err = c.wait(j % 2)
			} else {
				err = c.recv(parent, p)
			}
			if err != nil {
				return err
			}
		}
		for half := span / 2; half > 0; half /= 2 {
			if child := me + half; child < g.size {
				if err := c.send((child+c.root)%g.size, p); err != nil {
					return err
				}
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
	g := c.g
	for d := 2; d < g.size; d *= 2 {
		to, from := (g.rank+d)%g.size, (g.rank-d+g.size)%g.size
		if g.poster == nil {
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
