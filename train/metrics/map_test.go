package metrics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/metrics"
)

// one image's boxes: rows of class, score, x1, y1, x2, y2 and of class, x1, y1, x2, y2, set aside.
func found(rows ...[6]float32) *tensor.Tensor { return image(rows) }
func meant(rows ...[6]float32) *tensor.Tensor { return image(rows) }

func image(rows [][6]float32) *tensor.Tensor {
	t := tensor.New(tensor.Float32, 1, len(rows), 6)
	for i, r := range rows {
		copy(tensor.Data[float32](t)[6*i:], r[:])
	}
	return t
}

// TestMeanAPByHand has cases whose curves can be drawn by hand. With two objects and detections right, wrong, right,
// the raised precision is 1 up to a recall of ½ and ⅔ up to 1: the area is ½ + ⅓; at 11 recalls 6 are at 1 and 5 at
// ⅔; at 101, 51 and 50.
func TestMeanAPByHand(t *testing.T) {
	a, b, far := [4]float32{0, 0, 10, 10}, [4]float32{20, 0, 30, 10}, [4]float32{50, 50, 60, 60}
	d := func(score float32, r [4]float32) [6]float32 { return [6]float32{0, score, r[0], r[1], r[2], r[3]} }
	o := func(r [4]float32, aside float32) [6]float32 { return [6]float32{0, r[0], r[1], r[2], r[3], aside} }
	padding := [6]float32{-1, float32(math.NaN()), 0, 0, 0, 0}
	coco := metrics.MeanAP{IoU: []float64{0.5}}
	voc, voc11 := metrics.MeanAP{Rule: metrics.VOC}, metrics.MeanAP{Rule: metrics.VOC11}
	half := [4]float32{0, 0, 10, 5} // IoU with a: exactly ½
	three := found(d(0.9, a), d(0.8, far), d(0.7, b), padding)
	two := meant(o(a, 0), o(b, 0), padding)
	for name, c := range map[string]struct {
		m              metrics.Metric
		output, target *tensor.Tensor
		want           float64
	}{
		"VOC":                        {voc, three, two, 0.5 + 1.0/3},
		"VOC11":                      {voc11, three, two, (6 + 5*2.0/3) / 11},
		"COCO":                       {coco, three, two, (51 + 50*2.0/3) / 101},
		"found twice":                {voc, found(d(0.9, a), d(0.8, a), d(0.7, b)), two, 0.5 + 1.0/3},
		"the threshold itself, VOC":  {voc, found(d(0.9, half)), meant(o(a, 0)), 1},
		"the threshold itself, COCO": {coco, found(d(0.9, half)), meant(o(a, 0)), 1},
		"inclusive": {metrics.MeanAP{Rule: metrics.VOC, Inclusive: true}, found(d(1, [4]float32{0, 0, 10, 4})),
			meant(o(a, 0)), 0},
		"difficult":          {voc, found(d(0.9, far), d(0.8, a), d(0.7, far)), meant(o(a, 0), o(far, 1)), 1},
		"a crowd takes many": {coco, found(d(0.9, far), d(0.8, a), d(0.7, far)), meant(o(far, 1), o(a, 0)), 1},
		"a crowd by the detection's area": {coco, found(d(0.9, [4]float32{50, 50, 52, 52}), d(0.8, a)),
			meant(o(far, 1), o(a, 0)), 1},
		"an object before a crowd":        {coco, found(d(0.9, a)), meant(o(a, 1), o(half, 0)), 1},
		"an object, and a crowd after it": {coco, found(d(0.9, a)), meant(o(half, 0), o(a, 1)), 1},
		"none found":                      {coco, found(padding), two, 0},
		"turned inside out": {voc, found(d(0.9, [4]float32{10, 10, 0, 0}), d(0.8, a)),
			meant(o(a, 0)), 0.5},
		"no objects":                  {coco, three, meant(padding), math.NaN()},
		"most detections":             {metrics.MeanAP{IoU: []float64{0.5}, MaxDetections: 1}, three, two, 51.0 / 101},
		"equal scores enter together": {voc, found(d(0.9, a), d(0.9, far), d(0.9, b)), two, 2.0 / 3},
		// The taken object is the nearest to the second detection: VOC calls it wrong, COCO gives it the other one.
		"the nearest is taken, VOC": {voc, found(d(0.9, a), d(0.8, a)),
			meant(o(a, 0), o([4]float32{0, 0, 10, 8}, 0)), 0.5},
		"the nearest is taken, COCO": {coco, found(d(0.9, a), d(0.8, a)),
			meant(o(a, 0), o([4]float32{0, 0, 10, 8}, 0)), 1},
	} {
		got := value(t, c.m, c.output, c.target)
		if !(math.Abs(got-c.want) < 1e-14) && !(got != got && c.want != c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestMeanAPOverThresholds: a box of IoU 0.7 is right at 0.5, 0.55 … 0.7, five of COCO's ten thresholds.
func TestMeanAPOverThresholds(t *testing.T) {
	acc := metrics.MeanAP{}.New()
	require.NoError(t, acc.Add(found([6]float32{3, 0.9, 0, 0, 10, 7}), meant([6]float32{3, 0, 0, 10, 10, 0})))
	v := acc.Value()
	assert.InDelta(t, 0.5, v.Scalar, 1e-15)
	assert.Equal(t, "class 3", v.Parts[0].Name)
}
