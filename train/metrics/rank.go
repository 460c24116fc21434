package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Metrics of ranking look at queries of M candidates each, ordered by score:
//
//	output [Q, M], target [Q, M]   how relevant each candidate is: 0 not, 1 or more yes; one below 0 is no candidate (a padding)
//	output [Q, M], target [Q]      integers: which candidate is the relevant one; a query with one below 0 does not count
//	output [N] or [N, 1], target of N numbers: with Candidates = M, N = Q·M rows as a recommender scores them, a query's after
//	one another, such as one item that the user chose among M−1 that were drawn (BigDL's evaluation of NCF)
//
// The result is the mean over the queries. Candidates of equal score have no order: a query's number is its mean over all
// orders, so a model that gives every item the same score does as well as chance. (scikit-learn's ndcg_score does so; BigDL's
// HitRatio and NDCG put the relevant one first.) A query without a relevant candidate counts 0, as in scikit-learn.

// HitRatio is the share of queries with a relevant candidate among the first K. State: 141 words.
type HitRatio struct {
	K          int // 1 or more; 0 means 10
	Candidates int // of a query, where outputs are [N] or [N, 1]
}

// NDCG is the discounted cumulative gain of the first K candidates, Σ relevance/log₂(1+place), as a share of that of the best order.
// State: 141 words.
type NDCG struct {
	K          int // 1 or more; 0 means 10, negative all
	Candidates int // of a query, where outputs are [N] or [N, 1]
	// Exponential has 2^relevance − 1 in place of the relevance (Burges et al., 2005). With one relevant candidate it makes no difference.
	Exponential bool
}

// MRR is the mean reciprocal rank: 1/place of the first relevant candidate. State: 141 words.
type MRR struct {
	K          int // beyond the first K places a candidate counts 0; 0 means no such bound
	Candidates int // of a query, where outputs are [N] or [N, 1]
}

// Name returns "hr@10" for K = 10.
func (m HitRatio) Name() string { return fmt.Sprintf("hr@%d", orTen(m.K)) }

// Better returns Higher.
func (HitRatio) Better() Direction { return Higher }

// New returns an empty accumulator. It panics if K or Candidates is negative.
func (m HitRatio) New() Accumulator {
	k := orTen(m.K)
	if m.K < 0 {
		panic(fmt.Sprintf("metrics: HitRatio: K = %d, want 1 or more", m.K))
	}
	return newRanks(m.Name(), m.Candidates, func(q *query) float64 { return q.hit(k) })
}

// Name returns "ndcg@10" for K = 10, "ndcg" for all.
func (m NDCG) Name() string {
	if m.K < 0 {
		return "ndcg"
	}
	return fmt.Sprintf("ndcg@%d", orTen(m.K))
}

// Better returns Higher.
func (NDCG) Better() Direction { return Higher }

// New returns an empty accumulator. It panics if Candidates is negative.
func (m NDCG) New() Accumulator {
	k := orTen(m.K)
	if k < 0 {
		k = math.MaxInt
	}
	return newRanks(m.Name(), m.Candidates, func(q *query) float64 { return q.gain(k, m.Exponential) })
}

// Name returns "mrr", or "mrr@10" for K = 10.
func (m MRR) Name() string {
	if m.K == 0 {
		return "mrr"
	}
	return fmt.Sprintf("mrr@%d", m.K)
}

// Better returns Higher.
func (MRR) Better() Direction { return Higher }

// New returns an empty accumulator. It panics if K or Candidates is negative.
func (m MRR) New() Accumulator {
	if m.K < 0 {
		panic(fmt.Sprintf("metrics: MRR: K = %d, want 0 or more", m.K))
	}
	k := m.K
	if k == 0 {
		k = math.MaxInt
	}
	return newRanks(m.Name(), m.Candidates, func(q *query) float64 { return q.reciprocal(k) })
}

func orTen(k int) int {
	if k == 0 {
		return 10
	}
	return k
}

func newRanks(name string, candidates int, of func(*query) float64) *mean {
	if candidates < 0 {
		panic(fmt.Sprintf("metrics: %s: Candidates = %d, want 0 or more", name, candidates))
	}
	q := &query{name: name}
	m := &mean{name: name}
	m.of = func(output, target *tensor.Tensor) error {
		queries, size, err := q.read(output, target, candidates)
		if err != nil {
			return err
		}
		for i := range queries {
			counts, err := q.take(i, size)
			if err != nil {
				return err
			}
			if counts {
				m.add(of(q), 1)
			}
		}
		return m.failed
	}
	return m
}

// query is the candidates of one query, the highest score first. It keeps its memory from query to query.
type query struct {
	name           string
	scores, grades []float64
	chosen         bool // grades are one index for each query
	list           []candidate
	ideal          []float64
	discounts      []float64 // 1/log₂(1+place)
}

type candidate struct{ score, grade float64 }

