package train

import "math/bits"

// A node is the partial sum over the logical partitions [lo, hi) of a fixed binary tree.
//
// The tree over L partitions depends on L alone: a node with more than one leaf splits after its largest power of two
// that is less than its length, so 5 leaves are ((0 1) (2 3)) (4). A rank that holds a run of leaves can sum exactly the
// subtrees that lie inside its run, and whoever holds those sums can finish the tree: the additions, and so the bits of
// the result, are the same on one rank or eight.
type node struct{ lo, hi int }

func (n node) leaf() bool { return n.hi-n.lo == 1 }

// split gives the two halves of a node with at least two leaves.
func (n node) split() (left, right node) {
	half := 1 << (bits.Len(uint(n.hi-n.lo-1)) - 1)
	return node{n.lo, n.lo + half}, node{n.lo + half, n.hi}
}

// cut gives the largest subtrees of the tree over leaves partitions that lie inside the run [lo, hi), from left to
// right: the partial sums which the holder of the run can make by itself.
func cut(leaves, lo, hi int) []node {
	var nodes []node
	var walk func(n node)
	walk = func(n node) {
		switch {
		case hi <= n.lo || n.hi <= lo:
		case lo <= n.lo && n.hi <= hi:
			nodes = append(nodes, n)
		default:
			left, right := n.split()
			walk(left)
			walk(right)
		}
	}
	if leaves > 0 && lo < hi {
		walk(node{0, leaves})
	}
	return nodes
}

// sumTree adds up the tree below n in its fixed order. held gives the vector of a node whose sum is known already, or
// nil; add adds its second argument to its first. The result is in the vector of n's leftmost known node, which is
// returned; the other vectors below n keep their partial sums.
func sumTree[T float](n node, held func(node) []T, add func(dst, x []T)) []T {
	if v := held(n); v != nil {
		return v
	}
	left, right := n.split()
	sum := sumTree(left, held, add)
	add(sum, sumTree(right, held, add))
	return sum
}
