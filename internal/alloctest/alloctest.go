// Package alloctest counts heap allocations, for the tests of code that promises to make none.
package alloctest

import (
	"runtime"
	"runtime/debug"
)

// PerRun returns how many heap allocations a call of f makes once warm, rounded down. It differs from testing.AllocsPerRun in
// what would make a count of a whole process depend on chance:
//
//   - the garbage collector is off meanwhile, for it empties every sync.Pool;
//   - the least of a few counts is taken, each over the given number of runs: a pool has a shelf for each processor, which a
//     goroutine finds empty when it is moved, and other goroutines of the process may allocate too;
//   - GOMAXPROCS is left alone, for with one processor nothing would be shared out;
//   - under the race detector, which makes sync.Pool forget at random, f runs twice, and the answer is 0.
func PerRun(runs int, f func()) uint64 {
	if race {
		f()
		f()
		return 0
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	least := ^uint64(0)
	for range 5 {
		for range runs { // the first time to warm up, then to fill the shelf of a processor moved to
			f()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			f()
		}
		runtime.ReadMemStats(&after)
		if least = min(least, (after.Mallocs-before.Mallocs)/uint64(runs)); least == 0 {
			break
		}
	}
	return least
}
