package tcp

import "sync"

// The lengths of rings, in bytes, powers of two: what is in flight shall stay in the cache, and all the rings of a host
// shall stay within shmTotal, up to 500 ranks.
const (
	shmRing    = 1 << 20
	shmRingMin = 4 << 10
	shmTotal   = 1 << 30
)

// shmBudget is what one rank may take for its rings, one to each other rank of the host. Each gets some; the first to
// be made, as a rule to the right neighbour, to which a ring sends most, get more.
type shmBudget struct {
	mu    sync.Mutex
	least int // of every ring
	spare int // bytes beyond that
}

// newShmBudget returns the budget of each of ranks on a host.
func newShmBudget(ranks int) *shmBudget {
	each, others := shmTotal/ranks, max(1, ranks-1)
	least := shmRing
	for least > shmRingMin && least > each/2/others {
		least /= 2
	}
	return &shmBudget{least: least, spare: max(0, each-least*others)}
}

// take returns the length of the next ring: at most half of what is to spare goes into it.
func (b *shmBudget) take() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := shmRing
	for n > b.least && n-b.least > b.spare/2 {
		n /= 2
	}
	b.spare -= n - b.least
	return n
}
