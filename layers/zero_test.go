package layers_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Every number of a layer or loss whose zero value means a default can be 0 too: Zero does what a number does that is
// too small to matter, or is refused where that is, and does not do what the default does. Of fields without a default
// it is 0 as well.
func TestZero(t *testing.T) {
	const n, c = 6, 4
	draw := func(shape ...int) *tensor.Tensor {
		x := tensor.New(tensor.Float64, shape...)
		x.Uniform(seeded(), 0.1, 2)
		for i, v := range tensor.Data[float64](x) { // of both signs, on both sides of all thresholds
			tensor.Data[float64](x)[i] = v * []float64{1, -1, -0.2, 15}[i%4]
		}
		return x
	}
	x, noise, even := draw(n, c), draw(n, c), draw(n, c)
	tensor.Data[float64](even)[0] = 0 // a variance, or a distance, of 0
	noise.Fill(0.7)
	apart := draw(n, c)
	apart.Fill(0.9)
	labels := tensor.FromSlice([]int64{0, 1, 2, 3, 0, 1})
	positive := tensor.New(tensor.Float64, n, c)
	positive.Uniform(seeded(), 1e-9, 3e-9)
	onTape := func(fn func(t *autograd.Tape) *autograd.Var) (result string) {
		defer func() {
			if v := recover(); v != nil {
				result = strings.ReplaceAll(fmt.Sprint("panic: ", v), "1e-30", "0")
			}
		}()
		tape := autograd.NewTape(autograd.Infer, nil)
		for _, v := range tensor.Data[float64](fn(tape).Value()) {
			result += fmt.Sprintf("%.9f ", v)
		}
		return strings.ReplaceAll(result, "-0.000000000 ", "0.000000000 ")
	}
	loss := func(y, target *tensor.Tensor) func(l any) string {
		return func(l any) string {
			return onTape(func(t *autograd.Tape) *autograd.Var { return l.(layers.Loss).Loss(t, t.Const(y), target) })
		}
	}
	forward := func(l any) string {
		return onTape(func(t *autograd.Tape) *autograd.Var { return l.(layers.Layer).Forward(t, t.Const(x)) })
	}
	for _, row := range []struct {
		value    any
		defaults string // fields whose default is not 0
		run      func(l any) string
	}{
		{layers.LeakyReLU{}, "Slope", forward},
		{layers.RReLU{}, "Lower Upper", forward},
		{layers.ELU{}, "Alpha", forward},
		{layers.CELU{}, "Alpha", forward},
		{layers.Softplus{}, "Beta Threshold", forward},
		{layers.Softshrink{}, "Lambda", forward},
		{layers.Hardshrink{}, "Lambda", forward},
		{layers.Threshold{}, "", forward},
		{layers.Hardtanh{Min: -2, Max: 3}, "", forward},
		{layers.LocalResponseNorm{Size: 3}, "Alpha Beta K", forward},
		{layers.SmoothL1{}, "Beta", loss(x, noise)},
		{layers.Huber{}, "Delta", loss(x, noise)},
		{layers.PoissonNLL{Rates: true}, "Eps", loss(positive, noise)},
		{layers.SigmoidFocal{}, "Alpha Gamma", loss(x, noise)},
		{layers.Dice{}, "Smooth", loss(positive, positive)},
		{layers.Hinge{}, "Margin", loss(x, noise)},
		{layers.HingeEmbedding{}, "Margin", loss(noise, x)},
		{layers.MultiMargin{}, "Margin", loss(x, labels)},
		{layers.CrossEntropy{}, "", loss(x, labels)},
		{layers.GaussianNLL{}, "Eps", func(l any) string {
			return onTape(func(t *autograd.Tape) *autograd.Var {
				return l.(layers.GaussianNLL).Loss(t, t.Const(x), t.Const(positive), noise)
			})
		}},
		{layers.Triplet{}, "Margin P Eps", func(l any) string {
			return onTape(func(t *autograd.Tape) *autograd.Var {
				return l.(layers.Triplet).Loss(t, t.Const(noise), t.Const(noise), t.Const(apart))
			})
		}},
		{layers.MarginRanking{}, "", func(l any) string {
			return onTape(func(t *autograd.Tape) *autograd.Var {
				return l.(layers.MarginRanking).Loss(t, t.Const(x), t.Const(even), noise)
			})
		}},
		{layers.Dropout{}, "", forward},
	} {
		typ := reflect.TypeOf(row.value)
		for i := range typ.NumField() {
			field := typ.Field(i).Name
			if typ.Field(i).Type.Kind() != reflect.Float64 {
				continue
			}
			with := func(v float64) string {
				l := reflect.New(typ).Elem()
				l.Set(reflect.ValueOf(row.value))
				l.Field(i).SetFloat(v)
				return row.run(l.Interface())
			}
			zero := with(layers.Zero)
			if !strings.HasPrefix(zero, "panic: ") {
				assert.Equal(t, with(1e-30), zero, "%v.%s", typ, field)
			} else if strings.Contains(zero, "e-324") {
				t.Errorf("%v.%s: Zero is shown as it is stored: %s", typ, field, zero)
			}
			if def := with(0); strings.Contains(" "+row.defaults+" ", " "+field+" ") == (def == zero) {
				t.Errorf("%v.%s: 0 gives %s, Zero %s: has it a default that is not 0?", typ, field, def, zero)
			}
		}
	}
}

// Running statistics: InstanceNorm and BatchNorm with a share of 0 keep theirs.
func TestZeroMomentum(t *testing.T) {
	batch, instance := layers.NewBatchNorm(2), layers.NewInstanceNorm(2, false).Track(2)
	batch.Momentum, instance.Momentum = layers.Zero, layers.Zero
	tape, x := autograd.NewTape(autograd.Train, nil), tensor.New(tensor.Float32, 3, 2, 5)
	x.Normal(seeded(), 4, 3)
	batch.Forward(tape, tape.Const(x))
	instance.Forward(tape, tape.Const(x))
	for _, mean := range []*autograd.Buffer{batch.RunningMean, instance.RunningMean} {
		assert.Equal(t, []float32{0, 0}, tensor.Data[float32](mean.Value()))
	}
}
