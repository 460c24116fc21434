package metrics

// AUC is the area under the ROC curve: the probability that a sample of a yes has a higher score than one of a no,
// ties counting half. With more than two classes it is the mean over the classes, each against the rest, of their
// probabilities (scikit-learn's multi_class="ovr", average="macro"); with Multilabel the mean over the columns. The
// classes are its parts. A class without a yes or without a no has no area: its part is NaN and it is no part of the
// mean, where scikit-learn's mean would be NaN. If no class has one, the scalar is NaN.
//
// State: 8 bytes for each sample, and with C > 2 classes or columns for each of its C scores, on every rank after a
// merge.
type AUC struct {
	Multilabel bool // each of C columns is a yes-or-no question; the target has the output's shape
	Options
}

// Name returns "auc".
func (AUC) Name() string { return "auc" }

// Better returns Higher.
func (AUC) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m AUC) New() Accumulator { return newCurves(m.Name(), m.Options, m.Multilabel, (*curve).roc) }

// roc counts the pairs in which the yes has the higher score, twice, and those of equal scores, once: integers,
// whatever the scores.
func (c *curve) roc() float64 {
	var twice, below, equal int64
	at := 0
	for i, y := range c.yes {
		if i == 0 || y != c.yes[i-1] {
			below += equal
			for ; at < len(c.no) && c.no[at] < y; at++ {
				below++
			}
			equal = 0
			for ; at < len(c.no) && c.no[at] == y; at++ {
				equal++
			}
		}
		twice += 2*below + equal
	}
	return ratio(twice, 2*int64(len(c.yes))*int64(len(c.no)))
}

// AveragePrecision is the area under the curve of precision over recall, as the sum over thresholds of precision
// times the gain in recall, without interpolation: scikit-learn's average_precision_score. Classes and columns are as
// AUC has them. A class without a yes has no area: its part is NaN and it is no part of the mean, where scikit-learn
// counts 0. State: as AUC's.
type AveragePrecision struct {
	Multilabel bool // each of C columns is a yes-or-no question; the target has the output's shape
	Options
}

// Name returns "pr-auc".
func (AveragePrecision) Name() string { return "pr-auc" }

// Better returns Higher.
func (AveragePrecision) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m AveragePrecision) New() Accumulator {
	return newCurves(m.Name(), m.Options, m.Multilabel, (*curve).averagePrecision)
}

// averagePrecision walks the thresholds from the highest score down.
func (c *curve) averagePrecision() float64 {
	area := 0.0
	y, n := len(c.yes), len(c.no) // those not yet above the threshold
	for y > 0 {
		threshold, before := c.yes[y-1], y
		for y > 0 && c.yes[y-1] == threshold {
			y--
		}
		for n > 0 && c.no[n-1] >= threshold {
			n--
		}
		found := len(c.yes) - y
		precision := float64(found) / float64(found+len(c.no)-n)
		area += float64(precision * float64(before-y))
	}
	return area / float64(len(c.yes))
}
