package metrics

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/tensor"
)

// Metrics of ranking look at queries of M candidates each, ordered by score:
//
//	output [Q, M]          target [Q, M]   how relevant each candidate is: 0 not, more yes; below 0 it is a padding
//	output [Q, M]          target [Q]      integers: which candidate is relevant; below 0 the query does not count
//	output [N] or [N, 1]   target of N     how relevant each is; N = Q·M, and Candidates = M
//
// The last is how a recommender scores: a query's candidates stand after one another, such as one item that the user
// chose and M−1 that were drawn (BigDL's evaluation of NCF).
//
// The result is the mean over the queries. Candidates of equal score have no order: a query's number is its mean over
// all orders, so a model that gives every item the same score does as well as chance. (scikit-learn's ndcg_score does
// so; BigDL's HitRatio and NDCG put the relevant one first.) A query without a relevant candidate counts 0, as in
// scikit-learn.

// HitRatio is the share of queries with a relevant candidate among the first K. State: 141 words.
type HitRatio struct {
	K          int // 1 or more; 0 means 10
	Candidates int // of a query, where outputs are [N] or [N, 1]
}

// NDCG is the discounted cumulative gain of the first K candidates, Σ relevance/log₂(1+place), as a share of that of
// the best order. State: 141 words.
type NDCG struct {
	K          int // 1 or more; 0 means 10, negative all
	Candidates int // of a query, where outputs are [N] or [N, 1]
	// Exponential has 2^relevance − 1 in place of the relevance (Burges et al., 2005). With one relevant candidate it
	// makes no difference.
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
