// Package collectivestest is the conformance suite of collective operations. It checks every operation, type, reduction
// and awkward length against a dumb reference. What a rank does is a function of its Group alone: inputs are generated
// from the rank's number and every rank computes what it must get by itself. So the same suite runs with the ranks as
// goroutines of one test (Run) and with one rank in each process of an mpirun (Check).
package collectivestest

import (
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
)

// Sizes are the numbers of ranks Run tests.
var Sizes = []int{1, 2, 3, 4, 5, 8}

// Ops are all the reductions.
var Ops = []collectives.Op{collectives.Sum, collectives.Mean, collectives.Min, collectives.Max, collectives.Prod}

// Lengths returns the vector lengths, in elements, at which an algorithm for size ranks may go wrong.
func Lengths(size int) []int {
	return []int{0, 1, 2, size - 1, size, size + 1, 257, 4099, 100003}
}

// Run runs Check on worlds of every size, for every algorithm the transport has, with the ranks as goroutines. world
// returns the ends of a new world of n ranks. Twice over, the results of 3 and of 5 ranks must have the same bits. It
// returns the digests of all results by "algorithm/ranks": a caller compares them between transports.
//
// With -short it runs Quick, on worlds of 2 and 3. Larger ones are for the algorithms that make trees of them: 5 for Halving
// and Shuffle, and 4, as 1, for Halving alone. Auto, which takes one of the others, has 2.
func Run(t *testing.T, world func(t *testing.T, n int) []transport.Transport) map[string]uint64 {
	sums := map[string]uint64{}
	for _, n := range Sizes {
		for _, alg := range collectives.Algorithms() {
			if testing.Short() && !inShort(alg, n) {
				continue
			}
			name := fmt.Sprintf("%v/%d", alg, n)
			t.Run(name, func(t *testing.T) {
				first, ok := checkWorld(t, world(t, n), alg)
				if !ok {
					t.Logf("the transport has no collectives of its own: %v does not apply", alg)
					return
				}
				if n != 3 && n != 5 { // orders of summation differ from three ranks on
					sums[name] = first
					return
				}
				if again, _ := checkWorld(t, world(t, n), alg); again != first {
					t.Errorf("results of two runs differ in bits: digests %x and %x", first, again)
				}
				sums[name] = first
			})
		}
	}
	return sums
}

// inShort reports whether Run tests alg on n ranks with -short.
func inShort(alg collectives.Algorithm, n int) bool {
	switch n {
	case 2:
		return true
	case 3:
		return alg != collectives.Auto
	case 5:
		return alg == collectives.Halving || alg == collectives.Shuffle
	}
	return n < 5 && alg == collectives.Halving
}

// checkWorld runs Check on every end at once and returns rank 0's digest. It returns false for Native where there is none.
func checkWorld(t *testing.T, ends []transport.Transport, alg collectives.Algorithm) (uint64, bool) {
	t.Helper()
	if _, native := ends[0].(transport.Native); alg == collectives.Native && !native {
		if _, err := collectives.New(ends[0], collectives.Config{Algorithm: alg}); err == nil {
			t.Errorf("New accepts native over %T, which has no collectives", ends[0])
		}
		for _, e := range ends {
			e.Close()
		}
		return 0, false
	}
	check := Check
	if testing.Short() {
		check = Quick
	}
	digests, errs := make([]uint64, len(ends)), make([]error, len(ends))
	var wg sync.WaitGroup
	for r, e := range ends {
		wg.Go(func() {
			g, err := collectives.New(e, collectives.Config{Algorithm: alg, Timeout: time.Minute})
			if err == nil {
				digests[r], err = check(t.Context(), g)
				g.Close()
			}
			errs[r] = err
		})
	}
	wg.Wait()
	for r, err := range errs {
		if err != nil {
			t.Errorf("rank %d: %v", r, err)
		}
	}
	return digests[0], true
}

// Check runs every operation on g and returns a digest of the bits of the reductions that all ranks share. Every rank
// must call it; it returns the first difference from what must come out. It leaves g open.
func Check(ctx context.Context, g *collectives.Group) (digest uint64, err error) {
	return suite(ctx, g, false)
}

// Quick is Check with fewer combinations: of the longest vectors, which are shorter, float32 and its means alone.
func Quick(ctx context.Context, g *collectives.Group) (digest uint64, err error) {
	return suite(ctx, g, true)
}

func suite(ctx context.Context, g *collectives.Group, quick bool) (digest uint64, err error) {
	h := new(hash)
	if err := checkSplit(ctx, g); err != nil {
		return 0, fmt.Errorf("collectivestest: %d ranks: %w", g.Size(), err)
	}
	for _, check := range []func(context.Context, *collectives.Group) error{checkRows[float32], checkRows[int32]} {
		if err := check(ctx, g); err != nil {
			return 0, fmt.Errorf("collectivestest: %d ranks: %w", g.Size(), err)
		}
	}
	for _, n := range Lengths(g.Size()) {
		if quick {
			n = min(n, 70_001) // elements: more than a segment still
		}
		if err := checkCompressed(ctx, g, n, h); err != nil {
			return 0, fmt.Errorf("collectivestest: %d ranks, length %d: %w", g.Size(), n, err)
		}
		for k, check := range []func(context.Context, *collectives.Group, int, *hash, bool) error{
			check[float32], check[uint8], check[float64], check[int32], check[int64],
		} {
			if k > 1 && n != g.Size()+1 && n != 257 || quick && k > 0 && n > 4099 {
				continue // where a vector is cut, all types are alike
			}
			if err := check(ctx, g, n, h, quick); err != nil {
				return 0, fmt.Errorf("collectivestest: %d ranks, length %d: %w", g.Size(), n, err)
			}
		}
	}
	return uint64(h.sum), nil
}

