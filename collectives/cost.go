package collectives

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
)

// Costs is what messages cost between the ranks of a group, for Auto to choose by. Times are the slowest rank's.
type Costs struct {
	Alpha      time.Duration // of a short exchange with a neighbour (α)
	Gap        time.Duration // of each further short message sent in the same round
	Ring       float64       // ns per byte sent, everybody to the right neighbour at once (β)
	AllToAll   float64       // ns per byte sent, everybody to everybody
	Combine    float64       // ns per byte of float32 added
	MeasuredOn int           // ranks; 0: not measured
}

// String describes the costs in a line.
func (k Costs) String() string {
	return fmt.Sprintf("α %v, gap %v, β %.3f ns/B in a ring, %.3f ns/B all to all, %.3f ns/B to add",
		k.Alpha.Round(100*time.Nanosecond), k.Gap.Round(100*time.Nanosecond), k.Ring, k.AllToAll, k.Combine)
}

// The times, in ns, that an AllReduce of s bytes over p ranks takes by the costs. Each opens with an exchange of
// headers, which carries the first data where both fit.

// open is the time of that exchange where it carries no data.
func (k Costs) open(s int) float64 {
	if s > inlineMax {
		return float64(k.Alpha)
	}
	return 0
}

// share is what a rank sends in a reduce-scatter or an all-gather, in bytes.
func share(p, s int) float64 { return float64(p-1) / float64(p) * float64(s) }

func (k Costs) ring(p, s int) float64 {
	return k.open(s) + 2*float64(p-1)*float64(k.Alpha) + share(p, s)*(2*k.Ring+k.Combine)
}

func (k Costs) shuffle(p, s int) float64 {
	alpha, gap, bytes, n := float64(k.Alpha), float64(k.Gap), float64(s), float64(p)
	if s*(p-1) <= directMax {
		return alpha + (n-2)*gap + (n-1)*bytes*(k.AllToAll+k.Combine)
	}
	return k.open(s) + 2*alpha + 2*(n-2)*gap + share(p, s)*(2*k.AllToAll+k.Combine)
}

func (k Costs) halving(p, s int) float64 {
	alpha, bytes := float64(k.Alpha), float64(s)
	actors := 1 << int(math.Log2(float64(p)))
	steps := math.Log2(float64(actors))
	var pairs float64
	if actors != p {
		pairs = 2*alpha + bytes*(2*k.Ring+k.Combine)
	}
	if s <= doublingMax {
		return alpha + pairs + steps*(alpha+bytes*(k.Ring+k.Combine))
	}
	return alpha + pairs + 2*steps*alpha + share(p, s)*(2*k.Ring+k.Combine)
}

// staticShuffleMax is the length in bytes up to which Auto shuffles where costs were not measured: below it the number of
// steps decides, two against the ring's 2(P−1); above it both move the same bytes and the ring keeps only one connection
// each way busy.
const staticShuffleMax = 1 << 20

// sharedShuffleMax is the same where the ranks talk through shared memory, where a step costs little. Measured on 2 cores,
// ring against shuffle: 4 ranks, 0.41 and 0.45 ms for 4 KiB, 0.48 and 0.83 for 32 KiB; 8 ranks, 1.7 and 2.0, 2.0 and 3.2,
// and for 256 KiB 3.5 and 8.9. Over unix sockets 8 ranks took 2.0 and 1.3 for 4 KiB, 6.2 and 4.2 for 256.
const sharedShuffleMax = 4 << 10

// shuffleMax is the bound that g goes by.
func (g *Group) shuffleMax() int {
	if g.shares && g.place().together() {
		return sharedShuffleMax
	}
	return staticShuffleMax
}

// Choice returns the algorithm by which an AllReduce of the given length in bytes is done: the configured one, or what
// Auto makes of it.
//
// Auto takes Native if the transport has collectives of its own; Hierarchical above 16 KiB where several ranks share a
// host and there are several hosts; and otherwise whichever of Ring, Shuffle and Halving the costs that Tune has measured
// say is fastest. Without such costs that is Shuffle up to 1 MiB, and Ring above; up to 4 KiB where all ranks share one
// host's memory (transport.Sharer).
func (g *Group) Choice(bytes int) Algorithm { return g.choose(kindAllReduce, bytes) }

func (g *Group) choose(k kind, bytes int) Algorithm {
	switch {
	case g.alg != Auto:
		return g.alg
	case g.native != nil && g.ranks == nil:
		return Native
	case bytes > inlineMax && !g.place().flat():
		return Hierarchical
	case g.costs.MeasuredOn == g.size && k == kindAllReduce && g.size > 2:
		return g.costs.fastest(g.size, bytes)
	case bytes <= g.shuffleMax():
		return Shuffle
	}
	return Ring
}

