package transform

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// maxWidth bounds the elements of a sample that a file may ask for.
const maxWidth = 1 << 24

// OneHot makes of each integer a vector of Float32 with a 1 at its place: [Shape…] becomes [Shape…, Depth]. Depth 0 is
// the column's Classes. A number outside of 0 … Depth−1 is an error, or all zeros if Ignore. Text goes through
// Vocabulary first; one that is Sorted, with Unknown below 0, gives scikit-learn's OneHotEncoder.
type OneHot struct {
	Columns []string `json:"columns"`
	Depth   int      `json:"depth,omitempty"`
	Ignore  bool     `json:"ignore,omitempty"`
}

func (o OneHot) columns() []string { return o.Columns }

// Bind implements Op.
func (o OneHot) Bind(in dataset.Spec) (*Step, error) {
	return eachColumn("OneHot", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		if open(c) || !isKeyed(c) {
			return changed{}, wrongKind("OneHot", c, "integers, not in lists")
		}
		depth := o.Depth
		if depth == 0 {
			depth = c.Classes
		}
		if size := product(c.Shape); depth < 1 || depth > maxWidth || size > maxWidth/depth {
			return changed{}, fmt.Errorf("transform: OneHot: column %q, %s, to a depth of %d: want a Depth of 1 to %d in all",
				c.Name, kindOf(c), depth, maxWidth)
		}
		to := dataset.Column{Name: c.Name, DType: tensor.Float32, Shape: append(slices.Clone(c.Shape), depth)}
		return changed{to, func(_ *Call, out, in *dataset.Batch) error {
			x, y := in.Col(c.Name), tensor.Data[float32](out.Col(c.Name))
			clear(y)
			for i := range x.Len() {
				v := integerAt(x, i)
				if v >= 0 && v < int64(depth) {
					y[i*depth+int(v)] = 1
				} else if !o.Ignore {
					return fmt.Errorf("transform: OneHot: column %q has %d, want 0 … %d", c.Name, v, depth-1)
				}
			}
			return nil
		}}, nil
	})
}

// Bucketize makes of each number how many boundaries of its column are not above it, Int64 from 0 to their number, as
// np.digitize does. NaN lies in the last bucket: Impute comes first.
//
// Fit makes boundaries for Bins buckets: "quantile" between equal parts of the values, interpolated, or "uniform"
// at equal distances, as scikit-learn's KBinsDiscretizer. Those that are equal are one.
type Bucketize struct {
	Columns    []string    `json:"columns"`
	Bins       int         `json:"bins,omitempty"`       // at least 2
	By         string      `json:"by,omitempty"`         // "quantile", which is the default, or "uniform"
	Boundaries [][]float64 `json:"boundaries,omitempty"` // of each column, ascending; nil: fitted
}

func (o Bucketize) columns() []string { return o.Columns }
func (o Bucketize) fitted() bool      { return o.Boundaries != nil }

// Bind implements Op. It returns an error if the op is not fitted.
func (o Bucketize) Bind(in dataset.Spec) (*Step, error) {
	if err := counted("Bucketize", len(o.Columns), o.Boundaries); err != nil {
		return nil, err
	}
	return eachColumn("Bucketize", in, o.Columns, func(k int, c dataset.Column) (changed, error) {
		edges := o.Boundaries[k]
		for i, v := range edges {
			if v != v || i > 0 && v <= edges[i-1] {
				return changed{}, fmt.Errorf("transform: Bucketize: boundary %d of column %q is %v: want them ascending",
					i, c.Name, v)
			}
		}
		ch, err := numeric("Bucketize", c, tensor.Int64, func(_ int, x []float64) {
			for i, v := range x {
				x[i] = float64(sort.Search(len(edges), func(j int) bool { return edges[j] > v }))
			}
		})
		ch.to.Classes, ch.to.ClassNames = len(edges)+1, nil
		return ch, err
	})
}

func (o Bucketize) fit(in dataset.Spec) (statistic, error) {
	l, err := newLayout("Bucketize", in, o.Columns, "numbers, not in lists", plainNumbers)
	switch {
	case err != nil:
		return nil, err
	case o.Bins < 2:
		return nil, fmt.Errorf("transform: Bucketize: %d Bins, want at least 2", o.Bins)
	case o.By == "uniform":
		return &extremes{layout: l, op_: func(lo, hi [][]float64) Op {
			for i := range lo {
				a, b := slices.Min(lo[i]), slices.Max(hi[i])
				o.Boundaries = append(o.Boundaries, o.edges(a, b, func(f float64) float64 { return a + float64((b-a)*f) }))
			}
			return o
		}}, nil
	case o.By != "" && o.By != "quantile":
		return nil, fmt.Errorf(`transform: Bucketize: By is %q, want "quantile" or "uniform"`, o.By)
	}
	return &quantiles{layout: l, done: func(sorted [][]float64) (Op, error) {
		for i := range l.columns {
			all := slices.Concat(sorted[l.first[i]:l.first[i+1]]...)
			slices.Sort(all)
			o.Boundaries = append(o.Boundaries, o.edges(quantile(all, 0), quantile(all, 1),
				func(f float64) float64 { return quantile(all, f) }))
		}
		return o, nil
	}}, nil
}

// edges returns what at gives between the buckets, those inside of lo and hi.
func (o Bucketize) edges(lo, hi float64, at func(f float64) float64) []float64 {
	edges := []float64{}
	last := lo
	for k := 1; k < o.Bins; k++ {
		if v := at(float64(k) / float64(o.Bins)); v > last && v < hi && !math.IsInf(v, 0) {
			edges, last = append(edges, v), v
		}
	}
	return edges
}
