package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tutti-ml/tutti/internal/alloctest"
)

// withProcs runs test under several settings of GOMAXPROCS.
func withProcs(t *testing.T, test func(t *testing.T)) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2, 3, 8, 2, 1} {
		runtime.GOMAXPROCS(procs)
		require.Equal(t, procs, Workers())
		test(t)
	}
}

func TestForCoversOnce(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		for _, n := range []int{-1, 0, 1, 2, 7, 100, 1023} {
			for _, grain := range []int{-1, 0, 1, 3, 64, 99, 5000} {
				seen := make([]atomic.Int32, max(n, 0))
				For(n, grain, func(lo, hi int) {
					if lo < 0 || hi > n || lo >= hi {
						t.Errorf("range [%d, %d) of [0, %d)", lo, hi, n)
						return
					}
					if hi != n && hi-lo < grain {
						t.Errorf("range [%d, %d) of [0, %d) is shorter than grain %d", lo, hi, n, grain)
					}
					for i := lo; i < hi; i++ {
						seen[i].Add(1)
					}
				})
				for i := range seen {
					if got := seen[i].Load(); got != 1 {
						t.Fatalf("n=%d grain=%d: index %d visited %d times", n, grain, i, got)
					}
				}
			}
		}
	})
}

// The work must really be shared: each of two ranges waits for the other to start.
func TestForRunsAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for range 20 {
		var both sync.WaitGroup
		both.Add(2)
		For(2, 1, func(lo, hi int) {
			if hi-lo == 2 { // the pool was busy with another test's work, which there is none of here
				t.Error("ran inline")
				both.Add(-2)
				return
			}
			both.Done()
			both.Wait()
		})
	}
}

func TestNestedRunsInline(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var outer, inner atomic.Int32
	For(8, 1, func(lo, hi int) {
		outer.Add(int32(hi - lo))
		calls := 0 // not atomic: inline means on this goroutine
		For(100, 1, func(lo, hi int) {
			calls++
			assert.Equal(t, [2]int{0, 100}, [2]int{lo, hi})
			inner.Add(int32(hi - lo))
		})
		assert.Equal(t, 1, calls)
	})
	assert.EqualValues(t, 8, outer.Load())
	assert.EqualValues(t, 800, inner.Load())
}

func TestManyCallers(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		var callers sync.WaitGroup
		for c := range 16 {
			callers.Go(func() {
				data := make([]int, 500+c)
				for round := 1; round <= 100; round++ {
					For(len(data), 10, func(lo, hi int) {
						for i := lo; i < hi; i++ {
							data[i]++
						}
					})
					for i, v := range data {
						if v != round {
							t.Errorf("caller %d round %d: data[%d] = %d", c, round, i, v)
							return
						}
					}
				}
			})
		}
		callers.Wait()
	})
}

// Between calls the workers fall asleep and must be woken: pauses on both sides of the spinning time.
func TestSleepersWake(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for round := range 200 {
		time.Sleep(time.Duration(round%4) * idle)
		var sum atomic.Int64
		For(64, 1, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				sum.Add(int64(i))
			}
		})
		require.EqualValues(t, 64*63/2, sum.Load())
	}
}

// A slow range on a worker makes the caller sleep on it, past its spinning time.
func TestCallerWaits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for range 20 {
		var done atomic.Int32
		For(4, 1, func(lo, hi int) {
			time.Sleep(time.Millisecond)
			done.Add(int32(hi - lo))
		})
		require.EqualValues(t, 4, done.Load())
	}
}

func TestPanicReachesCaller(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		for bad := range 9 {
			var running atomic.Int32
			assert.PanicsWithValue(t, bad, func() {
				For(9, 1, func(lo, hi int) {
					running.Add(1)
					defer running.Add(-1)
					for i := lo; i < hi; i++ {
						if i == bad {
							panic(bad)
						}
						time.Sleep(10 * time.Microsecond)
					}
				})
			})
			require.Zero(t, running.Load(), "For returned while fn was running")
		}
		// The pool is usable afterwards.
		var n atomic.Int32
		For(9, 1, func(lo, hi int) { n.Add(int32(hi - lo)) })
		require.EqualValues(t, 9, n.Load())
	})
}

// A range that ends its goroutine must neither hang the caller nor cost a worker.
func TestGoexit(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	before := 0
	for round := range 10 {
		ended := make(chan any)
		go func() {
			defer close(ended)
			defer func() {
				if v := recover(); v != nil {
					ended <- v
				}
			}()
			var both sync.WaitGroup
			both.Add(2)
			For(2, 1, func(lo, hi int) {
				both.Done()
				both.Wait()
				runtime.Goexit()
			})
		}()
		for v := range ended {
			assert.Equal(t, errExit, v)
		}
		if round == 0 {
			before = runtime.NumGoroutine()
		}
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+2)
}

func TestGoroutinesStayFew(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	For(64, 1, func(lo, hi int) {})
	before := runtime.NumGoroutine()
	for range 500 {
		For(64, 1, func(lo, hi int) {})
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestForDoesNotAllocate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	fn := func(lo, hi int) {}
	assert.Zero(t, alloctest.PerRun(100, func() { For(1000, 1, fn) }))
}

func BenchmarkFor(b *testing.B) {
	fn := func(lo, hi int) {}
	for b.Loop() {
		For(16, 1, fn)
	}
}
