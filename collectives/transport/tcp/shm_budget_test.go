package tcp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// However many ranks a host has, and though all talk to all, their rings take no more than shmTotal; and no ring is too
// short to be of use.
func TestShmBudget(t *testing.T) {
	for _, ranks := range []int{2, 3, 8, 16, 23, 24, 48, 100, 128, 256, 500} {
		b := newShmBudget(ranks)
		sum, first := 0, 0
		for i := range ranks - 1 {
			n := b.take()
			assert.True(t, n >= shmRingMin && n <= shmRing && n&(n-1) == 0, "%d bytes, %d ranks", n, ranks)
			if sum += n; i == 0 {
				first = n
			}
		}
		assert.LessOrEqual(t, sum*ranks, shmTotal, "%d ranks", ranks)
		if ranks <= 128 {
			assert.Equal(t, shmRing, first, "the first of %d ranks", ranks)
		}
		if ranks <= 16 {
			assert.Equal(t, shmRing*(ranks-1), sum, "all of %d ranks", ranks)
		}
	}
}

// Who watches is watched, and in a large job few are; all are linked by those who are.
func TestWatched(t *testing.T) {
	for _, size := range []int{2, 3, 16, 17, 24, 100, 256} {
		for a := range size {
			n := 0
			for b := range size {
				if a == b {
					continue
				}
				assert.Equal(t, watched(a, b, size), watched(b, a, size))
				if watched(a, b, size) {
					n++
				}
			}
			if size <= watchAll {
				assert.Equal(t, size-1, n)
			} else {
				assert.True(t, watched(a, (a+1)%size, size))
				assert.LessOrEqual(t, n, 16)
			}
		}
	}
}

// The more ranks share a core, the longer one may be silent; unless the user says how long.
func TestPeerTimeoutInACrowd(t *testing.T) {
	for _, tt := range []struct {
		given        time.Duration
		ranks, cores int
		want         time.Duration
	}{
		{0, 1, 4, 4 * time.Second}, {0, 8, 1, 4 * time.Second}, {0, 16, 1, 8 * time.Second}, {0, 256, 2, 64 * time.Second},
		{time.Second, 256, 2, time.Second},
	} {
		c := Config{PeerTimeout: tt.given}.withDefaults()
		c.crowd(tt.ranks, tt.cores)
		assert.Equal(t, tt.want, c.PeerTimeout, "%v, %d ranks on %d cores", tt.given, tt.ranks, tt.cores)
	}
}
