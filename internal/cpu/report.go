// The report that `tutti cpu` prints.

package cpu

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// A Report describes the processor and the choice made for it. Sizes are in bytes; -1 or 0 means unknown.
type Report struct {
	Brand         string   // as the processor calls itself
	GOOS, GOARCH  string   // what this binary was built for
	Cores         int      // physical cores, 0 if unknown
	Threads       int      // logical processors this process may use
	L1D, L2, L3   int      // data caches: a core's, a core's, and the shared one
	CacheLine     int      // bytes
	Features      []string // the instruction sets found, sorted
	Machine, Best ISA      // what there is, and what is allowed
	Why           string   // the reason for Best
}

// Features reports this processor's features and the choice made for it.
func Features() Report {
	c := &cpuid.CPU
	brand := c.BrandName
	if brand == "" {
		brand = "unknown processor"
	}
	features := c.FeatureSet()
	slices.Sort(features)
	return Report{
		Brand: brand, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH,
		Cores: c.PhysicalCores, Threads: runtime.NumCPU(),
		L1D: c.Cache.L1D, L2: c.Cache.L2, L3: c.Cache.L3, CacheLine: c.CacheLine,
		Features: features,
		Machine:  Machine(), Best: Best(), Why: chosen.why,
	}
}

// String formats r as lines of "name value", the last without a newline.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "processor  %s, %s/%s\n", r.Brand, r.GOOS, r.GOARCH)
	fmt.Fprintf(&b, "cores      %d physical, %d usable threads\n", r.Cores, r.Threads)
	fmt.Fprintf(&b, "caches     L1d %s, L2 %s, L3 %s, line %d B\n", size(r.L1D), size(r.L2), size(r.L3), r.CacheLine)
	fmt.Fprintf(&b, "features   %s\n", strings.Join(r.Features, " "))
	fmt.Fprintf(&b, "isa        %s (machine has %s): %s", r.Best, r.Machine, r.Why)
	return b.String()
}

func size(bytes int) string {
	switch {
	case bytes <= 0:
		return "unknown"
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	default:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
}
