package train

import (
	"context"
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/collectives"
)

// statSync adds up the statistics of batch normalisations over all partitions of all ranks, in the order of the partitions:
// [Config].SyncBatchNorm. Each of this rank's replicas has a member; whichever brings its sums last exchanges them with the other
// ranks, while the others wait.
//
// A replica leaves when its step ends: early, if its part of the batch is empty or has failed. Then the others go on without it,
// and a rank whose replicas have all left keeps exchanging nothing, until nobody has anything. So no rank must know how many
// normalisations there are, and each step ends with one empty exchange.
//
//	numbers sent by a rank: 2 + 2·C for each of its partitions and each normalisation of C channels, and as many in backward
type statSync struct {
	idle
	group *collectives.Group // of its own: its operations come between those of the gradient in no fixed order
	ctx   context.Context    // the step's: a layer that asks for sums has none to give

	mu      sync.Mutex
	met     sync.Cond
	active  int         // replicas that have not left
	waiting int         // of them, those that have brought their sums
	brought [][]float64 // of each replica, nil where it has none
	total   []float64   // of the last meeting
	mine    []float64   // what this rank sent to it
	all     []float64   // and what all ranks did
	meeting int         // counts them
	err     error       // ends them
}

// newStatSync makes the group, as all ranks must, for this rank's replicas.
func newStatSync(ctx context.Context, g *collectives.Group, replicas int) (*statSync, error) {
	own, err := g.Split(ctx, 0, g.Rank())
	if err != nil {
		return nil, fmt.Errorf("train: a group for batch statistics: %w", err)
	}
	s := &statSync{group: own, brought: make([][]float64, replicas)}
	s.met.L = &s.mu
	return s, nil
}

// begin makes ready for a step: every replica will leave exactly once.
func (s *statSync) begin(ctx context.Context) { s.ctx, s.active = ctx, len(s.brought) }

// leave says that a replica of this rank is done with its step.
func (s *statSync) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if s.active > 0 && s.waiting == s.active {
		s.meet()
	}
	for s.active == 0 && s.err == nil {
		if s.meet(); len(s.total) == 0 {
			return
		}
	}
}

// statMember is the StatSync of this rank's replica number i.
type statMember struct {
	*statSync
	i int
}

// Sum replaces sums by the sum over all replicas that have brought theirs. It panics with an error if that fails.
func (m statMember) Sum(sums []float64) {
	s := m.statSync
	s.mu.Lock()
	defer s.mu.Unlock()
	s.brought[m.i] = sums
	s.waiting++
	if s.waiting == s.active {
		s.meet()
	} else {
		for now := s.meeting; s.meeting == now; {
			s.met.Wait()
		}
	}
	if s.err != nil {
		panic(s.err)
	}
	copy(sums, s.total)
}

// meet exchanges what this rank's replicas have brought, each behind its length, and wakes them.
func (s *statSync) meet() {
	s.mine = s.mine[:0]
	for i, sums := range s.brought {
		if sums != nil {
			s.mine = append(append(s.mine, float64(len(sums))), sums...)
		}
		s.brought[i] = nil
	}
	if s.err == nil {
		if s.all, _, s.err = collectives.AllGatherV(s.ctx, s.group, s.all[:0], s.mine); s.err == nil {
			s.total, s.err = sumStats(s.total[:0], s.all)
		}
	}
	s.waiting = 0
	s.meeting++
	s.met.Broadcast()
}

// sumStats adds up vectors, each behind its length, in their order, in the memory of total. Without any the result is empty.
func sumStats(total, all []float64) ([]float64, error) {
	for len(all) > 0 {
		n := int(all[0])
		vector := all[1 : n+1]
		all = all[n+1:]
		if len(total) == 0 {
			total = append(total, vector...)
			continue
		}
		if n != len(total) {
			return nil, fmt.Errorf("train: synchronised batch normalisations of %d and %d numbers at the same time: all partitions must "+
				"run the same layers in the same order", len(total), n)
		}
		for i, v := range vector {
			total[i] += v
		}
	}
	return total, nil
}

func (s *statSync) close() { s.group.Close() }
