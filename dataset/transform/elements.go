package transform

import (
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// Clip limits elements to Min … Max; a bound that is nil is none. The dtype stays. NaN pass.
type Clip struct {
	Columns []string `json:"columns"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
}

func (o Clip) columns() []string { return o.Columns }

// Bind implements Op.
func (o Clip) Bind(in dataset.Spec) (*Step, error) {
	lo, hi := math.Inf(-1), math.Inf(1)
	if o.Min != nil {
		lo = *o.Min
	}
	if o.Max != nil {
		hi = *o.Max
	}
	if !(lo <= hi) {
		return nil, fmt.Errorf("transform: Clip: Min %v is above Max %v", lo, hi)
	}
	return eachColumn("Clip", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		if (c.DType == tensor.Int64) && (lo > math.MinInt64 || hi < 1<<63) { // float64 would round above 2⁵³
			return clipInts(c, toInt(lo), toInt(hi))
		}
		return numeric("Clip", c, c.DType, func(_ int, x []float64) {
			for i, v := range x {
				if v < lo {
					x[i] = lo
				} else if v > hi {
					x[i] = hi
				}
			}
		})
	})
}

func clipInts(c dataset.Column, lo, hi int64) (changed, error) {
	if c.Text {
		return changed{}, wrongKind("Clip", c, "numbers")
	}
	return changed{c, func(_ *Call, out, in *dataset.Batch) error {
		y := tensor.Data[int64](sameLists(out, in, c))
		for i, v := range tensor.Data[int64](numericOf(in, c)) {
			y[i] = min(max(v, lo), hi)
		}
		return nil
	}}, nil
}

// Log1p makes log(1 + x), in float64; Float32 of anything but Float64. Below −1 it is NaN.
type Log1p struct {
	Columns []string `json:"columns"`
}

func (o Log1p) columns() []string { return o.Columns }

// Bind implements Op.
func (o Log1p) Bind(in dataset.Spec) (*Step, error) {
	return eachColumn("Log1p", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		return numeric("Log1p", c, floating(c.DType), func(_ int, x []float64) {
			for i, v := range x {
				x[i] = math.Log1p(v)
			}
		})
	})
}

// Cast gives columns another dtype: "float32", "float64", "int64", "int32", "int8", "uint8" or "bool". Floats become
// integers towards zero, limited to the range, NaN becomes 0; what is not 0 is true. Integers go to integers exactly.
type Cast struct {
	Columns []string `json:"columns"`
	To      string   `json:"to"`
}

func (o Cast) columns() []string { return o.Columns }

var castable = []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int64, tensor.Int32, tensor.Int8, tensor.Uint8,
	tensor.Bool}

// Bind implements Op.
func (o Cast) Bind(in dataset.Spec) (*Step, error) {
	at := slices.IndexFunc(castable, func(d tensor.DType) bool { return d.String() == o.To })
	if at < 0 {
		return nil, fmt.Errorf("transform: Cast: no dtype %q, there are %v", o.To, castable)
	}
	to := castable[at]
	return eachColumn("Cast", in, o.Columns, func(_ int, c dataset.Column) (changed, error) {
		ch, err := numeric("Cast", c, to, func(int, []float64) {})
		if err == nil && c.DType == tensor.Int64 && to != tensor.Float32 && to != tensor.Float64 && to != tensor.Bool {
			ch.apply = func(_ *Call, out, in *dataset.Batch) error {
				x, y := tensor.Data[int64](numericOf(in, c)), sameLists(out, in, c)
				switch to {
				case tensor.Int64:
					copy(tensor.Data[int64](y), x)
				case tensor.Int32:
					narrow(tensor.Data[int32](y), x, math.MinInt32, math.MaxInt32)
				case tensor.Int8:
					narrow(tensor.Data[int8](y), x, math.MinInt8, math.MaxInt8)
				case tensor.Uint8:
					narrow(tensor.Data[uint8](y), x, 0, math.MaxUint8)
				}
				return nil
			}
		}
		return ch, err
	})
}

func narrow[D number](dst []D, x []int64, lo, hi int64) {
	for i, v := range x {
		dst[i] = D(min(max(v, lo), hi))
	}
}

// Impute puts a number in the place of each NaN: of each channel its mean or median over what is there, as
// scikit-learn's SimpleImputer, or a constant. A channel without any value gets 0. Columns are floats.
type Impute struct {
	Columns []string    `json:"columns"`
	By      string      `json:"by,omitempty"`     // "mean", which is the default, or "median"; unused if Values are given
	Values  [][]float64 `json:"values,omitempty"` // of each column, a number for each channel, or one for all; nil: fitted
}

func (o Impute) columns() []string { return o.Columns }
func (o Impute) fitted() bool      { return o.Values != nil }

// Bind implements Op. It returns an error if the op is not fitted.
func (o Impute) Bind(in dataset.Spec) (*Step, error) {
	if err := counted("Impute", len(o.Columns), o.Values); err != nil {
		return nil, err
	}
	return eachColumn("Impute", in, o.Columns, func(k int, c dataset.Column) (changed, error) {
		if c.DType != tensor.Float32 && c.DType != tensor.Float64 {
			return changed{}, wrongKind("Impute", c, "Float32 or Float64, which have NaN")
		}
		value, err := perChannel("Impute", "Values", c, o.Values[k])
		if err != nil {
			return changed{}, err
		}
		return numeric("Impute", c, c.DType, func(channel int, x []float64) {
			for i, v := range x {
				if v != v {
					x[i] = value[channel]
				}
			}
		})
	})
}

// Noise adds to each element a normal number of standard deviation Std, in training alone: a function of (seed, epoch,
// sample number, column).
type Noise struct {
	Columns []string `json:"columns"`
	Std     float64  `json:"std"`
}

func (o Noise) columns() []string { return o.Columns }

// Bind implements Op.
func (o Noise) Bind(in dataset.Spec) (*Step, error) {
	if !(o.Std >= 0) || math.IsInf(o.Std, 0) {
		return nil, fmt.Errorf("transform: Noise: Std is %v, want at least 0", o.Std)
	}
	return eachColumn("Noise", in, o.Columns, func(k int, c dataset.Column) (changed, error) {
		if c.Ragged || c.DType != tensor.Float32 && c.DType != tensor.Float64 {
			return changed{}, wrongKind("Noise", c, "Float32 or Float64, not in lists")
		}
		size := product(c.Shape)
		id := fnv1a(fnvOffset, c.Name)
		return changed{c, func(call *Call, out, in *dataset.Batch) error {
			if !call.Training {
				return nil
			}
			x := in.Col(c.Name)
			for i := range in.N {
				rng := call.Rand(id, i)
				for at, end := i*size, (i+1)*size; at < end; {
					part := call.floats[:min(len(call.floats), end-at)]
					load(part, x, at)
					for j := range part {
						part[j] += float64(o.Std * normal(rng))
					}
					store(x, at, part)
					at += len(part)
				}
			}
			return nil
		}}, nil
	})
}

// normal returns a number of the standard normal distribution, by Box and Muller's method.
func normal(rng interface{ Uint64() uint64 }) float64 {
	u := (float64(rng.Uint64()>>11) + 1) * 0x1p-53 // above 0, up to 1
	v := float64(rng.Uint64()>>11) * 0x1p-53
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
