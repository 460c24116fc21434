package main

// Whether a job fits this machine, asked before it takes what is there.

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// The least that a rank and a logical partition take besides vectors: stacks, tapes and buffers of the transport.
const (
	bytesPerRank      = 256 << 10
	bytesPerPair      = 256 // of ranks, in one process
	bytesPerPartition = 32 << 10
)

// fits refuses a number of ranks or partitions in this process whose weights, gradients and moments alone, for a model
// of so many float32 parameters, exceed the memory that is available, if the system says how much that is.
func fits(parameters, ranks, partitions int) error {
	available, ok := availableMemory()
	vector := 4 * float64(parameters)
	r, p := float64(ranks), float64(partitions)
	need := r*(3*vector+bytesPerRank) + r*r*bytesPerPair + p*(vector+bytesPerPartition)
	if !ok || need <= available {
		return nil
	}
	return usageError{fmt.Errorf("%s and %s in one process take at least %.1f GB, and %.1f GB are available",
		count(ranks, "rank"), count(partitions, "partition"), need/1e9, available/1e9)}
}

// availableMemory returns how many bytes this process can still take, by Linux's account of the machine and of the
// control group; elsewhere it is not known.
func availableMemory() (bytes float64, ok bool) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemAvailable:" {
			if kb, err := strconv.ParseFloat(fields[1], 64); err == nil {
				bytes, ok = 1024*kb, true
			}
		}
	}
	const group = "/sys/fs/cgroup/memory."
	limit, used := number(group+"max"), number(group+"current")
	if ok && !math.IsNaN(limit) && !math.IsNaN(used) {
		bytes = max(0, min(bytes, limit-used))
	}
	return bytes, ok
}

// number reads a file that holds one number; NaN if it does not.
func number(path string) float64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return math.NaN()
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}
