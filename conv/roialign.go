package conv

// This file cuts regions of any place and size out of feature maps, by bilinear interpolation.

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/parallel"
)

// RoIShape says the sizes of one RoIAlign.
type RoIShape struct {
	N, C, H, W int     // feature maps: images, their channels, height and width
	R, S       int     // height and width of every output, in bins
	Scale      float64 // pixels of a feature map for one unit of the boxes' coordinates; zero means one
	// Samples is the number of sampling points along each side of a bin; zero means as many as it has pixels, rounded up.
	Samples int
	// Aligned shifts boxes by half a pixel, so that their coordinates are those of pixel edges: more exact, and what new models use.
	Aligned bool
}

// RoIAlign stores in y, for every box, the mean of bilinear samples of x in R×S bins.
//
//	x [N, C, H, W]   boxes [B, 5]: image, x1, y1, x2, y2   y [B, C, R, S]
//
// It panics if lengths disagree or a box names no image. Semantics: torchvision's roi_align. Source: He et al., "Mask R-CNN",
// arXiv:1703.06870.
func RoIAlign[T vec.Float](s RoIShape, y, x, boxes []T) {
	n := s.check("RoIAlign", len(y), len(x), boxesOf(boxes))
	parallel.For(n, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			samples(s, boxes[5*b:][:5], func(image, bin int, weight float64, at [4]int, share [4]float64) {
				for c := range s.C {
					plane := x[(image*s.C+c)*s.H*s.W:][:s.H*s.W]
					sum := 0.0
					for i, k := range at {
						sum += share[i] * float64(plane[k])
					}
					y[(b*s.C+c)*s.R*s.S+bin] += T(weight * sum)
				}
			}, func() { clear(y[b*s.C*s.R*s.S:][:s.C*s.R*s.S]) })
		}
	})
}

// RoIAlignBackward adds to dx the gradient with respect to the feature maps of RoIAlign. Boxes are not differentiated.
func RoIAlignBackward[T vec.Float](s RoIShape, dx, dy, boxes []T) {
	n := s.check("RoIAlignBackward", len(dy), len(dx), boxesOf(boxes))
	parallel.For(s.C, 1, func(lo, hi int) { // boxes overlap, channels do not
		for b := range n {
			samples(s, boxes[5*b:][:5], func(image, bin int, weight float64, at [4]int, share [4]float64) {
				for c := lo; c < hi; c++ {
					plane, g := dx[(image*s.C+c)*s.H*s.W:][:s.H*s.W], weight*float64(dy[(b*s.C+c)*s.R*s.S+bin])
					for i, k := range at {
						plane[k] += T(share[i] * g)
					}
				}
			}, func() {})
		}
	})
}

func boxesOf[T vec.Float](boxes []T) int {
	if len(boxes)%5 != 0 {
		panic(fmt.Sprintf("conv: RoIAlign: %d numbers are no boxes of 5", len(boxes)))
	}
	return len(boxes) / 5
}

func (s RoIShape) check(op string, lenY, lenX, boxes int) int {
	positive(op, "C", s.C)
	positive(op, "H", s.H)
	positive(op, "W", s.W)
	positive(op, "R", s.R)
	positive(op, "S", s.S)
	length(op, "x", lenX, s.N*s.C*s.H*s.W)
	length(op, "y", lenY, boxes*s.C*s.R*s.S)
	return boxes
}

// samples calls start, and fn for every sampling point of a box that lies in the image: its bin, its weight in the bin's mean, and
// the four pixels around it with their shares.
func samples[T vec.Float](s RoIShape, box []T, fn func(image, bin int, weight float64, at [4]int, share [4]float64), start func()) {
	start()
	image := int(box[0])
	if image < 0 || image >= s.N {
		panic(fmt.Sprintf("conv: RoIAlign: a box of image %d, there are %d", image, s.N))
	}
	scale, shift := s.Scale, 0.0
	if scale == 0 {
		scale = 1
	}
	if s.Aligned {
		shift = 0.5
	}
	x1, y1 := float64(box[1])*scale-shift, float64(box[2])*scale-shift
	width, height := float64(box[3])*scale-shift-x1, float64(box[4])*scale-shift-y1
	if !s.Aligned { // the original lets no box be smaller than a pixel
		width, height = max(width, 1), max(height, 1)
	}
	binH, binW := height/float64(s.R), width/float64(s.S)
	rows, cols := s.Samples, s.Samples
	if rows <= 0 {
		rows, cols = int(math.Ceil(binH)), int(math.Ceil(binW))
	}
	weight := 1 / float64(max(rows*cols, 1))
	for r := range s.R {
		for q := range s.S {
			for i := range rows {
				y := y1 + float64(r)*binH + (float64(i)+0.5)*binH/float64(rows)
				for k := range cols {
					x := x1 + float64(q)*binW + (float64(k)+0.5)*binW/float64(cols)
					if y < -1 || y > float64(s.H) || x < -1 || x > float64(s.W) {
						continue
					}
					h0, h1, fh := between(y, s.H)
					w0, w1, fw := between(x, s.W)
					fn(image, r*s.S+q, weight,
						[4]int{h0*s.W + w0, h0*s.W + w1, h1*s.W + w0, h1*s.W + w1},
						[4]float64{(1 - fh) * (1 - fw), (1 - fh) * fw, fh * (1 - fw), fh * fw})
				}
			}
		}
	}
}

// between returns the pixels before and behind a coordinate, and how far it is from the first.
func between(x float64, size int) (lo, hi int, f float64) {
	x = max(x, 0)
	lo = int(x)
	if lo >= size-1 {
		return size - 1, size - 1, 0
	}
	return lo, lo + 1, x - float64(lo)
}
