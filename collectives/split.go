package collectives

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// maxGroups is how many groups one rank may make of one transport, the first included.
const maxGroups = 1 << (32 - idShift)

// Split makes smaller groups of g: those who pass the same color, which must not be negative, form one, in which they are
// numbered by key, and by their rank in g where keys are equal. A negative color joins none and gets nil. Every rank of g
// must call it. g remains as it is, and all groups may be used at the same time.
//
// The groups share g's transport: what fails on one fails on all, and errors name ranks as the transport numbers them.
// They have g's algorithm, but for Native, which is for a whole world, and becomes Auto. A rank may make 1023 groups of
// one transport; closing them does not change that.
func (g *Group) Split(ctx context.Context, color, key int) (*Group, error) {
	g.mu.Lock()
	next := g.nextID
	g.mu.Unlock()
	all := make([]int64, 3*g.size) // each rank's color, key, and first number it could give a group
	copy(all[3*g.rank:], []int64{int64(color), int64(key), int64(next)})
	c := allGatherOf(all)
	c.kind = kindSplit
	if err := g.run(ctx, c); err != nil {
		return nil, err
	}
	type member struct{ key, rank int64 }
	var members []member
	for r := range int64(g.size) {
		next = max(next, transport.Tag(all[3*r+2]))
		if all[3*r] == int64(color) {
			members = append(members, member{all[3*r+1], r})
		}
	}
	if next >= maxGroups {
		return nil, fmt.Errorf("collectives: Split: %d groups have been made of this transport: no more can be told apart", maxGroups)
	}
	g.mu.Lock()
	g.nextID = max(g.nextID, next+1)
	g.mu.Unlock()
	if color < 0 {
		return nil, nil
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.rank, b.rank)) })
	s := &Group{world: g.world, alg: g.alg, timeout: g.timeout, costs: g.costs, id: next, size: len(members)}
	if s.alg == Native {
		s.alg = Auto
	}
	for i, m := range members {
		s.ranks = append(s.ranks, g.abs(int(m.rank)))
		if int(m.rank) == g.rank {
			s.rank = i
		}
	}
	s.init()
	return s, nil
}
