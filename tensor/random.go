package tensor

// This file draws whole numbers. As with Uniform and Normal, a generator in the same state gives the same numbers on every
// machine: they are made from its 64-bit words by integer arithmetic, and by sums, products and quotients of float64 that are
// each rounded on their own.

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"sort"

	"github.com/tutti-ml/tutti/internal/caller"
)

// RandInt fills t, of any dtype that counts, with whole numbers drawn evenly from lo ≤ v < hi, converted as Cast does. It draws
// in row-major order.
func (t *Tensor) RandInt(r *rand.Rand, lo, hi int64) {
	mustDraw(r)
	if lo >= hi {
		panic(fmt.Sprintf("tensor: RandInt: no number from %d below %d", lo, hi))
	}
	x := New(Int64, t.shape...)
	for i, data := 0, Data[int64](x); i < len(data); i++ {
		data[i] = lo + int64(below(r, uint64(hi)-uint64(lo)))
	}
	t.CopyFrom(x.to(t.dtype))
}

// Bernoulli fills t, of any dtype, with 1 (true) with probability p and 0 (false) otherwise. It draws one number an element, in
// row-major order.
func (t *Tensor) Bernoulli(r *rand.Rand, p float64) {
	mustDraw(r)
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("tensor: Bernoulli: probability %v", p))
	}
	x := New(Bool, t.shape...)
	for i, data := 0, Data[bool](x); i < len(data); i++ {
		data[i] = r.Float64() < p
	}
	t.CopyFrom(x.to(t.dtype))
}

// Permutation returns the numbers 0 … n−1 in random order, every order as likely: an Int64 tensor [n]. To shuffle x along an
// axis, Take(x, axis, Permutation(r, x.Dim(axis))). Source: Durstenfeld, Algorithm 235, CACM 7(7), 1964.
func Permutation(r *rand.Rand, n int) *Tensor {
	mustDraw(r)
	x := New(Int64, n)
	p := Data[int64](x)
	for i := range p {
		j := int(below(r, uint64(i)+1))
		p[i] = p[j]
		p[j] = int64(i)
	}
	return x
}

// Multinomial returns n indices drawn with probabilities in proportion to the weights along the last axis, for each of the
// others: an Int64 tensor.
//
//	weights [..., K]   result [..., n]
//
// With replacement an index may come again; without, each is drawn from those left, and there must be n whose weight is not
// zero. Weights are Float32 or Float64, finite, not negative, and not all zero; it panics otherwise.
//
// Without replacement, the n smallest of −log(uᵢ)/wᵢ are taken, with one uᵢ from (0, 1) for each weight. Source: Efraimidis and
// Spirakis, Information Processing Letters 97(5), 2006.
func Multinomial(r *rand.Rand, weights *Tensor, n int, replacement bool) *Tensor {
	mustDraw(r)
	if len(weights.shape) == 0 || weights.dtype != Float32 && weights.dtype != Float64 {
		panic(fmt.Sprintf("tensor: Multinomial: weights of dtype %v and shape %v", weights.dtype, weights.shape))
	}
	last := len(weights.shape) - 1
	k := weights.shape[last]
	all := Data[float64](weights.Contiguous().to(Float64))
	dst := New(Int64, append(append([]int(nil), weights.shape[:last]...), n)...)
	out := Data[int64](dst)
	work := make([]float64, k)
	for ; len(out) > 0 && k > 0; all, out = all[k:], out[n:] {
		w := all[:k]
		possible := 0
		for i, v := range w {
			if !(v >= 0) || v-v != 0 {
				panic(fmt.Sprintf("tensor: Multinomial: weight %v at index %d", v, i))
			}
			if v > 0 {
				possible++
			}
		}
		if possible == 0 || !replacement && possible < n {
			panic(fmt.Sprintf("tensor: Multinomial: %d indices from %d weights that are not zero", n, possible))
		}
		if replacement {
			drawAgain(r, out[:n], w, work)
		} else {
			drawOnce(r, out[:n], w, work)
		}
	}
	if k == 0 && dst.n > 0 {
		panic(fmt.Sprintf("tensor: Multinomial: %d indices from 0 weights that are not zero", n))
	}
	return dst
}

// drawAgain finds random numbers below the total among the cumulative weights.
func drawAgain(r *rand.Rand, out []int64, w, sums []float64) {
	total, last := 0.0, 0
	for i, v := range w {
		total += v
		sums[i] = total
		if v > 0 {
			last = i
		}
	}
	for i := range out {
		u := float64(r.Float64() * total)
		at := sort.Search(len(sums), func(j int) bool { return sums[j] > u })
		out[i] = int64(min(at, last)) // u may round to the total
	}
}

// drawOnce takes the smallest keys.
func drawOnce(r *rand.Rand, out []int64, w, keys []float64) {
	keys = keys[:0]
	var from []int64
	for i, v := range w {
		u := (float64(r.Uint64()>>12) + 0.5) * 0x1p-52 // never 0 or 1
		if v > 0 {
			keys, from = append(keys, -portableLog(u)/v), append(from, int64(i))
		}
	}
	for i, j := range Data[int64](ArgSort(FromSlice(keys), 0, Ascending))[:len(out)] {
		out[i] = from[j]
	}
}

// below returns a number below n > 0, every one as likely. Source: Lemire, ACM TOMACS 29(1), 2019, without its shortcut for the
// first word.
func below(r *rand.Rand, n uint64) uint64 {
	reject := -n % n // 2⁶⁴ mod n
	for {
		if hi, lo := bits.Mul64(r.Uint64(), n); lo >= reject {
			return hi
		}
	}
}

// mustDraw panics if there is no generator, in the name of the function that was called without one, such as a layer's
// constructor.
func mustDraw(r *rand.Rand) {
	if r == nil {
		panic(caller.Name("") + ": the generator is nil: pass rand.New(rand.NewPCG(seed, 0)), whose numbers can be " +
			"drawn again")
	}
}
