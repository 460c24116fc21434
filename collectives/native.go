package collectives

// Native hands the operation to the transport's own collectives, after the ranks have agreed on it. The order of
// summation is the transport's: with MPI it may depend on the number of ranks, the length and how the ranks are placed.
// What MPI answers per slice (reduce-scatter, all-gather) is made of its Reduce and Broadcast, slice k with root k.
//
//	ReduceScatter   for k in 0 … P−1: Reduce(slice k) to rank k
//	AllGather       for k in 0 … P−1: Broadcast(slice k) from rank k

func nativeAllReduce(c *call) error {
	if err := c.agree(); err != nil || len(c.buf) == 0 {
		return err
	}
	if err := c.g.native.AllReduce(c.ctx, c.buf, c.dtype, c.nativeOp()); err != nil {
		return err
	}
	finish(c.dtype, c.op, c.size, c.buf)
	return nil
}

func nativeReduce(c *call) error {
	if err := c.agree(); err != nil || len(c.buf) == 0 {
		return err
	}
	return c.nativeReduceTo(c.root, c.buf)
}

func nativeReduceScatter(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	for k := range c.size {
		if p := c.part(k); len(p) > 0 {
			if err := c.nativeReduceTo(k, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) nativeReduceTo(root int, p []byte) error {
	var dst []byte
	if root == c.rank {
		dst = p
	}
	if err := c.g.native.Reduce(c.ctx, dst, p, c.dtype, c.nativeOp(), root); err != nil {
		return err
	}
	finish(c.dtype, c.op, c.size, dst)
	return nil
}

// nativeOp is what the transport is asked to do: it knows no Mean.
func (c *call) nativeOp() Op {
	if c.op == Mean {
		return Sum
	}
	return c.op
}

func nativeAllGather(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	for k := range c.size {
		if p := c.part(k); len(p) > 0 {
			if err := c.g.native.Broadcast(c.ctx, p, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func nativeBroadcast(c *call) error {
	if err := c.agree(); err != nil || len(c.buf) == 0 {
		return err
	}
	return c.g.native.Broadcast(c.ctx, c.buf, c.root)
}

func nativeBarrier(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	return c.g.native.Barrier(c.ctx)
}
