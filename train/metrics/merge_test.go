package metrics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

// TestMergeKeepsTheBits cuts samples into batches at random, deals these out to 1, 2, 3 and 5 accumulators, merges
// their states in any order, and wants the bits of one accumulator that took all samples at once.
func TestMergeKeepsTheBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range peers(t) {
		m, err := metrics.ByName(c.Metric)
		require.NoError(t, err)
		whole := m.New()
		require.NoError(t, whole.Add(c.output, c.target))
		want := whole.Value()
		unit := 1
		if strings.Contains(c.Metric, "candidates=10") {
			unit = 10
		}
		for _, ranks := range []int{1, 2, 3, 5} {
			accs := make([]metrics.Accumulator, ranks)
			for i := range accs {
				accs[i] = m.New()
			}
			for lo, n := 0, c.output.Dim(0); lo < n; {
				hi := min(n, lo+unit*(1+rng.IntN(5)))
				acc := accs[rng.IntN(ranks)]
				require.NoError(t, acc.Add(c.output.Slice(0, lo, hi), c.target.Slice(0, lo, hi)), "%s %s", c.Metric,
					c.Name)
				lo = hi
			}
			total := m.New()
			for _, i := range rng.Perm(ranks) {
				if rng.IntN(2) == 0 {
					accs[i].Value() // may sort; must change nothing
				}
				require.NoError(t, total.Merge(accs[i].State()))
			}
			if got := total.Value(); !same(got, want) {
				t.Errorf("%s %s over %d accumulators: %v, want %v", c.Metric, c.Name, ranks, got, want)
			}
			assert.True(t, same(total.Value(), want), "%s: a second Value", c.Metric)
		}
	}
}

func same(a, b metrics.Value) bool {
	x, y := a.Results("m"), b.Results("m")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		nans := x[i].Value != x[i].Value && y[i].Value != y[i].Value
		if x[i].Name != y[i].Name || !nans && math.Float64bits(x[i].Value) != math.Float64bits(y[i].Value) {
			return false
		}
	}
	return true
}

// TestSamplesInOtherOrder gives samples in reverse: no metric may depend on the order of its samples.
func TestSamplesInOtherOrder(t *testing.T) {
	for _, c := range peers(t) {
		if strings.Contains(c.Metric, "candidates=10") {
			continue // ten rows are a sample
		}
		m, err := metrics.ByName(c.Metric)
		require.NoError(t, err)
		forth, back := m.New(), m.New()
		require.NoError(t, forth.Add(c.output, c.target))
		require.NoError(t, back.Add(tensor.Flip(c.output, 0), tensor.Flip(c.target, 0)))
		assert.True(t, same(forth.Value(), back.Value()), "%s %s: %v, in other order %v", c.Metric, c.Name,
			forth.Value(), back.Value())
	}
}

// TestEmpty has metrics say NaN of nothing, and their states merge.
func TestEmpty(t *testing.T) {
	for _, m := range metrics.All {
		a, b := m.New(), m.New()
		require.NoError(t, a.Merge(b.State()), m.Name())
		v := a.Value()
		assert.True(t, math.IsNaN(v.Scalar), "%s of nothing is %v", m.Name(), v.Scalar)
	}
	for _, c := range peers(t)[:60] { // batches of no samples
		m, err := metrics.ByName(c.Metric)
		require.NoError(t, err)
		a, b := m.New(), m.New()
		require.NoError(t, a.Add(c.output.Slice(0, 0, 0), c.target.Slice(0, 0, 0)), c.Metric)
		assert.True(t, math.IsNaN(a.Value().Scalar), "%s of an empty batch is %v", c.Metric, a.Value().Scalar)
		require.NoError(t, b.Add(c.output, c.target))
		want := b.Value()
		require.NoError(t, b.Merge(a.State()), c.Metric)
		assert.True(t, same(b.Value(), want), "%s: with an empty state %v, want %v", c.Metric, b.Value(), want)
	}
}

// TestMergeRefuses has states of other metrics, of other sizes and with numbers that no state has be errors that
// change nothing.
func TestMergeRefuses(t *testing.T) {
	for _, c := range peers(t) {
		m, err := metrics.ByName(c.Metric)
		require.NoError(t, err)
		full := m.New()
		require.NoError(t, full.Add(c.output, c.target))
		state, want := full.State(), full.Value()
		other := append([]int64(nil), state...)
		other[0]++
		for what, bad := range map[string][]int64{"nothing": nil, "another metric's": other,
			"a word less": state[:len(state)-1],
			"a word more": append(append([]int64(nil), state...), 0), "a tag alone": state[:1]} {
			err := full.Merge(bad)
			require.ErrorContains(t, err, "metrics: "+m.Name()+": ", "%s: a state that is %s", c.Metric, what)
			require.True(t, same(full.Value(), want), "%s: a state that is %s changed the value", c.Metric, what)
		}
	}
	f1 := metrics.F1{}.New()
	require.NoError(t, f1.Add(tensor.New(tensor.Float32, 2, 3), tensor.New(tensor.Int64, 2)))
	bad := f1.State()
	bad[4] = -1
	assert.EqualError(t, f1.Merge(bad), "metrics: f1: count 2 of a state is -1")
	a := metrics.Accuracy{}.New()
	require.NoError(t, a.Add(tensor.New(tensor.Float32, 2, 3), tensor.New(tensor.Int64, 2)))
	b := metrics.Accuracy{}.New()
	require.NoError(t, b.Add(tensor.New(tensor.Float32, 2, 4), tensor.New(tensor.Int64, 2)))
	assert.EqualError(t, a.Merge(b.State()), "metrics: accuracy: 4 classes after 3")
}

// FuzzMerge reads states that nobody wrote: no panic, and no more memory than a state has words.
func FuzzMerge(f *testing.F) {
	for i, c := range peers(f) {
		m, err := metrics.ByName(c.Metric)
		require.NoError(f, err)
		acc := m.New()
		require.NoError(f, acc.Add(c.output, c.target))
		state := acc.State()
		at := slices.IndexFunc(metrics.All, func(o metrics.Metric) bool { return o.Name() == m.Name() })
		if at >= 0 && i%3 == 0 {
			f.Add(uint(at), bytesOf(state[1:]))
		}
	}
	f.Fuzz(func(t *testing.T, which uint, text []byte) {
		m := metrics.All[which%uint(len(metrics.All))]
		acc := m.New()
		state := acc.State()[:1]
		for ; len(text) >= 8; text = text[8:] {
			word := int64(0)
			for i, b := range text[:8] {
				word |= int64(b) << (8 * i)
			}
			state = append(state, word)
		}
		if acc.Merge(state) != nil {
			return
		}
		acc.Value()
		again := m.New()
		require.NoError(t, again.Merge(acc.State()), "%s: its own state %v", m.Name(), acc.State())
		require.True(t, same(acc.Value(), again.Value()), "%s: %v, merged %v", m.Name(), acc.Value(), again.Value())
	})
}

func bytesOf(words []int64) []byte {
	var text []byte
	for _, w := range words {
		for i := range 8 {
			text = append(text, byte(w>>(8*i)))
		}
	}
	return text
}
