package metrics

import "github.com/tutti-ml/tutti/tensor"

// IoU is the mean intersection over union of segmentation: over the classes that are a label or a prediction
// somewhere, of TP/(TP+FP+FN) counted over all pixels of all images. Outputs are [N, C, H, W] with labels [N, H, W],
// or [N, 1, H, W] with one question a pixel, whose two answers are the classes. It is scikit-learn's jaccard_score
// with average="macro". Parts are the classes; one that is nowhere is NaN. State: 2 + 3·C words.
type IoU struct{ Options }

// Name returns "iou".
func (IoU) Name() string { return "iou" }

// Better returns Higher.
func (IoU) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m IoU) New() Accumulator {
	return &overlap{decisions{tally: tally{name: m.Name(), per: func(c int) int { return 3 * c }},
		in: batch{name: m.Name(), Options: m.Options}}}
}

type overlap struct{ decisions }

// Add counts a batch.
func (o *overlap) Add(output, target *tensor.Tensor) error { return o.decisions.Add(output, target) }

// Value returns the mean and each class.
func (o *overlap) Value() Value {
	var v Value
	sum, n := 0.0, 0
	for c := range o.classes {
		tp := o.n[3*c]
		union := tp + o.n[3*c+1] + o.n[3*c+2]
		v.Parts = append(v.Parts, Named{className(c), ratio(tp, union)})
		if union > 0 {
			sum += ratio(tp, union)
			n++
		}
	}
	v.Scalar = sum / float64(n)
	return v
}
