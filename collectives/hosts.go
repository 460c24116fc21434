package collectives

import "github.com/tutti-ml/tutti/collectives/transport"

// Which ranks share a machine, for the hierarchical algorithm.

// hostsOf gives each rank of t its host, called by the lowest rank on it; nil if t does not know.
func hostsOf(t transport.Transport) []int {
	p, ok := t.(transport.Placer)
	if !ok {
		return nil
	}
	first, hosts := map[string]int{}, make([]int, t.Size())
	for r := range hosts {
		name := p.Host(r)
		if _, seen := first[name]; !seen {
			first[name] = r
		}
		hosts[r] = first[name]
	}
	return hosts
}

// placement is how the members of a group are spread over hosts. Members are given by their rank in the group but where
// it says world.
type placement struct {
	local, localWorld    []int // the members on this rank's host, in their order; the first is its leader
	leaders, leaderWorld []int // the leader of each host
	leaderOf             []int // each member's leader
	localRank            int   // this rank's number among local
	leaderRank           int   // and among leaders, if it is one

	runs  bool  // the members of each host follow each other
	parts []int // then, where each host's begin, and the last's end
}

// place returns the placement of g's members. Where the transport knows of no hosts, each member is on its own.
func (g *Group) place() *placement {
	g.placeOnce.Do(func() { g.placed = g.newPlacement() })
	return g.placed
}

func (g *Group) newPlacement() *placement {
	host := func(r int) int {
		if g.hosts == nil {
			return g.abs(r)
		}
		return g.hosts[g.abs(r)]
	}
	p := &placement{runs: true, leaderOf: make([]int, g.size)}
	leader := map[int]int{} // by host
	for r := range g.size {
		h := host(r)
		if l, seen := leader[h]; seen {
			p.leaderOf[r] = l
			p.runs = p.runs && h == host(r-1)
		} else {
			if r == g.rank {
				p.leaderRank = len(p.leaders)
			}
			leader[h], p.leaderOf[r] = r, r
			p.leaders, p.leaderWorld = append(p.leaders, r), append(p.leaderWorld, g.abs(r))
			p.parts = append(p.parts, r)
		}
		if h == host(g.rank) {
			if r == g.rank {
				p.localRank = len(p.local)
			}
			p.local, p.localWorld = append(p.local, r), append(p.localWorld, g.abs(r))
		}
	}
	p.parts = append(p.parts, g.size)
	return p
}

// together reports whether all members are on one host.
func (p *placement) together() bool { return len(p.leaders) == 1 }

// flat reports whether a hierarchy has nothing to do: all on one host, or each on its own.
func (p *placement) flat() bool { return p.together() || len(p.leaders) == len(p.leaderOf) }
