package metrics

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/internal/elementary"
	"github.com/tutti-ml/tutti/tensor"
)

// LogLoss is the mean of −log p(label), in nats. From logits it is computed in float64 and without a bound.
// Probabilities are kept ε and 1−ε away from the ends, as in scikit-learn, ε being 2⁻²³ for float32 and 2⁻⁵² for
// float64, and rows of them must add up to 1. A target of class probabilities t counts −Σ t·log p. State: 141 words.
type LogLoss struct{ Options }

// Name returns "log-loss".
func (LogLoss) Name() string { return "log-loss" }

// Better returns Lower.
func (LogLoss) Better() Direction { return Lower }

// New returns an empty accumulator.
func (m LogLoss) New() Accumulator { return newLogLoss(m.Name(), m.Options, nil) }

// Perplexity is e to the power of LogLoss: a language model's over the words of all texts, with the padding in
// Ignore. State: 141 words.
type Perplexity struct{ Options }

// Name returns "perplexity".
func (Perplexity) Name() string { return "perplexity" }

// Better returns Lower.
func (Perplexity) Better() Direction { return Lower }

// New returns an empty accumulator.
func (m Perplexity) New() Accumulator { return newLogLoss(m.Name(), m.Options, elementary.Exp) }

func newLogLoss(name string, o Options, finish func(float64) float64) *mean {
	in := &batch{name: name, Options: o}
	m := &mean{name: name, finish: finish}
	m.of = func(output, target *tensor.Tensor) error {
		if err := in.read(output, target); err != nil {
			return err
		}
		for r, label := range in.labels {
			if label < 0 {
				continue
			}
			scores, err := in.row(r)
			if err != nil {
				return err
			}
			loss, err := in.surprise(r, scores)
			if err != nil {
				return err
			}
			m.add(loss, 1)
		}
		return m.failed
	}
	return m
}

// surprise returns −log p of row r's label, or what its class probabilities make of it.
func (b *batch) surprise(r int, scores []float64) (float64, error) {
	if b.Probabilities {
		return b.surpriseOf(r, scores)
	}
	if len(scores) == 1 {
		yes := b.share(r)
		return float64(yes*softplus(-scores[0])) + float64((1-yes)*softplus(scores[0])), nil
	}
	most := scores[argMax(scores)]
	if math.IsInf(most, 0) {
		return 0, fmt.Errorf("metrics: %s: the largest of the logits of row %d is %v", b.name, r, most)
	}
	sum := 0.0
	for _, s := range scores {
		sum += elementary.Exp(s - most)
	}
	total := elementary.Log(sum)
	if b.soft == nil {
		return total - (scores[b.labels[r]] - most), nil
	}
	loss := 0.0
	for c, s := range scores {
		if t := b.soft[b.place(r)+c*b.step]; t != 0 {
			loss += float64(t * (total - (s - most)))
		}
	}
	return loss, nil
}

// surpriseOf is surprise for probabilities.
func (b *batch) surpriseOf(r int, p []float64) (float64, error) {
	least := 0x1p-52
	if b.f64 == nil {
		least = 0x1p-23
	}
	sum := 0.0
	for c, v := range p {
		if !(v >= 0 && v <= 1+least) {
			return 0, fmt.Errorf("metrics: %s: probability %d of row %d is %v, want 0 to 1: are these logits?", b.name,
				c, r, v)
		}
		sum += v
	}
	if off := math.Sqrt(least) * math.Sqrt(float64(len(p))); len(p) > 1 && math.Abs(sum-1) > off {
		return 0, fmt.Errorf("metrics: %s: the probabilities of row %d add up to %v, want 1: are these logits?", b.name,
			r, sum)
	}
	log := func(v float64) float64 { return -elementary.Log(min(max(v, least), 1-least)) }
	switch {
	case len(p) == 1:
		yes := b.share(r)
		return float64(yes*log(p[0])) + float64((1-yes)*log(1-p[0])), nil
	case b.soft == nil:
		return log(p[b.labels[r]]), nil
	}
	loss := 0.0
	for c, v := range p {
		loss += float64(b.soft[b.place(r)+c*b.step] * log(v))
	}
	return loss, nil
}

// share returns how much of a yes the target of a yes-or-no question is.
func (b *batch) share(r int) float64 {
	if b.floatGoal {
		return min(max(b.goal[r], 0), 1)
	}
	return float64(b.labels[r])
}

// softplus returns log(1 + eˣ).
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(elementary.Exp(-math.Abs(x))) }