// read takes a batch, and returns how many queries it has and of how many candidates.
func (q *query) read(output, target *tensor.Tensor, candidates int) (queries, size int, err error) {
	switch {
	case output == nil || target == nil:
		return 0, 0, fmt.Errorf("metrics: %s: output nil: %v, target nil: %v: want both", q.name, output == nil, target == nil)
	case !isFloat(output):
		return 0, 0, fmt.Errorf("metrics: %s: the output is %v, want float32 or float64", q.name, output.DType())
	}
	shape, goal := slices.Clone(output.Shape()), slices.Clone(target.Shape())
	q.chosen = false
	switch {
	case candidates > 0:
		if output.Len()%candidates != 0 || target.Len() != output.Len() {
			return 0, 0, fmt.Errorf("metrics: %s: output %v and target %v: want both of a multiple of %d numbers, the candidates of a query",
				q.name, shape, goal, candidates)
		}
		size = candidates
	case len(shape) == 2 && shape[1] > 1 && slices.Equal(shape, goal):
		size = shape[1]
	case len(shape) == 2 && shape[1] > 1 && slices.Equal(shape[:1], goal) && !isFloat(target):
		size, q.chosen = shape[1], true
	default:
		return 0, 0, fmt.Errorf("metrics: %s: output %v and target %v %v: want [Q, M] and [Q, M] or integers [Q]; or set Candidates",
			q.name, shape, target.DType(), goal)
	}
	q.scores, q.grades = floats(q.scores, output), floats(q.grades, target)
	return output.Len() / size, size, nil
}

// take orders the candidates of query i, and reports whether it counts.
func (q *query) take(i, size int) (counts bool, err error) {
	if q.chosen {
		switch c := q.grades[i]; {
		case c < 0:
			return false, nil
		case c >= float64(size):
			return false, fmt.Errorf("metrics: %s: label %v of query %d is out of range [0, %d)", q.name, c, i, size)
		}
	}
	q.list = q.list[:0]
	for c, s := range q.scores[i*size : (i+1)*size] {
		var grade float64
		switch {
		case !q.chosen:
			grade = q.grades[i*size+c]
		case int(q.grades[i]) == c:
			grade = 1
		}
		if grade < 0 {
			continue
		}
		if s != s || !isFinite(grade) {
			return false, fmt.Errorf("metrics: %s: candidate %d of query %d has score %v and relevance %v, want numbers", q.name, c, i, s,
				grade)
		}
		q.list = append(q.list, candidate{s, grade})
	}
	slices.SortFunc(q.list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.grade, a.grade))
	})
	return len(q.list) > 0, nil
}

// ties returns the end of the candidates from start on that have one score, and how many of them are relevant.
func (q *query) ties(start int) (end, relevant int) {
	for end = start; end < len(q.list) && q.list[end].score == q.list[start].score; end++ {
		if q.list[end].grade > 0 {
			relevant++
		}
	}
	return end, relevant
}

// hit returns the probability that a relevant candidate is among the first k.
func (q *query) hit(k int) float64 {
	for start := 0; start < min(k, len(q.list)); {
		end, relevant := q.ties(start)
		size, slots := end-start, min(end, k)-start
		switch {
		case relevant == 0:
		case slots > size-relevant:
			return 1
		default:
			none := 1.0
			for i := range slots {
				none *= float64(size-relevant-i) / float64(size-i)
			}
			return 1 - none
		}
		start = end
	}
	return 0
}

// reciprocal returns the mean of 1/place of the first relevant candidate, 0 beyond place k.
func (q *query) reciprocal(k int) float64 {
	for start := 0; start < min(k, len(q.list)); {
		end, relevant := q.ties(start)
		if relevant == 0 {
			start = end
			continue
		}
		size, sum := end-start, 0.0
		first := float64(relevant) / float64(size) // the probability that the j-th of them is the first that is relevant
		for j := 1; j <= size-relevant+1 && start+j <= k; j++ {
			sum += first / float64(start+j)
			first *= float64(size-relevant-j+1) / float64(max(size-j, 1))
		}
		return sum
	}
	return 0
}

// gain returns the discounted gain of the first k candidates as a share of the best there can be.
func (q *query) gain(k int, exponential bool) float64 {
	for place := len(q.discounts) + 1; place <= len(q.list); place++ {
		q.discounts = append(q.discounts, 1/math.Log2(float64(1+place)))
	}
	worth := func(grade float64) float64 {
		if exponential {
			return math.Exp2(grade) - 1
		}
		return grade
	}
	got, best := 0.0, 0.0
	q.ideal = q.ideal[:0]
	for start := 0; start < len(q.list); {
		end, _ := q.ties(start)
		sum, discount := 0.0, 0.0
		for i, c := range q.list[start:end] {
			sum += worth(c.grade)
			if start+i < k {
				discount += q.discounts[start+i]
			}
			q.ideal = append(q.ideal, worth(c.grade))
		}
		got += float64(sum / float64(end-start) * discount)
		start = end
	}
	slices.Sort(q.ideal)
	slices.Reverse(q.ideal)
	for i, w := range q.ideal[:min(k, len(q.ideal))] {
		best += float64(w * q.discounts[i])
	}
	if best == 0 {
		return 0
	}
	return got / best
}
