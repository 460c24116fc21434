package layers_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

// The table of TestZero must not miss a field: those whose comment names a default that is not 0 are read from the source.
func TestZeroCoversAllFields(t *testing.T) {
	elsewhere := map[string]bool{
		"InstanceNorm.Momentum": true,                       // TestZeroMomentum
		"Rotary.Base":           true,                       // a base is above 0, or refused
		"Hardtanh.Min":          true, "Hardtanh.Max": true, // a pair with one default: TestZero has each beside the other
	}
	source, err := os.ReadFile("zero_test.go")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			typ, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := typ.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range fields.Fields.List {
				text := f.Doc.Text() + f.Comment.Text()
				if id, ok := f.Type.(*ast.Ident); !ok || id.Name != "float64" || !defaultsTo.MatchString(text) {
					continue
				}
				for _, name := range f.Names {
					found++
					row := regexp.MustCompile(`\{layers\.` + typ.Name.Name + `\{[^}]*\}, "[^"]*\b` + name.Name + `\b`)
					if !elsewhere[typ.Name.Name+"."+name.Name] && !row.Match(source) {
						t.Errorf("%s.%s has a default and no row in TestZero: %s", typ.Name.Name, name.Name, text)
					}
				}
			}
			return true
		})
	}
	assert.Greater(t, found, 20)
}

var defaultsTo = regexp.MustCompile(`(default|0 means) (−|[½1-9]|0\.)`)
