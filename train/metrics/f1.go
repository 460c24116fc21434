package metrics

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// Average says how a number of each class becomes one.
type Average int

const (
	// Auto is Positive where there are two classes, and Macro where there are more, or several labels a sample.
	Auto     Average = iota
	Positive         // that of class 1, however many there are: scikit-learn's "binary"
	Macro            // the mean over the classes
	Micro            // of all classes counted together; with one label a sample it is the accuracy
	Weighted         // the mean over the classes, each weighed by how many labels it has
)

// String returns "auto", "positive", "macro", "micro" or "weighted".
func (a Average) String() string {
	if a < Auto || a > Weighted {
		return fmt.Sprintf("Average(%d)", int(a))
	}
	return [...]string{"auto", "positive", "macro", "micro", "weighted"}[a]
}

func (a Average) named(name string) string {
	if a == Auto {
		return name
	}
	return name + "-" + a.String()
}

// Precision is the share of a class's predictions that are right. Precision, Recall and F1 share their fields and
// rules, which are scikit-learn's: a class that is neither a label nor a prediction is no part of a mean, and a
// quotient 0/0 is 0. With Multilabel, each of C columns is a yes-or-no question, the target has the output's shape
// (an integer below 0 does not count), and every column is part of a mean. Parts are the classes, "class 3". State: 2
// + 3·C words.
type Precision struct {
	Average    Average
	Multilabel bool
	Options
}

// Recall is the share of a class's samples that are found. See Precision.
type Recall Precision

// F1 is the harmonic mean of precision and recall, 2·TP/(2·TP+FP+FN). See Precision.
type F1 Precision

// Name returns "precision", "precision-macro" and so on.
func (m Precision) Name() string { return m.Average.named("precision") }

// Better returns Higher.
func (Precision) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m Precision) New() Accumulator {
	return m.of(m.Name(), func(tp, fp, fn int64) float64 { return orZero(tp, tp+fp) })
}

// Name returns "recall", "recall-macro" and so on.
func (m Recall) Name() string { return m.Average.named("recall") }

// Better returns Higher.
func (Recall) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m Recall) New() Accumulator {
	return Precision(m).of(m.Name(), func(tp, fp, fn int64) float64 { return orZero(tp, tp+fn) })
}

// Name returns "f1", "f1-macro" and so on.
func (m F1) Name() string { return m.Average.named("f1") }

// Better returns Higher.
func (F1) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m F1) New() Accumulator {
	return Precision(m).of(m.Name(), func(tp, fp, fn int64) float64 { return orZero(2*tp, 2*tp+fp+fn) })
}

func orZero(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return ratio(a, b)
}

// of returns an accumulator that scores a class by its true and false positives and false negatives.
func (m Precision) of(name string, score func(tp, fp, fn int64) float64) Accumulator {
	if m.Average < Auto || m.Average > Weighted {
		panic(fmt.Sprintf("metrics: %s: no such average: %d", name, int(m.Average)))
	}
	if m.Multilabel && m.Average == Positive {
		panic(fmt.Sprintf("metrics: %s: Multilabel with Average %v: want macro, micro or weighted", name, m.Average))
	}
	return &decisions{tally: tally{name: name, per: func(c int) int { return 3 * c }},
		in: batch{name: name, Options: m.Options}, average: m.Average, multilabel: m.Multilabel, score: score}
}

// decisions counts true positives, false positives and false negatives of each class.
type decisions struct {
	tally
	in         batch
	average    Average
	multilabel bool
	score      func(tp, fp, fn int64) float64
}

// Add counts a batch.
func (d *decisions) Add(output, target *tensor.Tensor) error {
	if d.multilabel {
		return d.addColumns(output, target)
	}
	if err := d.in.read(output, target); err != nil {
		return err
	}
	if err := d.sized(d.in.classesOf()); err != nil {
		return err
	}
	for r, label := range d.in.labels {
		if label < 0 {
			continue
		}
		said, err := d.in.said(r)
		if err != nil {
			return err
		}
		if said == int(label) {
			d.n[3*said]++
		} else {
			d.n[3*said+1]++
			d.n[3*int(label)+2]++
		}
	}
	return nil
}

// addColumns counts a batch in which each column is a question.
func (d *decisions) addColumns(output, target *tensor.Tensor) error {
	if err := d.in.readColumns(output, target); err != nil {
		return err
	}
	if err := d.sized(d.in.classes); err != nil {
		return err
	}
	for r := range d.in.rows {
		scores, err := d.in.row(r)
		if err != nil {
			return err
		}
		for c, s := range scores {
			yes, ignored := d.in.column(r, c)
			if ignored {
				continue
			}
			switch said := d.in.yes(s); {
			case said && yes:
				d.n[3*c]++
			case said:
				d.n[3*c+1]++
			case yes:
				d.n[3*c+2]++
			}
		}
	}
	return nil
}

// Value returns the average and each class.
func (d *decisions) Value() Value {
	average := d.average
	if average == Auto {
		average = Macro
		if d.classes == 2 && !d.multilabel {
			average = Positive
		}
	}
	var all [3]int64
	var sum, weight float64
	var v Value
	for c := range d.classes {
		tp, fp, fn := d.n[3*c], d.n[3*c+1], d.n[3*c+2]
		all[0], all[1], all[2] = all[0]+tp, all[1]+fp, all[2]+fn
		score := d.score(tp, fp, fn)
		v.Parts = append(v.Parts, Named{className(c), score})
		switch {
		case average == Weighted:
			sum += float64(float64(tp+fn) * score)
			weight += float64(tp + fn)
		case d.multilabel || tp+fp+fn > 0:
			sum += score
			weight++
		}
	}
	switch {
	case average == Micro && (d.multilabel && d.classes > 0 || all != [3]int64{}):
		v.Scalar = d.score(all[0], all[1], all[2])
	case average == Positive && len(v.Parts) > 1 && weight > 0:
		v.Scalar = v.Parts[1].Value
	case average == Weighted && weight == 0 && all != [3]int64{}:
		v.Scalar = 0
	case average == Micro || average == Positive:
		v.Scalar = ratio(0, 0)
	default:
		v.Scalar = sum / weight
	}
	return v
}

func className(c int) string { return fmt.Sprintf("class %d", c) }
