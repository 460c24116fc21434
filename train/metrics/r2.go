package metrics

import (
	"fmt"

	"github.com/tutti-ml/tutti/tensor"
)

// R2 is the coefficient of determination, 1 − Σ(y−t)²/Σ(t−mean t)²: 1 is perfect, 0 as good as the mean. Of samples
// with D numbers it is the mean over the D columns, which are its parts, as in scikit-learn, where a column of equal
// targets is 1 if all outputs are right, and 0 if not. With fewer than two samples it is NaN. The sums are exact, so
// targets far from 0 lose nothing. State: 3 + 210·D words.
type R2 struct{}

// Name returns "r2".
func (R2) Name() string { return "r2" }

// Better returns Higher.
func (R2) Better() Direction { return Higher }

// New returns an empty accumulator.
func (m R2) New() Accumulator { return &determination{in: pairs{name: m.Name()}} }

type determination struct {
	in      pairs
	samples int64
	columns []moments
}

// moments are of one column: Σ(y−t)², Σt, Σt².
type moments [3]Sum

// Add adds a batch.
func (d *determination) Add(output, target *tensor.Tensor) error {
	if err := d.in.read(output, target); err != nil {
		return err
	}
	if output.Rank() == 0 || output.Len() == 0 {
		return nil
	}
	n := output.Dim(0)
	if err := d.sized(output.Len() / n); err != nil {
		return err
	}
	d.samples += int64(n)
	for i, y := range d.in.output {
		t := d.in.target[i]
		c := &d.columns[i%len(d.columns)]
		c[0].Add(squared(y, t))
		c[1].Add(t)
		square := product(t, t)
		c[2].Add(square.hi)
		c[2].Add(square.lo)
	}
	return nil
}

func (d *determination) sized(columns int) error {
	if d.columns == nil {
		d.columns = make([]moments, columns)
	}
	if columns != len(d.columns) {
		return fmt.Errorf("metrics: %s: samples of %d numbers after samples of %d", d.in.name, columns, len(d.columns))
	}
	return nil
}

// State returns the number of samples and columns and three sums for each column.
func (d *determination) State() []int64 {
	state := append(make([]int64, 0, 3+3*SumWords*len(d.columns)), tag(d.in.name), d.samples, int64(len(d.columns)))
	for i := range d.columns {
		for j := range d.columns[i] {
			state = d.columns[i][j].Words(state)
		}
	}
	return state
}

// Merge adds the sums.
func (d *determination) Merge(state []int64) error {
	if err := checkTag(d.in.name, state, 3); err != nil {
		return err
	}
	samples, columns := state[1], state[2]
	if samples < 0 || columns < 0 || columns > int64(len(state)) || (samples == 0) != (columns == 0) {
		return fmt.Errorf("metrics: %s: a state of %d samples and %d columns", d.in.name, samples, columns)
	}
	sums, err := readSums(d.in.name, state[3:], 3*int(columns))
	if err != nil || columns == 0 {
		return err
	}
	if err := d.sized(int(columns)); err != nil {
		return err
	}
	d.samples += samples
	for i := range sums {
		d.columns[i/3][i%3].Merge(&sums[i])
	}
	return nil
}

// Value returns the mean over the columns.
func (d *determination) Value() Value {
	if d.samples < 2 {
		return Value{Scalar: ratio(0, 0)}
	}
	var v Value
	sum := 0.0
	for i := range d.columns {
		r := d.columns[i].determined(float64(d.samples))
		sum += r
		v.Parts = append(v.Parts, Named{fmt.Sprintf("column %d", i), r})
	}
	v.Scalar = sum / float64(len(d.columns))
	if len(v.Parts) == 1 {
		v.Parts = nil
	}
	return v
}

// determined returns 1 − Σ(y−t)²/Σ(t−mean t)². Of n targets the latter is Σt² − (Σt)²/n, computed with twice a
// float64's digits; what is left where all targets are equal is below 2⁻¹⁰⁰ of Σt².
func (m *moments) determined(n float64) float64 {
	wrong, squares := m[0].Value(), m[2].pair()
	spread := squares.minus(m[1].pair().squared().over(n))
	switch {
	case spread > squares.hi*0x1p-98:
		return 1 - wrong/spread
	case wrong == 0:
		return 1
	}
	return 0
}
