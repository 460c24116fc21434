package transform

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
)

// quantiles are points between which elements of a channel lie in equal parts, by linear interpolation as NumPy's
// default. NaN are left out. They are of all samples up to maxNumbers over the channels, and of more of every k-th.
type quantiles struct {
	layout
	every  int
	values [][][]float64 // of each part and channel
	all    [][]float64   // of each channel, sorted
	done   func(sorted [][]float64) (Op, error)
}

func (q *quantiles) width() int { return q.channels() }

func (q *quantiles) begin(n, parts int) {
	most := max(1024, maxNumbers/max(1, q.channels()))
	q.every = (n + most - 1) / most
	q.values = make([][][]float64, parts)
	for i := range q.values {
		q.values[i] = make([][]float64, q.channels())
	}
}

func (q *quantiles) add(part, first int, b *dataset.Batch) error {
	var buf [512]float64
	for k, c := range q.columns {
		x := b.Col(c.Name)
		channels, size := channelsOf(c.Shape)
		for i := range b.N {
			if (first+i)%q.every != 0 {
				continue
			}
			for j := 0; j < channels*size; {
				n := min(len(buf), size-j%size)
				load(buf[:n], x, i*channels*size+j)
				channel := q.first[k] + j/size
				for _, v := range buf[:n] {
					if v == v {
						q.values[part][channel] = append(q.values[part][channel], v)
					}
				}
				j += n
			}
		}
	}
	return nil
}

func (q *quantiles) merge(ctx context.Context, g *collectives.Group) error {
	for channel := range q.channels() {
		var mine []float64
		for part := range q.values {
			mine = append(mine, q.values[part][channel]...)
		}
		all, _, err := collectives.AllGatherV(ctx, g, nil, mine)
		if err != nil {
			return err
		}
		slices.Sort(all)
		q.all = append(q.all, all)
	}
	return nil
}

func (q *quantiles) op() (Op, error) { return q.done(q.all) }

// quantile returns the element at fraction f of sorted ones, between two by a straight line.
func quantile(sorted []float64, f float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := f * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	a, b := sorted[i], sorted[min(i+1, len(sorted)-1)]
	return a + float64((b-a)*(at-math.Floor(at)))
}

func plainNumbers(c dataset.Column) bool { return !c.Ragged && isNumbers(c) }

func (o Impute) fit(in dataset.Spec) (statistic, error) {
	l, err := newLayout("Impute", in, o.Columns, "floats", isFloats)
	if err != nil {
		return nil, err
	}
	switch o.By {
	case "", "mean":
		return &moments{layout: l, done: func(mean, _ [][]float64) Op {
			o.Values = mean
			return o
		}}, nil
	case "median":
		if _, err := newLayout("Impute", in, o.Columns, "floats, not in lists, for a median", plainNumbers); err != nil {
			return nil, err
		}
		return &quantiles{layout: l, done: func(sorted [][]float64) (Op, error) {
			median := make([]float64, len(sorted))
			for c, v := range sorted {
				median[c] = quantile(v, 0.5)
			}
			o.Values = l.split(median)
			return o, nil
		}}, nil
	}
	return nil, fmt.Errorf(`transform: Impute: By is %q, want "mean" or "median"`, o.By)
}
