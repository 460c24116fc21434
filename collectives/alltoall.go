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
	if len(send) != g.size || len(recv) != g.size {
		panic(fmt.Sprintf("collectives: AllToAll: %d and %d slices for %d ranks", len(send), len(recv), g.size))
	}
	if own, want := len(recv[g.rank]), len(send[g.rank]); own != want {
		panic(fmt.Sprintf("collectives: AllToAll: rank %d sends itself %d elements and expects %d", g.rank, want, own))
	}
	copy(recv[g.rank], send[g.rank])
	return g.run(ctx, call{kind: kindAllToAll, dtype: dtypeOf[T]()}, func(c *call) error {
		out := func(r int) []byte { return bytesOf(send[r]) }
		in := func(r int) []byte { return bytesOf(recv[r]) }
		if err := c.agree(); err != nil {
			return err
		}
		c.postAll(0, false, in)
		return c.swapAll(0, false, out, in)
	})
}
