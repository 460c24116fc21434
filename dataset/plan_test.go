package dataset

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every sample occurs once an epoch, whatever the sizes; parts joined are the batch; sizes follow the rule.
func TestEpochCoversEverySampleOnce(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 97} {
		for _, size := range []int{1, 7, 8, 64} {
			for _, parts := range []int{1, 2, 3, 13} {
				for _, shuffle := range []bool{false, true} {
					p := Plan{N: n, BatchSize: size, Partitions: parts, Shuffle: shuffle, Seed: 5}
					name := fmt.Sprintf("%+v", p)
					e := p.Epoch(3)
					require.Equal(t, int(math.Ceil(float64(n)/float64(size))), p.Steps(), name)
					var seen []int
					for step := range p.Steps() {
						batch := e.Batch(step)
						if got, want := len(batch), min(size, n-step*size); got != want {
							t.Fatalf("%s: batch %d has %d samples, want %d", name, step, got, want)
						}
						var joined []int
						for part := range parts {
							got := e.Part(step, part)
							want := len(batch) / parts
							if part < len(batch)%parts {
								want++
							}
							if len(got) != want {
								t.Fatalf("%s: step %d, part %d has %d samples, want %d", name, step, part, len(got), want)
							}
							joined = append(joined, got...)
						}
						if !slices.Equal(batch, joined) {
							t.Fatalf("%s: parts %v are not the batch %v", name, joined, batch)
						}
						seen = append(seen, batch...)
					}
					if !shuffle {
						require.True(t, slices.IsSorted(seen), name)
					}
					slices.Sort(seen)
					require.True(t, slices.Equal(count(n), seen), "%s: samples %v", name, seen)
				}
			}
		}
	}
}

// The order is written out: a change of it changes every trained model. It comes from this program:
//
//	# PCG-DXSM after O'Neill, as numpy.random.PCG64DXSM has it, but with the state taken as (seed, epoch) itself
//	M128, MULT, INC = 2**128-1, 47026247687942121848144207491837523525, 117397592171526113268558934119004209487
//	def pcg(hi, lo):
//	    s = hi << 64 | lo
//	    while True:
//	        s = (s * MULT + INC) & M128
//	        h, l = s >> 64, (s & 2**64-1) | 1
//	        h ^= h >> 32; h = h * 0xda942042e4dd58b5 % 2**64; h ^= h >> 48; yield h * l % 2**64
//	def order(n, seed, epoch):
//	    a, r = list(range(n)), pcg(seed, epoch)
//	    for i in range(n-1, 0, -1):
//	        while True:
//	            m = next(r) * (i+1)
//	            if m % 2**64 >= 2**64 % (i+1): break
//	        a[i], a[m >> 64] = a[m >> 64], a[i]
//	    return a
//	print(order(10, 1, 0), order(10, 1, 1), order(10, 2, 0))
func TestShuffleGolden(t *testing.T) {
	for _, c := range []struct {
		seed  uint64
		epoch int
		want  []int
	}{
		{1, 0, []int{7, 6, 1, 3, 2, 4, 8, 9, 0, 5}},
		{1, 1, []int{2, 5, 8, 3, 4, 1, 7, 6, 0, 9}},
		{2, 0, []int{4, 2, 9, 5, 8, 0, 1, 3, 7, 6}},
	} {
		p := Plan{N: 10, BatchSize: 10, Partitions: 1, Shuffle: true, Seed: c.seed}
		assert.Equal(t, c.want, p.Epoch(c.epoch).Batch(0), "seed %d, epoch %d", c.seed, c.epoch)
	}
}

// Over all orders of 4 samples each of the 24 permutations is as likely: χ² with 23 degrees of freedom stays below 49.7, the
// 0.999 quantile. Epochs follow one another as training does.
func TestShuffleIsUniform(t *testing.T) {
	const epochs = 24_000
	p := Plan{N: 4, BatchSize: 4, Partitions: 1, Shuffle: true, Seed: 1}
	count := make(map[[4]int]int)
	for e := range epochs {
		count[[4]int(p.Epoch(e).Batch(0))]++
	}
	require.Len(t, count, 24)
	chi2, want := 0.0, epochs/24.0
	for _, n := range count {
		chi2 += (float64(n) - want) * (float64(n) - want) / want
	}
	assert.Less(t, chi2, 49.7)
}

func TestPlanIsPure(t *testing.T) {
	p := Plan{N: 100, BatchSize: 8, Partitions: 3, Shuffle: true, Seed: math.MaxUint64}
	assert.Equal(t, p.Epoch(7).numbers(), p.Epoch(7).numbers())
	assert.NotEqual(t, p.Epoch(7).numbers(), p.Epoch(8).numbers())
	q := p
	q.BatchSize, q.Partitions = 13, 1
	assert.Equal(t, p.Epoch(7).numbers(), q.Epoch(7).numbers(), "the order depends on the cut")
	q.Seed = 0
	assert.NotEqual(t, p.Epoch(7).numbers(), q.Epoch(7).numbers())
	assert.Equal(t, p, p.Epoch(7).Plan())
}

// Appending to a returned slice must not reach the samples that follow.
func TestPartsCannotBeAppendedInto(t *testing.T) {
	e := Plan{N: 4, BatchSize: 4, Partitions: 2}.Epoch(0)
	_ = append(e.Part(0, 0), 99)
	assert.Equal(t, []int{2, 3}, e.Part(0, 1))
}

func TestPlanMisuse(t *testing.T) {
	ok := Plan{N: 5, BatchSize: 2, Partitions: 2}
	for want, call := range map[string]func(){
		"dataset: Plan: N is -1, want at least 0":                  func() { Plan{N: -1, BatchSize: 1, Partitions: 1}.Epoch(0) },
		"dataset: Plan: BatchSize is 0, want at least 1":           func() { Plan{N: 1, Partitions: 1}.Steps() },
		"dataset: Plan: Partitions is 0, want at least 1":          func() { Plan{N: 1, BatchSize: 1}.Epoch(0) },
		"dataset: Plan.Epoch: epoch -1, want at least 0":           func() { ok.Epoch(-1) },
		"dataset: Epoch.Batch: step 3 of 3":                        func() { ok.Epoch(0).Batch(3) },
		"dataset: Epoch.Batch: step -1 of 3":                       func() { ok.Epoch(0).Batch(-1) },
		"dataset: Epoch.Part: part 2 of 2":                         func() { ok.Epoch(0).Part(0, 2) },
		"dataset: Epoch.Part: part -1 of 2":                        func() { ok.Epoch(0).Part(0, -1) },
		"dataset: Epoch.Open: part 2 of 2":                         func() { ok.Epoch(0).Open(numbered(5), 2, 0) },
		"dataset: Epoch.Open: from step 4 of 3":                    func() { ok.Epoch(0).Open(numbered(5), 0, 4) },
		"dataset: Epoch.Open: a plan for 5 samples, tensors has 6": func() { ok.Epoch(0).Open(numbered(6), 0, 0) },
	} {
		assert.PanicsWithValue(t, want, call)
	}
	assert.NoError(t, ok.Validate())
}