// fastest returns the candidate that the costs predict to be the fastest for an AllReduce of s bytes over p ranks.
func (k Costs) fastest(p, s int) Algorithm {
	best := Shuffle
	for a, predict := range candidates {
		if predict != nil && predict(k, p, s) < candidates[best](k, p, s) {
			best = Algorithm(a)
		}
	}
	return best
}

// Explain says, for a log, by which algorithm vectors of which lengths are reduced, and why.
func (g *Group) Explain() string {
	if g.alg != Auto {
		return fmt.Sprintf("%v, as configured", g.alg)
	}
	var b strings.Builder
	b.WriteString("auto: ")
	last := g.Choice(1)
	for bytes := 2; bytes <= 1<<32; bytes *= 2 {
		if a := g.Choice(bytes); a != last {
			fmt.Fprintf(&b, "%v below %s, ", last, size(bytes))
			last = a
		}
	}
	fmt.Fprintf(&b, "%v", last)
	if b.Len() > len("auto: "+last.String()) {
		b.WriteString(" above")
	}
	if g.costs.MeasuredOn == g.size {
		fmt.Fprintf(&b, "; %v", g.costs)
	}
	return b.String()
}

// size writes a power of two of bytes.
func size(n int) string {
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if n < 1<<10 {
			return fmt.Sprintf("%d %s", n, unit)
		}
		n >>= 10
	}
	return fmt.Sprintf("%d GiB", n)
}

// Tune measures what messages cost on g, for Auto to choose by from then on, and returns it; all ranks get the same. It
// takes some tens of exchanges, the longest of 1 MiB a rank. Every rank must call it, when nothing else runs.
//
// As two measurements differ, a run that was tuned may choose other algorithms than another, and so round sums otherwise:
// pass the costs of the first in Config.Costs to repeat it exactly.
func Tune(ctx context.Context, g *Group) (Costs, error) {
	if g.size == 1 {
		return Costs{}, nil
	}
	var measured [5]float64
	c := call{kind: kindTune, dtype: dtypeOf[float32](), do: func(c *call) error { return c.measure(&measured) }}
	if err := g.run(ctx, c); err != nil {
		return Costs{}, err
	}
	if err := AllReduce(ctx, g, measured[:], Max); err != nil {
		return Costs{}, err
	}
	g.costs = Costs{Alpha: time.Duration(measured[0]), Gap: time.Duration(measured[1]), Ring: measured[2],
		AllToAll: measured[3], Combine: measured[4], MeasuredOn: g.size}
	return g.costs, nil
}

// measure times short and long exchanges, each after a first one that warms up, and keeps the least.
func (c *call) measure(out *[5]float64) error {
	if err := c.agree(); err != nil {
		return err
	}
	const long, short = 1 << 20, 64
	work := make([]byte, 2*long)
	send, recv := work[:long], work[long:]
	least := func(times int, f func() error) (float64, error) {
		best := math.Inf(1)
		for i := range times + 1 {
			start := time.Now()
			if err := f(); err != nil {
				return 0, err
			}
			if d := float64(time.Since(start)); i > 0 {
				best = min(best, d)
			}
		}
		return best, nil
	}
	ring := func(n int) func() error {
		return func() error {
			return c.pass(c.right(), c.left(), segments(n), n,
				func(i int) []byte { return cut(send[:n], i) }, func(i int) []byte { return cut(recv[:n], i) }, func(int) {})
		}
	}
	all := func(n int) func() error {
		part := func(p []byte) func(r int) []byte {
			each := n / c.size
			return func(r int) []byte { return p[r*each : (r+1)*each] }
		}
		return func() error {
			c.postAll(0, false, part(recv))
			return c.swapAll(0, false, part(send), part(recv))
		}
	}
	ringShort, err := least(20, ring(short))
	if err != nil {
		return err
	}
	allShort, err := least(20, all(short*c.size))
	if err != nil {
		return err
	}
	ringLong, err := least(4, ring(long))
	if err != nil {
		return err
	}
	allLong, err := least(4, all(long))
	if err != nil {
		return err
	}
	add, _ := least(4, func() error { combine(c.dtype, Sum, recv, send); return nil })
	n := float64(c.size)
	out[0] = ringShort
	out[1] = max(0, allShort-ringShort) / max(1, n-2)
	out[2] = max(0, ringLong-ringShort) / long
	out[3] = max(0, allLong-allShort) / (long * (n - 1) / n)
	out[4] = add / long
	return nil
}

// cut returns piece i of p in pieces of segmentMax bytes.
func cut(p []byte, i int) []byte { return p[i*segmentMax : min(len(p), (i+1)*segmentMax)] }
