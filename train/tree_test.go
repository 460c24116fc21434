package train

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
)

func TestNodeSplit(t *testing.T) {
	for _, c := range []struct{ leaves, half int }{{2, 1}, {3, 2}, {4, 2}, {5, 4}, {7, 4}, {8, 4}, {9, 8}, {1000, 512}} {
		left, right := node{3, 3 + c.leaves}.split()
		require.Equal(t, node{3, 3 + c.half}, left, "left half of %d leaves", c.leaves)
		require.Equal(t, node{3 + c.half, 3 + c.leaves}, right, "right half of %d leaves", c.leaves)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		leaves, lo, hi int
		want           []node
	}{
		{8, 0, 8, []node{{0, 8}}},
		{8, 0, 4, []node{{0, 4}}},
		{8, 3, 6, []node{{3, 4}, {4, 6}}},
		{5, 0, 5, []node{{0, 5}}},
		{5, 1, 5, []node{{1, 2}, {2, 4}, {4, 5}}},
		{1, 0, 1, []node{{0, 1}}},
		{4, 2, 2, nil},
	} {
		require.Equal(t, c.want, cut(c.leaves, c.lo, c.hi), "cut(%d, %d, %d)", c.leaves, c.lo, c.hi)
	}
}

// TestSumTreeSameBits deals the leaves out to 1 to 9 ranks; each sums what lies inside its run, one of them finishes
// the tree, and the bits must not depend on the number of ranks.
func TestSumTreeSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	add := func(dst, x []float32) {
		for i := range dst {
			dst[i] += x[i]
		}
	}
	for _, leaves := range []int{1, 2, 3, 5, 8, 13, 16} {
		t.Run(fmt.Sprintf("leaves=%d", leaves), func(t *testing.T) {
			values := make([]float32, leaves)
			for i := range values {
				values[i] = float32(rng.NormFloat64())
			}
			var first float32
			for ranks := 1; ranks <= 9; ranks++ {
				known := map[node][]float32{}
				for rank := range ranks {
					lo, hi := collectives.Slice(leaves, ranks, rank)
					for _, n := range cut(leaves, lo, hi) {
						known[n] = sumTree(n, func(n node) []float32 {
							if n.leaf() {
								return []float32{values[n.lo]}
							}
							return nil
						}, add)
					}
				}
				got := sumTree(node{0, leaves}, func(n node) []float32 { return known[n] }, add)[0]
				if ranks == 1 {
					first = got
				}
				require.Equal(t, first, got, "sum of %d leaves on %d ranks", leaves, ranks)
			}
		})
	}
}
