//go:build race

package collectives_test

// Under the race detector sync.Pool, which the sums' workers use, forgets at random.
func init() { allocLimit = 20 }
