package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

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
		return 0, 0, fmt.Errorf("metrics: %s: output nil: %v, target nil: %v: want both", q.name, output == nil,
			target == nil)
	case !isFloat(output):
		return 0, 0, fmt.Errorf("metrics: %s: the output is %v, want float32 or float64", q.name, output.DType())
	}
	shape, goal := output.Shape(), target.Shape()
	q.chosen = false
	switch {
	case candidates > 0:
		if output.Len()%candidates != 0 || target.Len() != output.Len() {
			return 0, 0,
				fmt.Errorf("metrics: %s: output %v and target %v: want both of a multiple of Candidates = %d",
					q.name, slices.Clone(shape), slices.Clone(goal), candidates)
		}
		size = candidates
	case len(shape) == 2 && shape[1] > 1 && slices.Equal(shape, goal):
		size = shape[1]
	case len(shape) == 2 && shape[1] > 1 && slices.Equal(shape[:1], goal) && !isFloat(target):
		size, q.chosen = shape[1], true
	default:
		return 0, 0,
			fmt.Errorf("metrics: %s: output %v and target %v %v: want [Q, M] and [Q, M] or integers [Q], or Candidates",
				q.name, slices.Clone(shape), target.DType(), slices.Clone(goal))
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
			return false,
				fmt.Errorf("metrics: %s: candidate %d of query %d has score %v and relevance %v, want numbers", q.name,
					c, i, s,
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
		if relevant == 0 {
			start = end
			continue
		}
		size, none := end-start, 1.0
		for i := range min(end, k) - start { // places to be filled without a relevant one
			none *= float64(max(size-relevant-i, 0)) / float64(size-i)
		}
		return 1 - none
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
		first := float64(relevant) / float64(size) // the probability that the j-th of them is the first relevant one
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
