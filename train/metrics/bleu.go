package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/internal/elementary"
	"github.com/tutti-ml/tutti/tensor"
)

// BLEU compares generated texts with references by the runs of 1 to MaxN words they share, counted over the whole
// corpus, from 0 to 1. It is of whole words or tokens as the ids stand for them; one that tokenises text by itself,
// as sacrebleu does, gives other numbers for the same sentences.
//
//	output [N, T] integers               the ids of the generated words
//	target [N, T'] or [N, R, T'] integers   those of the reference, or of R references
//
// A sentence ends before the first id that is negative or in Ends; ids in Ignore are left out. A reference that is
// all padding does not count if there are others. Where a sentence has several references, a run counts up to the
// most it has in one of them, and the length compared is the nearest, of two equally near ones the shorter. Source:
// Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002. State: 4 + 2·MaxN words,
// all integers.
type BLEU struct {
	MaxN      int // 1 to 8; 0 means 4
	Smoothing Smoothing
	Ends      []int64
	Ignore    []int64
}

// Smoothing says what becomes of a length of run if none is shared. Runs of one word are never smoothed where
// none is shared: BLEU is then 0. Source: Chen and Cherry, "A systematic comparison of smoothing techniques for
// sentence-level BLEU", 2014.
type Smoothing int

const (
	// NoSmoothing has BLEU be 0.
	NoSmoothing Smoothing = iota
	// Floor counts 0.1 in place of 0: sacrebleu's "floor", nltk's method1.
	Floor
	// AddOne adds 1 to both counts of all runs of two words and more: sacrebleu's "add-k", nltk's method2.
	AddOne
	// Exponential counts ½, ¼, ⅛ … at the first, second, third such length: sacrebleu's default, "exp", nltk's method3.
	Exponential
)

func (m BLEU) maxN() int {
	if m.MaxN == 0 {
		return 4
	}
	return m.MaxN
}

// Name returns "bleu", or "bleu2" for MaxN = 2.
func (m BLEU) Name() string {
	if m.maxN() == 4 {
		return "bleu"
	}
	return fmt.Sprintf("bleu%d", m.MaxN)
}

// Better returns Higher.
func (BLEU) Better() Direction { return Higher }

// New returns an empty accumulator. It panics if MaxN or Smoothing is out of range.
func (m BLEU) New() Accumulator {
	if m.MaxN < 0 || m.MaxN > 8 || m.Smoothing < NoSmoothing || m.Smoothing > Exponential {
		panic(fmt.Sprintf("metrics: BLEU: MaxN = %d, Smoothing = %d, want 1 to 8 and one of the constants", m.MaxN,
			m.Smoothing))
	}
	n := m.maxN()
	return &corpus{options: m, tally: tally{name: m.Name(), per: func(int) int { return 2 + 2*n }}, order: n}
}

// corpus counts: words generated, words of references, then for each length of run how many are shared, and how many
// there are.
type corpus struct {
	tally
	options    BLEU
	order      int
	words      []int64
	references [][]int64
}

// Add counts a batch.
func (c *corpus) Add(output, target *tensor.Tensor) error {
	said, err := c.ids("output", output)
	if err != nil {
		return err
	}
	meant, err := c.ids("target", target)
	if err != nil {
		return err
	}
	if output.Rank() != 2 || target.Rank() != 2 && target.Rank() != 3 || output.Dim(0) != target.Dim(0) {
		return fmt.Errorf("metrics: %s: output %v and target %v: want [N, T] and [N, T'] or [N, R, T']", c.name,
			slices.Clone(output.Shape()), slices.Clone(target.Shape()))
	}
	if err := c.sized(c.order); err != nil {
		return err
	}
	count, length := 1, target.Dim(-1)
	if target.Rank() == 3 {
		count = target.Dim(1)
	}
	if count == 0 {
		return fmt.Errorf("metrics: %s: target %v: want one reference or more", c.name, slices.Clone(target.Shape()))
	}
	for len(c.references) < count {
		c.references = append(c.references, nil)
	}
	width := output.Dim(1)
	for i := range output.Dim(0) {
		c.words = c.sentence(c.words, said[i*width:(i+1)*width])
		kept := 0
		for r := range count {
			at := (i*count + r) * length
			c.references[kept] = c.sentence(c.references[kept], meant[at:at+length])
			if len(c.references[kept]) > 0 {
				kept++
			}
		}
		c.count(c.words, c.references[:max(kept, 1)])
	}
	return nil
}

