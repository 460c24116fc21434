package metrics

import "slices"

// marks say of one detection, at each threshold of IoU a bit, whether it found an object, or is neither right nor
// wrong. What is in neither is wrong.
type marks struct{ hit, aside uint16 }

// matchCOCO gives the detections of one image, in order, to objects of their class as pycocotools does: to the one of
// highest IoU among those that are not taken, to one set aside only if there is no other. Detections beyond the first
// most of a class are left out.
func (b *boxes) matchCOCO(thresholds []float64, inclusive float64, most int, each func(d box, m marks)) {
	taken := make([]uint16, len(b.objects))
	nth := 0
	for i, d := range b.found {
		if nth++; i == 0 || d.class != b.found[i-1].class {
			nth = 1
		}
		if nth > most {
			continue
		}
		var m marks
		for t, least := range thresholds {
			bit, best, bestIoU := uint16(1)<<t, -1, min(least, 1-1e-10)
			for j, o := range b.objects {
				has, spare := best >= 0 && !b.objects[best].aside, best >= 0 && b.objects[best].aside
				if o.class != d.class || taken[j]&bit != 0 && !o.aside || has && o.aside {
					continue
				}
				v := iou(d, o, inclusive, o.aside)
				if v >= bestIoU || spare && !o.aside && v >= min(least, 1-1e-10) {
					best, bestIoU = j, v
				}
			}
			switch {
			case best < 0:
			case b.objects[best].aside:
				m.aside |= bit
			default:
				m.hit |= bit
				taken[best] |= bit
			}
		}
		each(d, m)
	}
}

// matchVOC gives the detections of one image to objects as the VOC development kit does: to the one of highest IoU,
// which may be taken already, and then the detection is wrong.
func (b *boxes) matchVOC(thresholds []float64, inclusive float64, most int, each func(d box, m marks)) {
	taken := make([]uint16, len(b.objects))
	nth := 0
	for i, d := range b.found {
		if nth++; i == 0 || d.class != b.found[i-1].class {
			nth = 1
		}
		if nth > most {
			continue
		}
		best, bestIoU := -1, 0.0
		for j, o := range b.objects {
			if o.class != d.class {
				continue
			}
			if v := iou(d, o, inclusive, false); best < 0 || v > bestIoU {
				best, bestIoU = j, v
			}
		}
		var m marks
		for t, least := range thresholds {
			bit := uint16(1) << t
			switch {
			case best < 0 || bestIoU < least:
			case b.objects[best].aside:
				m.aside |= bit
			case taken[best]&bit == 0:
				m.hit |= bit
				taken[best] |= bit
			}
		}
		each(d, m)
	}
}

// point is where a curve of precision over recall has a threshold.
type point struct{ recall, precision float64 }

// points returns the curve of detections, by falling score, at threshold t, of so many objects: one point behind each
// run of equal scores. Each precision is raised to the highest at its recall or beyond.
func points(dst []point, found []detection, t, objects int) []point {
	dst = dst[:0]
	right, all := 0, 0
	for i, d := range found {
		switch bit := uint16(1) << t; {
		case d.hit&bit != 0:
			right++
			all++
		case d.aside&bit == 0:
			all++
		}
		if (i+1 == len(found) || found[i+1].score != d.score) && all > 0 {
			dst = append(dst, point{float64(right) / float64(objects), float64(right) / float64(all)})
		}
	}
	for i := len(dst) - 2; i >= 0; i-- {
		dst[i].precision = max(dst[i].precision, dst[i+1].precision)
	}
	return dst
}

// sampled is the mean precision at so many recalls from 0 to 1, evenly spaced.
func sampled(curve []point, recalls int) float64 {
	step, sum := 1/float64(recalls-1), 0.0
	for i := range recalls {
		recall := float64(float64(i) * step)
		if i == recalls-1 {
			recall = 1
		}
		at, _ := slices.BinarySearchFunc(curve, recall, func(p point, r float64) int {
			if p.recall < r {
				return -1
			}
			return 1
		})
		if at < len(curve) {
			sum += curve[at].precision
		}
	}
	return sum / float64(recalls)
}

// areaUnder is the area under the raised curve.
func areaUnder(curve []point) float64 {
	area, from := 0.0, 0.0
	for _, p := range curve {
		area += float64((p.recall - from) * p.precision)
		from = p.recall
	}
	return area
}
