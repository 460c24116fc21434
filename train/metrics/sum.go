package metrics

import (
	"fmt"
	"math"
	"math/bits"
)

// Sum adds float64 numbers without rounding, so that the order in which they are added does not matter. It is one
// long integer in units of 2⁻¹⁰⁷⁴, the smallest float64 (Kulisch, "Computer Arithmetic and Validity", 2013). The zero
// value is 0. Add costs a few nanoseconds.
type Sum struct {
	digits  [sumDigits]int64 // of 32 bits each, the lowest first; between two carries they have sign and more bits
	added   int              // numbers since the carries were last made
	special [3]int64         // how many were +Inf, -Inf, NaN
}

const (
	sumDigits = 67      // 66 hold every float64, the last what 2⁴⁸ of them carry
	maxAdded  = 1 << 30 // each adds less than 2³² to a digit, which has 63 bits
	// SumWords is the length of a Sum as words.
	SumWords = sumDigits + 3
)

// Add adds x.
func (s *Sum) Add(x float64) {
	b := math.Float64bits(x)
	exponent, m := b>>52&0x7ff, b&(1<<52-1)
	switch exponent {
	case 0:
		exponent = 1
	case 0x7ff:
		s.addSpecial(x)
		return
	default:
		m |= 1 << 52
	}
	if s.added == maxAdded {
		s.carry()
	}
	s.added++
	at := exponent - 1 // the place of m's lowest bit
	d := s.digits[at>>5 : at>>5+3 : at>>5+3]
	shift := at & 31
	low := m << shift & math.MaxUint32
	rest := m >> (32 - shift)
	sign := int64(b) >> 63 // 0 or -1: x^-1 - -1 is -x
	d[0] += int64(low) ^ sign - sign
	d[1] += int64(rest&math.MaxUint32) ^ sign - sign
	d[2] += int64(rest>>32) ^ sign - sign
}

func (s *Sum) addSpecial(x float64) {
	switch {
	case x > 0:
		s.special[0]++
	case x < 0:
		s.special[1]++
	default:
		s.special[2]++
	}
}

// carry brings all digits but the last, which keeps the sign, into [0, 2³²). Equal sums then have equal digits.
func (s *Sum) carry() {
	for i := range sumDigits - 1 {
		c := s.digits[i] >> 32
		s.digits[i] -= c << 32
		s.digits[i+1] += c
	}
	s.added = 1
}

// Merge adds the sum t.
func (s *Sum) Merge(t *Sum) {
	u := *t
	u.carry()
	s.carry()
	for i, d := range u.digits {
		s.digits[i] += d
	}
	s.added++
	for i, n := range u.special {
		s.special[i] += n
	}
}

// Value returns the sum, rounded once, to the nearest float64.
func (s *Sum) Value() float64 {
	plus, minus := s.special[0] > 0, s.special[1] > 0
	switch {
	case s.special[2] > 0 || plus && minus:
		return math.NaN()
	case plus:
		return math.Inf(1)
	case minus:
		return math.Inf(-1)
	}
	u := *s
	u.carry()
	sign := 1.0
	if u.digits[sumDigits-1] < 0 {
		sign = -1
		for i := range u.digits {
			u.digits[i] = -u.digits[i]
		}
		u.carry()
	}
	top := sumDigits - 1
	for top >= 0 && u.digits[top] == 0 {
		top--
	}
	switch top {
	case -1:
		return 0
	case sumDigits - 1:
		return math.Inf(int(sign))
	}
	return sign * u.round(top)
}

// round returns the float64 nearest to positive digits, the highest that is not 0 being top: the 64 bits from
// the first one on, the lowest of them set if there are any behind.
func (s *Sum) round(top int) float64 {
	digit := func(i int) uint64 {
		if i < 0 {
			return 0
		}
		return uint64(s.digits[i])
	}
	n := bits.Len64(digit(top))
	m := digit(top)<<(64-n) | digit(top-1)<<(32-n) | digit(top-2)>>n
	behind := digit(top-2) & (1<<n - 1)
	for i := top - 3; i >= 0 && behind == 0; i-- {
		behind = digit(i)
	}
	if behind != 0 {
		m |= 1
	}
	return math.Ldexp(float64(m), 32*top+n-64-1074) // a subnormal result has few enough bits to be exact
}

// Words appends the sum to dst as SumWords integers; equal sums give equal words.
func (s *Sum) Words(dst []int64) []int64 {
	s.carry()
	return append(append(dst, s.digits[:]...), s.special[:]...)
}

// Read replaces the sum by the first SumWords of words, as Words wrote them.
func (s *Sum) Read(words []int64) error {
	if len(words) < SumWords {
		return fmt.Errorf("metrics: %d words for a sum, want %d", len(words), SumWords)
	}
	for i, d := range words[:sumDigits-1] {
		if d < 0 || d > math.MaxUint32 {
			return fmt.Errorf("metrics: digit %d of a sum is %d, want 0 to %d", i, d, uint32(math.MaxUint32))
		}
	}
	if top := words[sumDigits-1]; top != int64(int32(top)) {
		return fmt.Errorf("metrics: the highest digit of a sum is %d, want 32 bits with sign", top)
	}
	for _, n := range words[sumDigits:SumWords] {
		if n < 0 {
			return fmt.Errorf("metrics: %d numbers of a sum that are not finite", n)
		}
	}
	*s = Sum{added: 1}
	copy(s.digits[:], words)
	copy(s.special[:], words[sumDigits:])
	return nil
}

// pair returns the sum as hi + lo, to twice the digits of a float64.
func (s *Sum) pair() double {
	hi := s.Value()
	if math.IsInf(hi, 0) || hi != hi {
		return double{hi, 0}
	}
	rest := *s
	rest.Add(-hi)
	return double{hi, rest.Value()}
}