// ids returns the elements of a tensor of integers.
func (c *corpus) ids(what string, t *tensor.Tensor) ([]int64, error) {
	if t == nil {
		return nil, fmt.Errorf("metrics: %s: the %s is nil", c.name, what)
	}
	switch t.DType() {
	case tensor.Int32:
		t = t.Cast(tensor.Int64)
	case tensor.Int64:
	default:
		return nil, fmt.Errorf("metrics: %s: the %s is %v, want ids, int64 or int32", c.name, what, t.DType())
	}
	return tensor.Data[int64](t.Contiguous()), nil
}

// sentence copies the ids that count.
func (c *corpus) sentence(dst, ids []int64) []int64 {
	dst = dst[:0]
	for _, id := range ids {
		if id < 0 || slices.Contains(c.options.Ends, id) {
			break
		}
		if !slices.Contains(c.options.Ignore, id) {
			dst = append(dst, id)
		}
	}
	return dst
}

// count adds a sentence. A run at place i is shared if fewer like it stand before it than the most in one reference.
// Runs of all lengths are compared at once, by how many words two places have in common. Cost: T·(T + R·T').
func (c *corpus) count(words []int64, references [][]int64) {
	nearest := len(references[0])
	for _, r := range references[1:] {
		near, best := distance(len(r), len(words)), distance(nearest, len(words))
		if near < best || near == best && len(r) < nearest {
			nearest = len(r)
		}
	}
	c.n[0] += int64(len(words))
	c.n[1] += int64(nearest)
	for i := range words {
		var before, most [9]int
		for j := range i {
			tally9(&before, alike(words[i:], words[j:], c.order))
		}
		for _, r := range references {
			var here [9]int
			for j := range r {
				tally9(&here, alike(words[i:], r[j:], c.order))
			}
			for n := range here {
				most[n] = max(most[n], here[n])
			}
		}
		for n := 1; n <= min(c.order, len(words)-i); n++ {
			c.n[1+2*n]++
			if before[n] < most[n] {
				c.n[2*n]++
			}
		}
	}
}

func distance(a, b int) int { return max(a-b, b-a) }

// alike returns how many words a and b have in common from their beginning, at most n.
func alike(a, b []int64, n int) int {
	n = min(n, len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// tally9 counts a run of every length up to n.
func tally9(counts *[9]int, n int) {
	for i := 1; i <= n; i++ {
		counts[i]++
	}
}

// Value returns BLEU, and the precisions, the brevity penalty and the ratio of lengths.
func (c *corpus) Value() Value {
	if c.classes == 0 {
		return Value{Scalar: ratio(0, 0)}
	}
	said, meant := c.n[0], c.n[1]
	brevity := 1.0
	switch {
	case said == 0:
		brevity = 0
	case said < meant:
		brevity = elementary.Exp(1 - ratio(meant, said))
	}
	v := Value{Parts: []Named{{"brevity", brevity}, {"length", ratio(said, meant)}}}
	logs, missing := 0.0, 0
	for n := 1; n <= c.order; n++ {
		shared, all := float64(c.n[2*n]), float64(c.n[1+2*n])
		switch {
		case c.options.Smoothing == AddOne && n > 1:
			shared, all = shared+1, all+1
		case shared > 0 || all == 0:
		case c.options.Smoothing == Floor:
			shared = 0.1
		case c.options.Smoothing == Exponential:
			missing++
			shared = math.Ldexp(1, -missing)
		}
		precision := 0.0
		if all > 0 {
			precision = shared / all
		}
		v.Parts = append(v.Parts, Named{fmt.Sprintf("precision %d", n), precision})
		logs += elementary.Log(precision)
	}
	if c.n[2] > 0 {
		v.Scalar = brevity * elementary.Exp(logs/float64(c.order))
	}
	return v
}