// hash digests results. A rank may add only what every rank has.
type hash struct{ sum uint32 }

var table = crc32.MakeTable(crc32.Castagnoli)

func add[T collectives.Elem](h *hash, s []T) {
	if len(s) > 0 {
		h.sum = crc32.Update(h.sum, table, unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0]))))
	}
}

// Input returns the vector of n elements that rank contributes to a test: reproducible, different on every rank, and
// such that sums of floating-point numbers round.
func Input[T collectives.Elem](rank, n int) []T { return slices.Clone(input[T](rank, n)) }

// input returns what Input does, not to be written to: every rank and every algorithm asks for the same again.
func input[T collectives.Elem](rank, n int) []T {
	return remembered(key[T]{rank: rank, n: n}, func() []T { return makeInput[T](rank, n) })
}

func makeInput[T collectives.Elem](rank, n int) []T {
	s := make([]T, n)
	switch p := any(s).(type) {
	case []float32:
		fill(p, rank, func(u uint64) float32 { return float32(int64(u)) * 0x1p-62 })
	case []float64:
		fill(p, rank, func(u uint64) float64 { return float64(int64(u)) * 0x1p-62 })
	case []int32:
		fill(p, rank, func(u uint64) int32 { return int32(u >> 40) })
	case []int64:
		fill(p, rank, func(u uint64) int64 { return int64(u >> 8) })
	case []uint8:
		fill(p, rank, func(u uint64) uint8 { return uint8(u >> 56) })
	}
	return s
}

// fill draws from SplitMix64 (Steele, Lea and Flood, 2014), a stream for each rank and length.
func fill[T any](s []T, rank int, draw func(uint64) T) {
	state := uint64(rank)<<40 | uint64(len(s))
	for i := range s {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		s[i] = draw(z ^ z>>31)
	}
}

// Reference combines the ranks' inputs the dumb way, in rank order, and returns with each element the error that another
// order of the same additions or multiplications may make: for k terms, (k−1)·ε·Σ|xᵢ| for sums and (k−1)·ε·|Πxᵢ| for
// products, to first order, doubled as the reference rounds too; 0 for integers, minima and maxima.
//
// The slices are shared: do not write to them.
func Reference[T collectives.Elem](size, n int, op collectives.Op) (want []T, tolerance []float64) {
	p := remembered(key[T]{size: size, n: n, op: op}, func() reference[T] {
		want, tolerance := makeReference[T](size, n, op)
		return reference[T]{want, tolerance}
	})
	return p.want, p.tolerance
}

type reference[T collectives.Elem] struct {
	want      []T
	tolerance []float64
}

// key says what a remembered value is: the input of a rank, size 0, or the reference for a size.
type key[T collectives.Elem] struct {
	rank, size, n int
	op            collectives.Op
}

var memory sync.Map

// remembered returns the value made for key before, or makes it.
func remembered[V any](key any, make func() V) V {
	if v, ok := memory.Load(key); ok {
		return v.(V)
	}
	v, _ := memory.LoadOrStore(key, make())
	return v.(V)
}

func makeReference[T collectives.Elem](size, n int, op collectives.Op) (want []T, tolerance []float64) {
	want, tolerance = Input[T](0, n), make([]float64, n)
	eps := epsilon[T]()
	for i := range tolerance {
		tolerance[i] = math.Abs(float64(want[i]))
	}
	for r := 1; r < size; r++ {
		for i, x := range input[T](r, n) {
			switch op {
			case collectives.Sum, collectives.Mean:
				want[i] += x
				tolerance[i] += math.Abs(float64(x))
			case collectives.Min:
				want[i] = min(want[i], x)
			case collectives.Max:
				want[i] = max(want[i], x)
			case collectives.Prod:
				want[i] *= x
				tolerance[i] *= math.Abs(float64(x))
			}
		}
	}
	for i := range want {
		if op == collectives.Mean {
			want[i] /= T(size)
			tolerance[i] /= float64(size)
		}
		if op == collectives.Min || op == collectives.Max {
			tolerance[i] = 0
		}
		tolerance[i] *= 2 * float64(size) * eps
	}
	return want, tolerance
}

// epsilon returns the unit roundoff of T, 0 for integers.
func epsilon[T collectives.Elem]() float64 {
	var zero T
	switch any(zero).(type) {
	case float32:
		return 0x1p-24
	case float64:
		return 0x1p-53
	}
	return 0
}
