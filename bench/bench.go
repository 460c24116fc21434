// Package bench measures Tutti against the machine's own limits and against a named peer, in one run by turns, so that a
// claim of speed is a ratio that anybody can measure again.
package bench

import (
	"slices"
	"time"
)

// Measure times every one of fns, by turns, until budget is spent or each has had 5 turns, whichever is later, and returns
// the median time of one call of each. A turn repeats the function until it takes some 20 µs, so that the clock's own
// cost does not count. The first turn of each warms up and is thrown away.
func Measure(budget time.Duration, fns ...func()) []time.Duration {
	const turn = 20 * time.Microsecond
	repeat := make([]int, len(fns))
	for i, fn := range fns {
		fn()
		start := time.Now()
		fn()
		repeat[i] = int(turn/max(1, time.Since(start))) + 1
	}
	times := make([][]time.Duration, len(fns))
	for start, round := time.Now(), 0; round < 5 || time.Since(start) < budget; round++ {
		for i, fn := range fns {
			start := time.Now()
			for range repeat[i] {
				fn()
			}
			times[i] = append(times[i], time.Since(start)/time.Duration(repeat[i]))
		}
	}
	medians := make([]time.Duration, len(fns))
	for i, t := range times {
		slices.Sort(t)
		medians[i] = t[len(t)/2]
	}
	return medians
}

// rate returns flops in d as GFLOP/s.
func rate(flops float64, d time.Duration) float64 { return flops / float64(max(1, d.Nanoseconds())) }
