package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// box is a rectangle with a class: a detection, with a score, or an object, which may be one not to be counted.
type box struct {
	x1, y1, x2, y2 float64
	class          int
	score          float64
	aside          bool // of an object: hard to see, or a crowd
}

// area is that of a box, 0 if it is turned inside out. With inclusive corners a box of one pixel has x1 = x2.
func (b box) area(inclusive float64) float64 {
	w, h := b.x2-b.x1+inclusive, b.y2-b.y1+inclusive
	if w <= 0 || h <= 0 {
		return 0
	}
	return float64(w * h)
}

// common is the area of what two boxes share.
func common(a, b box, inclusive float64) float64 {
	return box{x1: max(a.x1, b.x1), y1: max(a.y1, b.y1), x2: min(a.x2, b.x2), y2: min(a.y2, b.y2)}.area(inclusive)
}

// iou is the intersection over the union, or, of a crowd, over the detection alone.
func iou(detection, object box, inclusive float64, crowd bool) float64 {
	shared := common(detection, object, inclusive)
	if shared == 0 {
		return 0
	}
	union := detection.area(inclusive)
	if !crowd {
		union += object.area(inclusive) - shared
	}
	return shared / union
}

// boxes reads batches of boxes, padded to one number for each image. It keeps its memory.
type boxes struct {
	name           string
	output, target []float64
	columns        int   // of the target
	found, objects []box // of one image
}

// read takes a batch, and returns how many images it has.
func (b *boxes) read(output, target *tensor.Tensor) (images int, err error) {
	switch {
	case output == nil || target == nil:
		return 0, fmt.Errorf("metrics: %s: output nil: %v, target nil: %v: want both", b.name, output == nil,
			target == nil)
	case !isFloat(output):
		return 0, fmt.Errorf("metrics: %s: the output is %v, want float32 or float64", b.name, output.DType())
	case output.Rank() != 3 || target.Rank() != 3 || output.Dim(0) != target.Dim(0) || output.Dim(2) != 6 ||
		target.Dim(2) != 5 && target.Dim(2) != 6:
		return 0, fmt.Errorf("metrics: %s: output %v and target %v: want [N, D, 6] and [N, G, 5 or 6]", b.name,
			slices.Clone(output.Shape()), slices.Clone(target.Shape()))
	}
	b.output, b.target, b.columns = floats(b.output, output), floats(b.target, target), target.Dim(2)
	return output.Dim(0), nil
}

// image takes the boxes of image n of so many: detections by class and falling score, at equal scores as they lie.
func (b *boxes) image(n, images int) error {
	b.found, b.objects = b.found[:0], b.objects[:0]
	rows := b.output[len(b.output)/images*n : len(b.output)/images*(n+1)]
	for i := 0; i < len(rows); i += 6 {
		r := rows[i : i+6]
		if r[0] < 0 {
			continue
		}
		if err := b.check("detection", n, i/6, r); err != nil {
			return err
		}
		b.found = append(b.found, box{class: int(r[0]), score: r[1], x1: r[2], y1: r[3], x2: r[4], y2: r[5]})
	}
	slices.SortStableFunc(b.found, func(x, y box) int {
		return cmp.Or(cmp.Compare(x.class, y.class), cmp.Compare(y.score, x.score))
	})
	rows = b.target[len(b.target)/images*n : len(b.target)/images*(n+1)]
	for i := 0; i < len(rows); i += b.columns {
		r := rows[i : i+b.columns]
		if r[0] < 0 {
			continue
		}
		if err := b.check("object", n, i/b.columns, r); err != nil {
			return err
		}
		if r[3] < r[1] || r[4] < r[2] {
			return fmt.Errorf("metrics: %s: object %d of image %d has corners (%v, %v) and (%v, %v), want the "+
				"smaller first",
				b.name, i/b.columns, n, r[1], r[2], r[3], r[4])
		}
		b.objects = append(b.objects, box{class: int(r[0]), x1: r[1], y1: r[2], x2: r[3], y2: r[4],
			aside: len(r) > 5 && r[5] > 0})
	}
	return nil
}

// check wants a class that is a whole number, and no number that is not finite.
func (b *boxes) check(what string, image, i int, row []float64) error {
	for _, v := range row {
		if !isFinite(v) {
			return fmt.Errorf("metrics: %s: %s %d of image %d is %v, want finite numbers", b.name, what, i, image, row)
		}
	}
	if class := row[0]; class != math.Floor(class) || class > math.MaxInt32 {
		return fmt.Errorf("metrics: %s: %s %d of image %d has class %v, want a whole number up to %d", b.name, what, i,
			image,
			class, math.MaxInt32)
	}
	return nil
}
