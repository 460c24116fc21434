package transform

import (
	"context"
	"math"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// This file gathers means, deviations and extremes.

// layout says where the fitted numbers of an op are: for each of its columns those of its channels.
type layout struct {
	columns []dataset.Column
	first   []int // of each column among all channels; and their number
}

// newLayout looks up the columns of an op; ok says which kinds it takes.
func newLayout(op string, in dataset.Spec, names []string, want string, ok func(c dataset.Column) bool,
) (layout, error) {
	l := layout{first: []int{0}}
	for _, name := range names {
		_, c, err := column(op, in, name)
		if err != nil {
			return l, err
		}
		if !ok(c) {
			return l, wrongKind(op, c, want)
		}
		channels, _ := channelsOf(c.Shape)
		l.columns, l.first = append(l.columns, c), append(l.first, l.first[len(l.first)-1]+channels)
	}
	return l, nil
}

func isNumbers(c dataset.Column) bool { return !c.Text && isNumeric(c.DType) }

func isFloats(c dataset.Column) bool {
	return !c.Text && (c.DType == tensor.Float32 || c.DType == tensor.Float64)
}

func (l layout) channels() int { return l.first[len(l.columns)] }

// split cuts numbers of all channels into those of each column.
func (l layout) split(v []float64) [][]float64 {
	var out [][]float64
	for i := range l.columns {
		out = append(out, v[l.first[i]:l.first[i+1]:l.first[i+1]])
	}
	return out
}

// each calls fn for stretches of elements of one channel, as float64. All of a channel come in order.
func (l layout) each(b *dataset.Batch, fn func(channel int, x []float64)) {
	var buf [512]float64
	for i, c := range l.columns {
		x := numericOf(b, c)
		channels, size := channelsOf(c.Shape)
		runs(x.Len(), channels, size, func(channel, lo, hi int) {
			for lo < hi {
				part := buf[:min(len(buf), hi-lo)]
				load(part, x, lo)
				fn(l.first[i]+channel, part)
				lo += len(part)
			}
		})
	}
}

// moments are count, mean and sum of squared deviations of each channel, for each part. NaN are left out.
//
// A chunk's own are taken in two passes, as distances from its first value, so that those of a constant are exact; a
// part's are joined chunk by chunk, and the whole's part by part. Source: Chan, Golub and LeVeque, Updating formulae
// and a pairwise algorithm for computing sample variances, 1979.
type moments struct {
	layout
	parts []float64 // [parts, channels, 3]
	done  func(mean, std [][]float64) Op
}

func (m *moments) width() int         { return 3 * m.channels() }
func (m *moments) begin(_, parts int) { m.parts = make([]float64, parts*m.width()) }

func (m *moments) add(part, _ int, b *dataset.Batch) error {
	chunk := make([]float64, m.width())
	first := make([]float64, m.channels())
	m.each(b, func(channel int, x []float64) {
		k := chunk[3*channel : 3*channel+3]
		for _, v := range x {
			if v != v {
				continue
			}
			if k[0] == 0 {
				first[channel] = v
			}
			k[0]++
			k[1] += v - first[channel]
		}
	})
	for c, v := range first {
		if k := chunk[3*c : 3*c+3]; k[0] > 0 {
			k[1] = v + k[1]/k[0]
		}
	}
	m.each(b, func(channel int, x []float64) {
		k := chunk[3*channel : 3*channel+3]
		for _, v := range x {
			if v == v {
				k[2] += float64((v - k[1]) * (v - k[1]))
			}
		}
	})
	join(m.parts[part*m.width():(part+1)*m.width()], chunk)
	return nil
}

// join adds the moments of further elements to those of the channels in to.
func join(to, from []float64) {
	for c := 0; c < len(to); c += 3 {
		a, b := to[c:c+3], from[c:c+3]
		if b[0] == 0 {
			continue
		}
		n := a[0] + b[0]
		delta := b[1] - a[1]
		if a[0] == 0 {
			copy(a, b)
			continue
		}
		a[1] += float64(delta * (b[0] / n))
		a[2] += b[2] + float64(delta*delta*(a[0]*(b[0]/n)))
		a[0] = n
	}
}

func (m *moments) merge(ctx context.Context, g *collectives.Group) error {
	return collectives.AllReduce(ctx, g, m.parts, collectives.Sum) // zero where another rank has the part
}

func (m *moments) op() (Op, error) {
	all := make([]float64, m.width())
	for at := 0; at < len(m.parts); at += m.width() {
		join(all, m.parts[at:at+m.width()])
	}
	mean, std := make([]float64, m.channels()), make([]float64, m.channels())
	for c := range mean {
		mean[c], std[c] = all[3*c+1], 1
		if v := math.Sqrt(all[3*c+2] / all[3*c]); v > 0 { // not without elements
			std[c] = v
		}
	}
	return m.done(m.split(mean), m.split(std)), nil
}

func (s Standardize) fit(in dataset.Spec) (statistic, error) {
	l, err := newLayout("Standardize", in, s.Columns, "numbers", isNumbers)
	return &moments{layout: l, done: func(mean, std [][]float64) Op {
		s.Mean, s.Std = mean, std
		return s
	}}, err
}

// extremes are the smallest and largest element of each channel, without NaN.
type extremes struct {
	layout
	parts []float64 // [parts, channels, 2]: −min and max
	op_   func(lo, hi [][]float64) Op
}

func (e *extremes) width() int { return 2 * e.channels() }

func (e *extremes) begin(_, parts int) {
	e.parts = make([]float64, parts*e.width())
	for i := range e.parts {
		e.parts[i] = math.Inf(-1)
	}
}

func (e *extremes) add(part, _ int, b *dataset.Batch) error {
	all := e.parts[part*e.width():]
	e.each(b, func(channel int, x []float64) {
		k := all[2*channel : 2*channel+2]
		for _, v := range x {
			if -v > k[0] {
				k[0] = -v
			}
			if v > k[1] {
				k[1] = v
			}
		}
	})
	return nil
}

func (e *extremes) merge(ctx context.Context, g *collectives.Group) error {
	for i := e.width(); i < len(e.parts); i++ {
		e.parts[i%e.width()] = max(e.parts[i%e.width()], e.parts[i])
	}
	e.parts = e.parts[:e.width()]
	return collectives.AllReduce(ctx, g, e.parts, collectives.Max)
}

func (e *extremes) op() (Op, error) {
	lo, hi := make([]float64, e.channels()), make([]float64, e.channels())
	for c := range lo {
		if e.parts[2*c+1] >= -e.parts[2*c] {
			lo[c], hi[c] = 0-e.parts[2*c], e.parts[2*c+1]
		}
	}
	return e.op_(e.split(lo), e.split(hi)), nil
}

func (m MinMax) fit(in dataset.Spec) (statistic, error) {
	l, err := newLayout("MinMax", in, m.Columns, "numbers", isNumbers)
	return &extremes{layout: l, op_: func(lo, hi [][]float64) Op {
		m.Min, m.Max = lo, hi
		return m
	}}, err
}
