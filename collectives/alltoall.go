package collectives

import (
	"context"
	"fmt"
)

// AllToAll sends send[r] to rank r and fills recv[r] with what rank r sends to this one, for every r; recv[g.Rank()]
// becomes a copy of send[g.Rank()]. The slices may differ in length and may be empty, but recv[r] must be as long as what
// rank r sends: where the lengths are not known beforehand, AllToAllV finds them out. send and recv must not overlap. It
// panics unless both have one slice for each rank.
//
// Each rank writes to every other, its right neighbour first, in one round: S·(P−1)/P bytes for S bytes in send. Every
// algorithm does it alike.
func AllToAll[T Elem](ctx context.Context, g *Group, send, recv [][]T) error {
	return g.run(ctx, allToAllOf(g, send, recv))
}

// AllToAllAsync begins an AllToAll. The slices, and their contents, are the operation's until the handle says that it is done.
func AllToAllAsync[T Elem](ctx context.Context, g *Group, send, recv [][]T) Handle {
	return g.start(ctx, allToAllOf(g, send, recv))
}

func allToAllOf[T Elem](g *Group, send, recv [][]T) call {
	if len(send) != g.size || len(recv) != g.size {
		panic(fmt.Sprintf("collectives: AllToAll: %d and %d slices for %d ranks", len(send), len(recv), g.size))
	}
	if own, want := len(recv[g.rank]), len(send[g.rank]); own != want {
		panic(fmt.Sprintf("collectives: AllToAll: rank %d sends itself %d elements and expects %d", g.rank, want, own))
	}
	if g.size == 1 {
		copy(recv[0], send[0])
	}
	return call{kind: kindAllToAll, dtype: dtypeOf[T](), sends: byteSlicesOf(send), recvs: byteSlicesOf(recv), do: allToAll}
}

func allToAll(c *call) error {
	if err := c.agree(); err != nil {
		return err
	}
	c.postAll(0, false, c.recvs.at)
	copy(c.recvs.at(c.rank), c.sends.at(c.rank))
	return c.swapAll(0, false, c.sends.at, c.recvs.at)
}
