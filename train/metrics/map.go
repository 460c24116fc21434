package metrics

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// MeanAP is the mean average precision of detection: the mean over classes, and over thresholds of IoU, of the area
// under the curve of precision over recall.
//
//	output [N, D, 6]        detections: class, score, x1, y1, x2, y2; a class below 0 is a padding
//	target [N, G, 5 or 6]   objects: class, x1, y1, x2, y2, and whether it is set aside (above 0); padded likewise
//
// An object that is set aside, VOC's "difficult" or COCO's "iscrowd", need not be found, and to find it is no
// mistake. A class without another object has no area: its part is NaN and it is no part of the mean. Detections of
// equal score enter the curve together, in whichever images they are; within an image the first of them has the first
// choice of objects.
//
// State: 3 words, 2 for each class, 2 for each detection, on every rank after a merge.
type MeanAP struct {
	Rule          APRule
	IoU           []float64 // thresholds, at most 16; nil means 0.5, and 0.5, 0.55, … 0.95 for COCO
	MaxDetections int       // of an image and class, those of highest score; 0 means all, and 100 for COCO
	Inclusive     bool      // corners are pixels of the box, as in VOC's files: its width is x2−x1+1
}

// APRule says what an average precision is.
type APRule int

const (
	// COCO is the mean of the highest precisions at a recall of 0, 0.01 … 1 or beyond. Source: pycocotools' cocoeval.
	COCO APRule = iota
	// VOC is the area under these, exactly. Source: the VOC development kit, 2010 and later.
	VOC
	// VOC11 is the mean of those at 0, 0.1 … 1. Source: the development kit of 2007; Everingham et al., 2010.
	VOC11
)

// Name returns "map", "voc-map" or "voc-map11", with the threshold if there is one that is not the rule's: "map75".
func (m MeanAP) Name() string {
	name := "map"
	switch m.Rule {
	case VOC:
		name = "voc-map"
	case VOC11:
		name = "voc-map11"
	}
	if len(m.IoU) == 1 && (m.Rule == COCO || m.IoU[0] != 0.5) {
		if m.Rule != COCO {
			name += "@"
		}
		name += fmt.Sprint(math.Round(m.IoU[0]*1e4) / 100)
	}
	return name
}

// Better returns Higher.
func (MeanAP) Better() Direction { return Higher }

// New returns an empty accumulator. It panics if there are more than 16 thresholds, or one is not above 0 and up to
// 1.
func (m MeanAP) New() Accumulator {
	if m.Rule < COCO || m.Rule > VOC11 || m.MaxDetections < 0 || len(m.IoU) > 16 {
		panic(fmt.Sprintf("metrics: MeanAP: Rule = %d, MaxDetections = %d, %d thresholds of IoU; want COCO, VOC or "+
			"VOC11, 0 or more, at most 16", m.Rule, m.MaxDetections, len(m.IoU)))
	}
	for _, v := range m.IoU {
		if !(v > 0 && v <= 1) {
			panic(fmt.Sprintf("metrics: MeanAP: IoU = %v, want above 0 and up to 1", m.IoU))
		}
	}
	a := &averages{in: boxes{name: m.Name()}, rule: m.Rule, thresholds: m.IoU, most: m.MaxDetections,
		objects: map[int]int64{}}
	if a.thresholds == nil {
		a.thresholds = []float64{0.5}
		if m.Rule == COCO {
			for i := 1; i < 10; i++ {
				a.thresholds = append(a.thresholds, float64(50+5*i)/100)
			}
		}
	}
	switch {
	case a.most == 0 && m.Rule == COCO:
		a.most = 100
	case a.most == 0:
		a.most = math.MaxInt
	}
	if m.Inclusive {
		a.inclusive = 1
	}
	return a
}

// detection is what is kept of one.
type detection struct {
	class int
	score float64
	marks
}

// averages is the accumulator. As words: tag, the number of classes, the number of detections; for each class that
// has objects, class and objects; for each detection class·2³² + hit·2¹⁶ + aside, and the score's bits.
type averages struct {
	in         boxes
	rule       APRule
	thresholds []float64
	most       int
	inclusive  float64
	objects    map[int]int64 // of each class, those not set aside
	found      []detection
}

