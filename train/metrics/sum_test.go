package metrics_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/metrics"
)

// exactly adds by math/big, with enough bits for every float64, and rounds once.
func exactly(xs []float64) float64 {
	total := new(big.Float).SetPrec(2300)
	for _, x := range xs {
		total.Add(total, big.NewFloat(x))
	}
	f, _ := total.Float64()
	return f
}

func TestSumIsRoundedOnce(t *testing.T) {
	const least, most = math.SmallestNonzeroFloat64, math.MaxFloat64
	cases := [][]float64{
		nil, {0}, {1}, {-1}, {least}, {-least, -least}, {most}, {most, most, -most, -most, 3}, {most, most}, {-most,
			-most},
		{1, 0x1p-53}, {1, 0x1p-53, least}, {1, 0x1p-53, -least}, {1 + 0x1p-52, 0x1p-53}, {1e16, 1, -1e16}, {0x1p-1022,
			-least},
		{0x1p-1022, 0x1p-1074}, {0x1p63, 1, -0x1p63}, {-0x1p32, 1}, {0x1p-500, -0x1p500, 0x1p500},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		xs := make([]float64, rng.IntN(40))
		for i := range xs {
			xs[i] = math.Ldexp(rng.NormFloat64(), rng.IntN(200)-100)
			if rng.IntN(4) == 0 {
				xs[i] = math.Float64frombits(rng.Uint64() &^ (1 << 62)) // any exponent below 1
			}
			if i > 0 && rng.IntN(3) == 0 {
				xs[i] = -xs[i-1] * (1 + 0x1p-52*float64(rng.IntN(2)))
			}
		}
		cases = append(cases, xs)
	}
	for _, xs := range cases {
		var all, a, b metrics.Sum
		for i, x := range xs {
			all.Add(x)
			if i%3 == 0 {
				a.Add(x)
			} else {
				b.Add(x)
			}
		}
		want := exactly(xs)
		require.Equal(t, want, all.Value(), "the sum of %v", xs)
		var read metrics.Sum
		require.NoError(t, read.Read(a.Words(nil)))
		b.Merge(&read)
		require.Equal(t, all.Words(nil), b.Words(nil), "of two halves of %v", xs)
	}
}

func TestSumOfWhatIsNotFinite(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		xs   []float64
		want float64
	}{{[]float64{1, inf}, inf}, {[]float64{-inf, 2}, -inf}, {[]float64{inf, -inf}, nan}, {[]float64{nan}, nan}} {
		var s metrics.Sum
		for _, x := range c.xs {
			s.Add(x)
		}
		var read metrics.Sum
		require.NoError(t, read.Read(s.Words(nil)))
		if got := read.Value(); got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("the sum of %v = %v, want %v", c.xs, got, c.want)
		}
	}
}

func TestSumReadRefuses(t *testing.T) {
	var s metrics.Sum
	s.Add(-1)
	good := s.Words(nil)
	for _, c := range []struct {
		at   int
		word int64
		want string
	}{
		{0, -1, "digit 0 of a sum is -1, want 0 to 4294967295"},
		{5, 1 << 32, "digit 5 of a sum is 4294967296"},
		{66, 1 << 31, "the highest digit of a sum is 2147483648, want 32 bits"},
		{68, -2, "-2 numbers of a sum that are not finite"},
	} {
		bad := append([]int64(nil), good...)
		bad[c.at] = c.word
		assert.ErrorContains(t, s.Read(bad), c.want)
	}
	assert.ErrorContains(t, s.Read(good[1:]), "69 words for a sum, want 70")
	assert.Equal(t, -1.0, s.Value(), "a sum that could not be read changes nothing")
}
