package tensorboard

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/tensor"
)

// edges are the limits of the buckets: 0 and ±1e-12·1.1ⁿ up to 1e20, those of TensorFlow's histograms and of PyTorch's
// SummaryWriter.add_histogram (bins='tensorflow').
//
// cells finds a bucket without a search: for the exponent and the first four bits of the mantissa of a magnitude it
// has the last edge that is not above the smallest such number, an index into positive. A step of 1/16 of a power of
// two is narrower than a bucket, so the bucket is that one or the next.
var edges = sync.OnceValue(func() (e struct {
	positive []float64
	limits   []float64
	cells    []int32
}) {
	for v := 1e-12; v < 1e20; v *= 1.1 {
		e.positive = append(e.positive, v)
	}
	for i := len(e.positive) - 1; i >= 0; i-- {
		e.limits = append(e.limits, -e.positive[i])
	}
	e.limits = append(append(e.limits, 0), e.positive...)
	low, high := cell(1e-12), cell(1e20)
	for at, c := 0, low; c <= high; c++ {
		smallest := math.Float64frombits(uint64(c) << cellShift)
		for at+1 < len(e.positive) && e.positive[at+1] <= smallest {
			at++
		}
		e.cells = append(e.cells, int32(at))
	}
	return e
})

const cellShift = 48 // of 52 bits of mantissa, four are kept

func cell(magnitude float64) int { return int(math.Float64bits(magnitude) >> cellShift) }

// histogram is a HistogramProto in the making. Bucket j counts what is in [limits[j], limits[j+1]); the first and the
// last also what lies beyond.
type histogram struct {
	min, max, sum, squares float64
	num, lost              int // elements that are finite; that are not
	counts                 []uint64
}

// histogramOf counts the elements of x in their order.
func histogramOf[T float32 | float64](x []T) histogram {
	e := edges()
	n := len(e.positive)
	h := histogram{min: math.Inf(1), max: math.Inf(-1), counts: make([]uint64, 2*n)}
	byEdges := make([]uint64, 2*(n+1)) // by sign, and by how many edges are not above the magnitude
	first, beyond := e.positive[0], e.positive[n-1]
	low := cell(first)
	for _, element := range x {
		v := float64(element)
		m := math.Abs(v)
		if !(m <= math.MaxFloat64) {
			h.lost++
			continue
		}
		if v < h.min {
			h.min = v
		}
		if v > h.max {
			h.max = v
		}
		h.sum += v
		h.squares += float64(v * v)
		sign := int(math.Float64bits(v) >> 63)
		at := 0
		switch {
		case m == 0:
			sign = 0
		case m >= beyond:
			at = n
		case m >= first:
			at = int(e.cells[cell(m)-low]) + 1
			if e.positive[at] <= m {
				at++
			}
			if e.positive[at-1] == m { // a negative edge is the lower limit of its bucket
				at -= sign
			}
		}
		byEdges[sign*(n+1)+at]++
	}
	h.num = len(x) - h.lost
	for at := range n + 1 {
		h.counts[n+min(at, n-1)] += byEdges[at]
		h.counts[n-1-min(at, n-1)] += byEdges[n+1+at]
	}
	return h
}

// append writes h as a HistogramProto, without the empty buckets at both ends. An empty one stays on the left: its
// limit is where the first that is not begins.
func (h *histogram) append(b []byte) []byte {
	limits, from, to := edges().limits, 0, len(h.counts)
	for h.counts[from] == 0 {
		from++
	}
	for h.counts[to-1] == 0 {
		to--
	}
	b = appendDouble(b, 1, h.min)
	b = appendDouble(b, 2, h.max)
	b = appendDouble(b, 3, float64(h.num))
	b = appendDouble(b, 4, h.sum)
	b = appendDouble(b, 5, h.squares)
	b = appendDoubles(b, 6, limits[from:to+1])
	b = binary.AppendUvarint(appendKey(b, 7, wireBytes), uint64(8*(to-from+1)))
	b = append(b, make([]byte, 8)...)
	for _, c := range h.counts[from:to] {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(c)))
	}
	return b
}

// Histogram writes how the elements of values are distributed, with the buckets of TensorFlow and of PyTorch's
// SummaryWriter.add_histogram: 0 and ±1e-12·1.1ⁿ up to 1e20. Sums are taken in float64, element after element.
//
// Elements that are not finite are in no bucket and no sum; where there are some, their number is written as the
// scalar tag+"/not-finite". A tensor without elements is an error.
func (w *Writer) Histogram(tag string, values *tensor.Tensor, step int64) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	if values.Len() == 0 {
		return fmt.Errorf("tensorboard: histogram %s at step %d: tensor of shape %v, want at least 1 element", tag, step,
			values.Shape())
	}
	var h histogram
	switch values.DType() {
	case tensor.Float32:
		h = histogramOf(tensor.Data[float32](values.Contiguous()))
	case tensor.Float64:
		h = histogramOf(tensor.Data[float64](values.Contiguous()))
	default:
		h = histogramOf(tensor.Data[float64](values.Contiguous().Cast(tensor.Float64)))
	}
	return w.write(time.Time{}, step, func(b []byte) []byte {
		b, sum := open(b, eventSummary)
		if h.num > 0 {
			var value, proto int
			b, value = open(b, 1)
			b = appendString(b, valueTag, tag)
			b, proto = open(b, valueHistogram)
			b = shut(shut(h.append(b), proto), value)
		}
		if h.lost > 0 {
			b = appendScalar(b, tag+"/not-finite", float64(h.lost))
		}
		return shut(b, sum)
	})
}
