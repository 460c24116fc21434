package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/tutti-ml/tutti/tensor"
)

// Metrics of regression compare an output with a target of its shape, number by number, in float64; [N] and [N, 1]
// fit. The target is of any dtype. A NaN or an infinity in either is an error.

// MAE is the mean absolute error, over all numbers of all samples. State: 141 words.
type MAE struct{}

// MSE is the mean squared error, over all numbers of all samples. State: 141 words.
type MSE struct{}

// RMSE is the square root of MSE. Where samples have several numbers, scikit-learn's root_mean_squared_error is the
// mean of the roots of the columns, and this is the root of the mean. State: 141 words.
type RMSE struct{}

// MAPE is the mean absolute error as a share of the target, |y−t|/max(|t|, 2⁻⁵²): 0.1 is ten per cent. State: 141
// words.
type MAPE struct{}

// Name returns "mae".
func (MAE) Name() string { return "mae" }

// Better returns Lower.
func (MAE) Better() Direction { return Lower }

// New returns an empty accumulator.
func (m MAE) New() Accumulator { return newErrors(m.Name(), absolute, nil) }

// Name returns "mse".
func (MSE) Name() string { return "mse" }

// Better returns Lower.
func (MSE) Better() Direction { return Lower }

// New returns an empty accumulator.
func (m MSE) New() Accumulator { return newErrors(m.Name(), squared, nil) }

// Name returns "rmse".
func (RMSE) Name() string { return "rmse" }

// Better returns Lower.
func (RMSE) Better() Direction { return Lower }

// New returns an empty accumulator.
func (m RMSE) New() Accumulator { return newErrors(m.Name(), squared, math.Sqrt) }

// Name returns "mape".
func (MAPE) Name() string { return "mape" }

// Better returns Lower.
func (MAPE) Better() Direction { return Lower }

// New returns an empty accumulator.
func (m MAPE) New() Accumulator { return newErrors(m.Name(), relative, nil) }

func absolute(y, t float64) float64 { return math.Abs(y - t) }
func squared(y, t float64) float64  { return (y - t) * (y - t) }
func relative(y, t float64) float64 { return math.Abs(y-t) / max(math.Abs(t), 0x1p-52) }

func newErrors(name string, of func(y, t float64) float64, finish func(float64) float64) *mean {
	p := pairs{name: name}
	m := &mean{name: name, finish: finish}
	m.of = func(output, target *tensor.Tensor) error {
		if err := p.read(output, target); err != nil {
			return err
		}
		for i, y := range p.output {
			m.add(of(y, p.target[i]), 1)
		}
		return m.failed
	}
	return m
}

// pairs are outputs and targets as float64. It keeps its memory from batch to batch.
type pairs struct {
	name           string
	output, target []float64
}

func (p *pairs) read(output, target *tensor.Tensor) error {
	switch {
	case output == nil || target == nil:
		return fmt.Errorf("metrics: %s: output nil: %v, target nil: %v: want both", p.name, output == nil,
			target == nil)
	case !isFloat(output):
		return fmt.Errorf("metrics: %s: the output is %v, want float32 or float64", p.name, output.DType())
	case !slices.Equal(column(output.Shape()), column(target.Shape())):
		return fmt.Errorf("metrics: %s: output %v and target %v: want one shape", p.name, slices.Clone(output.Shape()),
			slices.Clone(target.Shape()))
	}
	p.output, p.target = floats(p.output, output), floats(p.target, target)
	for i, y := range p.output {
		if t := p.target[i]; !isFinite(y) || !isFinite(t) {
			return fmt.Errorf("metrics: %s: number %d: output %v and target %v: want finite ones", p.name, i, y, t)
		}
	}
	return nil
}

// column returns [N] for [N, 1], and other shapes as they are.
func column(shape []int) []int {
	if len(shape) == 2 && shape[1] == 1 {
		return shape[:1]
	}
	return shape
}
