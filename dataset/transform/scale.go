package transform

import (
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Standardize makes (x − mean) / std of each channel, the first axis of a sample: [C, H, W] has C channels, a vector
// [D] has D, a number one. It normalises images by given numbers as well. The result is Float32, or Float64 where x is.
//
// Fit measures mean and population standard deviation, without NaN, which pass. A channel that never changes has std 1,
// as in scikit-learn's StandardScaler, and so has one without a value, whose mean is 0.
type Standardize struct {
	Columns []string    `json:"columns"`
	Mean    [][]float64 `json:"mean,omitempty"` // of each column, a number for each channel, or one for all; nil: fitted
	Std     [][]float64 `json:"std,omitempty"`  // above 0
}

func (s Standardize) columns() []string { return s.Columns }
func (s Standardize) fitted() bool      { return s.Mean != nil || s.Std != nil }

// Bind implements Op. It returns an error if the op is not fitted.
func (s Standardize) Bind(in dataset.Spec) (*Step, error) {
	if err := counted("Standardize", len(s.Columns), s.Mean, s.Std); err != nil {
		return nil, err
	}
	return eachColumn("Standardize", in, s.Columns, func(k int, c dataset.Column) (changed, error) {
		mean, err := perChannel("Standardize", "Mean", c, s.Mean[k])
		if err != nil {
			return changed{}, err
		}
		std, err := perChannel("Standardize", "Std", c, s.Std[k])
		if err != nil {
			return changed{}, err
		}
		for i, v := range std {
			if !(v > 0) {
				return changed{}, fmt.Errorf("transform: Standardize: Std of column %q, channel %d, is %v, want above 0",
					c.Name, i, v)
			}
		}
		return affine("Standardize", c, func(channel int, x []float64) {
			m, d := mean[channel], std[channel]
			for i, v := range x {
				x[i] = (v - m) / d
			}
		}, func(channel int) (shift, factor, base float64) { return mean[channel], 1 / std[channel], 0 })
	})
}

// MinMax makes x·scale + (Lo − min·scale) of each channel, where scale is (Hi − Lo) / (max − min), so that what Fit saw
// lies between Lo and Hi, as scikit-learn's MinMaxScaler. A channel that never changes has scale Hi − Lo. The result is
// Float32, or Float64 where x is. NaN pass.
type MinMax struct {
	Columns []string    `json:"columns"`
	Lo      float64     `json:"lo,omitempty"`
	Hi      float64     `json:"hi,omitempty"`  // above Lo; both 0: from 0 to 1
	Min     [][]float64 `json:"min,omitempty"` // of each column and channel, or one for all; nil: fitted
	Max     [][]float64 `json:"max,omitempty"`
}

func (m MinMax) columns() []string { return m.Columns }
func (m MinMax) fitted() bool      { return m.Min != nil || m.Max != nil }

// Bind implements Op. It returns an error if the op is not fitted.
func (m MinMax) Bind(in dataset.Spec) (*Step, error) {
	if err := counted("MinMax", len(m.Columns), m.Min, m.Max); err != nil {
		return nil, err
	}
	if m.Lo == 0 && m.Hi == 0 {
		m.Hi = 1
	}
	if !(m.Hi > m.Lo) {
		return nil, fmt.Errorf("transform: MinMax: from Lo %v to Hi %v, want Hi above Lo", m.Lo, m.Hi)
	}
	return eachColumn("MinMax", in, m.Columns, func(k int, c dataset.Column) (changed, error) {
		lo, err := perChannel("MinMax", "Min", c, m.Min[k])
		if err != nil {
			return changed{}, err
		}
		hi, err := perChannel("MinMax", "Max", c, m.Max[k])
		if err != nil {
			return changed{}, err
		}
		scale, base := make([]float64, len(lo)), make([]float64, len(lo))
		for i := range lo {
			span := hi[i] - lo[i]
			if !(span >= 0) {
				return changed{}, fmt.Errorf("transform: MinMax: column %q, channel %d: Min %v is above Max %v",
					c.Name, i, lo[i], hi[i])
			}
			if span == 0 {
				span = 1
			}
			scale[i] = (m.Hi - m.Lo) / span
			base[i] = m.Lo - float64(lo[i]*scale[i])
		}
		return affine("MinMax", c, func(channel int, x []float64) {
			s, b := scale[channel], base[channel]
			for i, v := range x {
				x[i] = float64(v*s) + b
			}
		}, func(channel int) (shift, factor, b float64) { return 0, scale[channel], base[channel] })
	})
}

// affine is numeric for (x − shift)·factor + base, with its own loops for columns of Float32 and of bytes. exact is the
// formula for all others.
func affine(op string, c dataset.Column, exact func(channel int, x []float64),
	of func(channel int) (shift, factor, base float64)) (changed, error) {
	ch, err := numeric(op, c, floating(c.DType), exact)
	if err != nil || c.Ragged || c.DType != tensor.Float32 && c.DType != tensor.Uint8 {
		return ch, err
	}
	channels, size := channelsOf(c.Shape)
	if c.DType == tensor.Uint8 && size >= 16 {
		tables := make([][256]float32, channels)
		for i := range tables {
			shift, factor, base := of(i)
			for v := range tables[i] {
				tables[i][v] = float32(float64((float64(v)-shift)*factor) + base)
			}
		}
		ch.apply = func(_ *Call, out, in *dataset.Batch) error {
			x, y := tensor.Data[uint8](in.Col(c.Name)), tensor.Data[float32](out.Col(c.Name))
			runs(len(x), channels, size, func(channel, lo, hi int) {
				table, y := &tables[channel], y[lo:hi]
				for i, v := range x[lo:hi] {
					y[i] = table[v]
				}
			})
			return nil
		}
	}
	if c.DType == tensor.Float32 {
		shifts, factors, bases := make([]float64, channels), make([]float64, channels), make([]float64, channels)
		for i := range shifts {
			shifts[i], factors[i], bases[i] = of(i)
		}
		ch.apply = func(_ *Call, out, in *dataset.Batch) error {
			x, y := tensor.Data[float32](in.Col(c.Name)), tensor.Data[float32](out.Col(c.Name))
			runs(len(x), channels, size, func(channel, lo, hi int) {
				shift, factor, base, y := shifts[channel], factors[channel], bases[channel], y[lo:hi]
				for i, v := range x[lo:hi] {
					y[i] = float32(float64((float64(v)-shift)*factor) + base)
				}
			})
			return nil
		}
	}
	return ch, nil
}

// counted reports statistics that are missing or not one for each column.
func counted(op string, columns int, statistics ...[][]float64) error {
	for _, s := range statistics {
		if s == nil {
			return fmt.Errorf("transform: %s: not fitted: call Pipeline.Fit, or give its numbers", op)
		}
		if len(s) != columns {
			return fmt.Errorf("transform: %s: numbers for %d columns, it has %d", op, len(s), columns)
		}
	}
	return nil
}

// perChannel returns v with a number for each channel of c; finite ones.
func perChannel(op, what string, c dataset.Column, v []float64) ([]float64, error) {
	channels, _ := channelsOf(c.Shape)
	if len(v) != channels && len(v) != 1 {
		return nil, fmt.Errorf("transform: %s: %s of column %q has %d numbers for %d channels, of %s",
			op, what, c.Name, len(v), channels, kindOf(c))
	}
	all := make([]float64, channels)
	for i := range all {
		all[i] = v[i%len(v)]
		if math.IsNaN(all[i]) || math.IsInf(all[i], 0) {
			return nil, fmt.Errorf("transform: %s: %s of column %q has %v", op, what, c.Name, all[i])
		}
	}
	return all, nil
}
