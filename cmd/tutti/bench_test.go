package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/bench"
)

// The command starts its own ranks: processes over TCP beside goroutines and the raw exchange.
func TestBenchCollectives(t *testing.T) {
	out, errs, code := tutti(t, t.TempDir(), "bench", "collectives", "--transport", "raw,inproc,tcp", "--algorithm", "ring",
		"-b", "1K", "-e", "64K", "-f", "8", "--budget", "1ms", "--json")
	require.Zero(t, code, errs)
	var rows []string
	for line := range strings.Lines(out) {
		var r bench.CollectiveRow
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		assert.Zero(t, r.Wrong)
		assert.Equal(t, 2, r.Ranks)
		assert.Positive(t, r.BusBW)
		rows = append(rows, r.Job)
	}
	assert.Equal(t, strings.Repeat("raw exchange tcp,inproc ring,tcp ring,", 3), strings.Join(rows, ",")+",", "by size")
}

func TestBenchCollectivesUsage(t *testing.T) {
	for _, args := range []string{"--op sort", "--algorithm best", "--ranks 0", "-b 6", "-b 4T", "-f 1"} {
		t.Run(args, func(t *testing.T) {
			_, errs, code := tutti(t, t.TempDir(), append([]string{"bench", "collectives"}, strings.Fields(args)...)...)
			assert.Equal(t, exitUsage, code, errs)
		})
	}
}

func TestSizes(t *testing.T) {
	assert.Equal(t, []int{0, 4, 8, 16}, sizes(0, 16, 2))
	assert.Equal(t, []int{1024, 4096}, sizes(1024, 8192, 4))
	assert.Equal(t, []int{math.MaxInt / 2}, sizes(math.MaxInt/2, math.MaxInt, 4))
	assert.Equal(t, []int{0}, sizes(0, 0, 2))
	assert.Empty(t, sizes(8, 4, 2))
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{"0": 0, "17": 17, "4K": 4096, "4KiB": 4096, "1m": 1 << 20, "3GB": 3 << 30} {
		var b byteSize
		require.NoError(t, b.Set(text))
		assert.Equal(t, want, b)
	}
	assert.Equal(t, "6M", byteSize(6<<20).String())
	assert.Equal(t, "1025", byteSize(1025).String())
}

// What cpu shows by default is measured; without measuring it is quick.
func TestCPU(t *testing.T) {
	out, errs, code := tutti(t, t.TempDir(), "cpu", "--measure=false")
	require.Zero(t, code, errs)
	assert.Contains(t, out, "sgemm")
	assert.NotContains(t, out, "GB/s")
	out, errs, code = tutti(t, t.TempDir(), "cpu")
	require.Zero(t, code, errs)
	assert.Regexp(t, `peak +[1-9][0-9.]* GFLOP/s float32, [0-9.]+ float64`, out)
	assert.Regexp(t, `memory +read [0-9.]+ GB/s, copy [0-9.]+, one thread; read [0-9.]+, copy [0-9.]+, [0-9]+ threads`, out)
}