// Add matches a batch's detections to its objects.
func (a *averages) Add(output, target *tensor.Tensor) error {
	images, err := a.in.read(output, target)
	if err != nil {
		return err
	}
	match := a.in.matchVOC
	if a.rule == COCO {
		match = a.in.matchCOCO
	}
	for n := range images {
		if err := a.in.image(n, images); err != nil {
			return err
		}
		for _, o := range a.in.objects {
			if !o.aside {
				a.objects[o.class]++
			}
		}
		match(a.thresholds, a.inclusive, a.most, func(d box, m marks) {
			a.found = append(a.found, detection{d.class, d.score, m})
		})
	}
	return nil
}

// State returns the objects of each class and all detections.
func (a *averages) State() []int64 {
	state := []int64{tag(a.in.name), int64(len(a.objects)), int64(len(a.found))}
	for _, class := range slices.Sorted(maps.Keys(a.objects)) {
		state = append(state, int64(class), a.objects[class])
	}
	for _, d := range a.found {
		state = append(state, int64(d.class)<<32|int64(d.hit)<<16|int64(d.aside), int64(math.Float64bits(d.score)))
	}
	return state
}

// Merge adds another accumulator's objects and detections.
func (a *averages) Merge(state []int64) error {
	if err := checkTag(a.in.name, state, 3); err != nil {
		return err
	}
	classes, found, rest := state[1], state[2], state[3:]
	if n := int64(len(rest)); classes < 0 || found < 0 || classes > n || found > n || 2*(classes+found) != n {
		return fmt.Errorf("metrics: %s: a state of %d classes and %d detections in %d words", a.in.name, classes, found,
			len(state))
	}
	objects, rest := rest[:2*classes], rest[2*classes:]
	for i := 0; i < len(objects); i += 2 {
		if objects[i] < 0 || objects[i] > math.MaxInt32 || objects[i+1] < 0 {
			return fmt.Errorf("metrics: %s: a state of class %d with %d objects", a.in.name, objects[i], objects[i+1])
		}
	}
	for i := 0; i < len(rest); i += 2 {
		if score := math.Float64frombits(uint64(rest[i+1])); rest[i] < 0 || !isFinite(score) {
			return fmt.Errorf("metrics: %s: a state of detection %x with score %v", a.in.name, rest[i], score)
		}
	}
	for i := 0; i < len(objects); i += 2 {
		a.objects[int(objects[i])] += objects[i+1]
	}
	for i := 0; i < len(rest); i += 2 {
		a.found = append(a.found, detection{int(rest[i] >> 32), math.Float64frombits(uint64(rest[i+1])),
			marks{uint16(rest[i] >> 16), uint16(rest[i])}})
	}
	return nil
}

// Value returns the mean and each class.
func (a *averages) Value() Value {
	slices.SortFunc(a.found, func(x, y detection) int {
		return cmp.Or(cmp.Compare(x.class, y.class), cmp.Compare(y.score, x.score))
	})
	classes := map[int][]detection{}
	for class := range a.objects {
		classes[class] = nil
	}
	for from := 0; from < len(a.found); {
		class, to := a.found[from].class, from
		for to < len(a.found) && a.found[to].class == class {
			to++
		}
		classes[class] = a.found[from:to]
		from = to
	}
	var v Value
	var curve []point
	total, n := 0.0, 0
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		objects, sum := int(a.objects[class]), 0.0
		if objects == 0 {
			v.Parts = append(v.Parts, Named{className(class), ratio(0, 0)})
			continue
		}
		for t := range a.thresholds {
			curve = points(curve, classes[class], t, objects)
			switch a.rule {
			case VOC:
				sum += areaUnder(curve)
			case VOC11:
				sum += sampled(curve, 11)
			default:
				sum += sampled(curve, 101)
			}
		}
		area := sum / float64(len(a.thresholds))
		v.Parts = append(v.Parts, Named{className(class), area})
		total += area
		n++
	}
	v.Scalar = total / float64(n)
	return v
}
