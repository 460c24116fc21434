package collectives

import "fmt"

// Algorithm selects how a Group reduces and gathers.
type Algorithm uint8

// The algorithms. The values travel on the wire: do not renumber.
const (
	// Auto chooses by operation, length and transport; Group.Choice tells what it chose.
	Auto Algorithm = iota
	// Naive gathers everything at rank 0, reduces in rank order, and sends the result to each. See naive.go.
	Naive
	// Ring passes pieces from neighbour to neighbour. See ring.go.
	Ring
	// Shuffle is BigDL's: every rank reduces one slice of the vector. See shuffle.go.
	Shuffle
	// Native leaves the work to the transport's own collectives, MPI's for example.
	Native
)

// String returns the algorithm's name as the command line knows it.
func (a Algorithm) String() string {
	if int(a) < len(algorithms) {
		return algorithms[a].name
	}
	return fmt.Sprintf("Algorithm(%d)", uint8(a))
}

// algorithm is one row of the table: how one Algorithm does each operation.
type algorithm struct {
	name          string
	allReduce     func(*call) error
	reduce        func(*call) error
	reduceScatter func(*call) error
	allGather     func(*call) error
	gather        func(*call) error
	broadcast     func(*call) error
	barrier       func(*call) error
}

var naiveRow = algorithm{allReduce: naiveAllReduce, reduce: naiveReduce, reduceScatter: naiveReduceScatter,
	allGather: naiveAllGather, gather: naiveGather, broadcast: naiveBroadcast, barrier: naiveBarrier}

// algorithms is the table, indexed by Algorithm.
var algorithms []algorithm

func init() {
	row := func(name string, a algorithm) algorithm { a.name = name; return a }
	algorithms = []algorithm{row("auto", naiveRow), row("naive", naiveRow), row("ring", naiveRow), row("shuffle", naiveRow), row("native", naiveRow)}
}

// choose returns the algorithm that will do c.
func (g *Group) choose(c *call) Algorithm { return g.alg }
