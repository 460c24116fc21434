package collectives

// The hierarchical algorithm: first inside each host, where a message costs a copy, then between the hosts' leaders, over
// the network, then inside again. It needs a transport that knows hosts (transport.Placer).
//
//	host A   0 ┐            ┌ 0        1. the ranks of a host reduce to its leader, its lowest rank
//	         1 ┴─> 0 ═══╗  ─┴ 1        2. the leaders all-reduce: shuffle up to 1 MiB, ring above
//	host B   2 ┐        ║   ┌ 2        3. each leader broadcasts to its host
//	         3 ┴─> 2 ═══╝  ─┴ 3
//
// For H hosts a leader sends 2(H−1)/H·S bytes over the network, the others none: 1/L of what a flat algorithm sends with L
// ranks on each host. Inside a host, a rank sends S in step 1, up to ⌈log₂ L⌉·S in step 3, in ⌈log₂ L⌉ steps each.
//
// Order of summation: inside each host a binomial tree over its ranks; over the hosts, in the order of their leaders, what
// the algorithm of step 2 does. It depends on the placement of the ranks and, through step 2, on the length.

// inner makes c's group ready for a call among some of its members, by their ranks in the world, of whom this rank is
// number rank: the same as c otherwise, but for Mean, whose division comes at the end.
func (c *call) inner(rank int, members []int) *call {
	s := &c.g.inner
	*s = *c
	s.rank, s.size, s.ranks, s.root, s.agreed = rank, len(members), members, 0, true
	if s.op == Mean {
		s.op = Sum
	}
	return s
}

// local is inner for the members on this host, leading for the leaders, of whom this rank must be one.
func (c *call) local(p *placement) *call   { return c.inner(p.localRank, p.localWorld) }
func (c *call) leading(p *placement) *call { return c.inner(p.leaderRank, p.leaderWorld) }

func hierarchicalAllReduce(c *call) error {
	if err := c.hierarchicalSum(); err != nil {
		return err
	}
	return treeBroadcast(c.local(c.g.place()))
}

// hierarchicalSum is steps 1 and 2: after it every leader has the result.
func (c *call) hierarchicalSum() error {
	if err := c.agree(); err != nil {
		return err
	}
	p := c.g.place()
	if err := treeReduce(c.local(p)); err != nil || p.localRank != 0 {
		return err
	}
	if len(p.leaders) > 1 {
		between := ringAllReduce
		if len(c.buf) <= staticShuffleMax {
			between = shuffleAllReduce
		}
		if err := between(c.leading(p)); err != nil {
			return err
		}
	}
	finish(c.dtype, c.op, c.size, c.buf)
	return nil
}

// hierarchicalReduce sums as hierarchicalAllReduce does; then the leader of the root's host hands over the result.
func hierarchicalReduce(c *call) error {
	if err := c.hierarchicalSum(); err != nil {
		return err
	}
	switch leader := c.g.place().leaderOf[c.root]; {
	case leader == c.root:
		return nil
	case c.rank == leader:
		return c.sendAll(c.root, c.buf)
	case c.rank == c.root:
		return c.recvAll(leader, c.buf)
	}
	return nil
}

// hierarchicalAllGather gathers at the leaders, whose hosts' parts must be runs of the vector, pools, and broadcasts.
// Where they are no runs it is shuffle's.
func hierarchicalAllGather(c *call) error {
	p := c.g.place()
	if !p.runs {
		return shuffleAllGather(c)
	}
	if err := c.agree(); err != nil {
		return err
	}
	if leader := p.local[0]; c.rank != leader {
		if err := c.sendAll(leader, c.part(c.rank)); err != nil {
			return err
		}
	} else {
		for _, r := range p.local[1:] {
			if err := c.recvAll(r, c.part(r)); err != nil {
				return err
			}
		}
		if len(p.leaders) > 1 {
			s := c.leading(p)
			s.offsets = c.g.bounds[:0]
			at := 0
			for i, first := range p.parts {
				for r := p.parts[max(0, i-1)]; i > 0 && r < first; r++ {
					at += len(c.part(r))
				}
				s.offsets = append(s.offsets, at)
			}
			c.g.bounds = s.offsets
			if err := ringAllGather(s); err != nil {
				return err
			}
		}
	}
	return treeBroadcast(c.local(p))
}
