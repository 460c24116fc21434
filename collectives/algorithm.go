package collectives

import "fmt"

// Algorithm selects how a Group reduces and gathers.
type Algorithm uint8

// The algorithms. The values travel on the wire: do not renumber.
const (
	// Auto chooses by operation, length and transport; Group.Choice tells what it chose.
	Auto Algorithm = iota
	// Naive gathers everything at one rank, reduces in rank order, and sends the result to each. See naive.go.
	Naive
	// Ring passes pieces from neighbour to neighbour. See ring.go.
	Ring
	// Shuffle is BigDL's: every rank reduces one slice of the vector. See shuffle.go.
	Shuffle
	// Native leaves the work to the transport's own collectives, MPI's for example. See native.go.
	Native
	// Halving swaps halves with a partner, log₂ P times. See halving.go.
	Halving
	// Hierarchical works inside each host first, then between hosts. See hierarchical.go.
	Hierarchical
)

var algorithmNames = [...]string{Auto: "auto", Naive: "naive", Ring: "ring", Shuffle: "shuffle", Native: "native",
	Halving: "halving", Hierarchical: "hierarchical"}

// Algorithms lists them all, Auto first.
func Algorithms() []Algorithm {
	return []Algorithm{Auto, Naive, Ring, Shuffle, Halving, Hierarchical, Native}
}

// String returns the algorithm's name as the command line knows it.
func (a Algorithm) String() string {
	if int(a) < len(algorithmNames) {
		return algorithmNames[a]
	}
	return fmt.Sprintf("Algorithm(%d)", uint8(a))
}

// ParseAlgorithm is the inverse of String.
func ParseAlgorithm(name string) (Algorithm, error) {
	for _, a := range Algorithms() {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("collectives: algorithm %q: want one of %v", name, Algorithms())
}

// algorithm is one row of the table: how one Algorithm does each operation. Every function opens the call, see
// call.open, before it waits for anything else. bounds of gathers are c.part's.
type algorithm struct {
	allReduce     func(*call) error
	reduce        func(*call) error // result at c.root
	reduceScatter func(*call) error
	allGather     func(*call) error // of c.part(r), which may differ in length
	gather        func(*call) error // likewise, at c.root
	broadcast     func(*call) error // from c.root
	barrier       func(*call) error
}

// algorithms is the table, indexed by Algorithm. Auto has no row: it is resolved before the call begins.
var algorithms = [...]algorithm{
	Naive:   {naiveAllReduce, naiveReduce, naiveAllReduce, naiveAllGather, directGather, naiveBroadcast, disseminationBarrier},
	Ring:    {ringAllReduce, ringReduce, ringReduceScatter, ringAllGather, directGather, treeBroadcast, disseminationBarrier},
	Shuffle: {shuffleAllReduce, shuffleReduce, shuffleReduceScatter, shuffleAllGather, directGather, treeBroadcast, disseminationBarrier},
	Native:  {nativeAllReduce, nativeReduce, nativeReduceScatter, nativeAllGather, directGather, nativeBroadcast, nativeBarrier},
	Halving: {halvingAllReduce, halvingReduce, halvingReduceScatter, halvingAllGather, directGather, treeBroadcast, disseminationBarrier},
	Hierarchical: {hierarchicalAllReduce, hierarchicalReduce, hierarchicalAllReduce, hierarchicalAllGather, directGather,
		treeBroadcast, disseminationBarrier},
}

// candidates are the algorithms that Auto may take once costs are known, with the time that each takes by them, see
// Costs. They stand apart from the table above, whose functions come back here: Go would call one table a cycle.
var candidates = [...]func(k Costs, p, s int) float64{Ring: Costs.ring, Shuffle: Costs.shuffle, Halving: Costs.halving}
