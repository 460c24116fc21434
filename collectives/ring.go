package collectives

// The ring: each rank talks to its two neighbours only. Patarasu and Yuan, "Bandwidth optimal all-reduce algorithms for
// clusters of workstations", 2009.
//
//	reduce-scatter, P = 4: slice k starts at rank k+1 and collects on its way round, ending complete at rank k
//
//	     ┌──> 1 ──┐        step 0   rank 2 sends slice 1 to rank 3, which adds its own
//	     0        2        step 1   rank 3 sends slice 1 on to rank 0, which adds its own
//	     └─── 3 <─┘        step 2   rank 0 sends slice 1 on to rank 1, which adds its own and owns the sum
//
//	all-gather: the complete slices go round once more, in P−1 steps
//
// Order of summation of slice k: x(k+1) + x(k+2) + … + x(k), ranks modulo P. It depends on P and, through the cut into
// slices, on the length; not on timing.
//
// Every rank sends (P−1)/P·S bytes in each of the two halves, which no algorithm can better, in P−1 steps. Slices are cut
// into segments of at most segmentMax bytes: while one is added, the next is arriving.

func ringReduceScatter(c *call) error {
	rank, size := c.rank, c.size
	longest := c.maxPart()
	m := segments(longest)
	stride := alignedLen(longest/m + c.dtype.Size())
	work := c.g.scratch(2 * stride)
	mod := func(k int) int { return (k%size + size) % size }
	target := func(i int) []byte { return c.segment(c.part(mod(rank-i/m-2)), i%m, m) } // what arrives in exchange i adds to this
	return c.pass(c.right(), c.left(), (size-1)*m, longest,
		func(i int) []byte { return c.segment(c.part(mod(rank-i/m-1)), i%m, m) },
		func(i int) []byte { return work[i%2*stride:][:len(target(i))] },
		func(i int) {
			t := target(i)
			combine(c.dtype, c.op, t, work[i%2*stride:][:len(t)])
			if i/m == size-2 {
				finish(c.dtype, c.op, size, t)
			}
		})
}

func ringAllGather(c *call) error {
	rank, size := c.rank, c.size
	longest := c.maxPart()
	m := segments(longest)
	mod := func(k int) int { return (k%size + size) % size }
	return c.pass(c.right(), c.left(), (size-1)*m, longest,
		func(i int) []byte { return c.segment(c.part(mod(rank-i/m)), i%m, m) },
		func(i int) []byte { return c.segment(c.part(mod(rank-i/m-1)), i%m, m) },
		func(int) {})
}

func ringAllReduce(c *call) error {
	if err := ringReduceScatter(c); err != nil {
		return err
	}
	return ringAllGather(c)
}

func ringReduce(c *call) error {
	if err := ringReduceScatter(c); err != nil {
		return err
	}
	return directGather(c)
}
