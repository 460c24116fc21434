package alloctest

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

var sink []byte

func TestPerRun(t *testing.T) {
	allocate := func(n int) func() {
		return func() {
			for range n {
				sink = make([]byte, 1000)
			}
		}
	}
	want := uint64(3)
	if race {
		want = 0
	}
	assert.Equal(t, want, PerRun(10, allocate(3)))
	assert.Zero(t, PerRun(10, allocate(0)))

	pool := sync.Pool{New: func() any { return new([1000]byte) }}
	assert.Zero(t, PerRun(10, func() { pool.Put(pool.Get()) }), "a pool stays full")
	calls := 0
	PerRun(10, func() {
		if calls++; calls%10 == 0 {
			runtime.Gosched()
		}
	})
	assert.GreaterOrEqual(t, calls, 2)
}
