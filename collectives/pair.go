package collectives

// Exchanges between two ranks that have agreed on the call, of data of any length, in segments.

// sendAll sends p to rank to.
func (c *call) sendAll(to int, p []byte) error {
	m := segments(len(p))
	for j := range m {
		if err := c.send(to, c.segment(p, j, m)); err != nil {
			return err
		}
	}
	return nil
}

// recvAll fills p with what rank from sends with sendAll.
func (c *call) recvAll(from int, p []byte) error {
	m := segments(len(p))
	c.post(0, from, c.segment(p, 0, m))
	for j := range m {
		if j+1 < m {
			c.post((j+1)%2, from, c.segment(p, j+1, m))
		}
		if err := c.take(j%2, from, c.segment(p, j, m)); err != nil {
			return err
		}
	}
	return nil
}

// addFrom combines into p what rank from sends with sendAll, a segment while the next arrives.
func (c *call) addFrom(from int, p []byte) error {
	m := segments(len(p))
	stride := alignedLen(len(p)/m + c.dtype.Size())
	work := c.g.scratch(2 * stride)
	in := func(j int) []byte { return work[j%2*stride:][:len(c.segment(p, j, m))] }
	c.post(0, from, in(0))
	for j := range m {
		if j+1 < m {
			c.post((j+1)%2, from, in(j+1))
		}
		if err := c.take(j%2, from, in(j)); err != nil {
			return err
		}
		combine(c.dtype, c.op, c.segment(p, j, m), in(j))
	}
	return nil
}

// swap sends out to rank peer and fills in with what that sends. The lengths may differ.
func (c *call) swap(peer int, out, in []byte) error {
	longest := max(len(out), len(in))
	m := segments(longest)
	return c.pass(peer, peer, m, longest,
		func(j int) []byte { return c.segment(out, j, m) },
		func(j int) []byte { return c.segment(in, j, m) },
		func(int) {})
}

// swapAdd sends out to rank peer and combines into sum what that sends.
func (c *call) swapAdd(peer int, out, sum []byte) error {
	longest := max(len(out), len(sum))
	m := segments(longest)
	stride := alignedLen(len(sum)/m + c.dtype.Size())
	work := c.g.scratch(2 * stride)
	in := func(j int) []byte { return work[j%2*stride:][:len(c.segment(sum, j, m))] }
	return c.pass(peer, peer, m, longest,
		func(j int) []byte { return c.segment(out, j, m) }, in,
		func(j int) { combine(c.dtype, c.op, c.segment(sum, j, m), in(j)) })
}
