package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/autograd/gradtest"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// input returns a batch for an example: random numbers, or for a table indices, which cannot be differentiated.
func input(e layers.Example, d tensor.DType) (x *tensor.Tensor, differentiable bool) {
	x = tensor.New(tensor.Float64, e.Input...)
	if !strings.HasPrefix(e.Name, "Embedding") {
		x.Normal(seeded(), 0, 1)
		return x.Cast(d), true
	}
	for i := range tensor.Data[float64](x) {
		tensor.Data[float64](x)[i] = float64(i % 4)
	}
	return x.Cast(d), false
}

// The input is a parameter here too, so that the gradient with respect to it is checked beside the layer's own.
func TestCatalogueGradients(t *testing.T) {
	for _, e := range layers.Catalogue() {
		t.Run(e.Name, func(t *testing.T) {
			layer := e.New(seeded())
			layers.Cast(layer, tensor.Float64)
			x, differentiable := input(e, tensor.Float64)
			in := autograd.NewParam(x)
			in.Frozen = !differentiable
			var params []*autograd.Param
			if differentiable {
				params = append(params, in)
			}
			for _, p := range layers.Params(layer) {
				params = append(params, p.Param)
			}
			var r *tensor.Tensor
			gradtest.CheckParams(t, e.Name, params, 30, func(tape *autograd.Tape) *autograd.Var {
				y := layer.Forward(tape, tape.Use(in))
				if r == nil {
					r = tensor.New(tensor.Float64, y.Shape()...)
					r.Uniform(seeded(), 0.5, 1.5)
				}
				return autograd.Sum(autograd.Mul(y, tape.Const(r)))
			})
		})
	}
}

// A batch of one and a longer one must give the same rows: no layer of the catalogue mixes samples.
func TestBatchSizesAgree(t *testing.T) {
	for _, e := range layers.Catalogue() {
		layer := e.New(seeded())
		x, _ := input(e, tensor.Float32)
		tape := autograd.NewTape(autograd.Infer, nil)
		all := layer.Forward(tape, tape.Const(x)).Value()
		for i := range e.Input[0] {
			one := layer.Forward(tape, tape.Const(x.Slice(0, i, i+1))).Value()
			want, got := tensor.Data[float32](all.Slice(0, i, i+1)), tensor.Data[float32](one)
			require.Len(t, got, len(want), e.Name)
			for j := range want {
				assert.InDelta(t, want[j], got[j], 1e-6, "%s: sample %d, element %d", e.Name, i, j)
			}
		}
		empty := x.Slice(0, 0, 0)
		assert.Zero(t, layer.Forward(tape, tape.Const(empty)).Len(), "%s of no samples", e.Name)
	}
}

// Every exported type of the package that is a Layer must be in the catalogue. A Forward of other operands is not one's.
func TestCatalogueIsComplete(t *testing.T) {
	listed := map[string]bool{}
	for _, e := range layers.Catalogue() {
		typ := reflect.TypeOf(e.New(seeded()))
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		listed[typ.Name()] = true
		assert.True(t, strings.HasPrefix(e.Name, typ.Name()), "%s is a %s", e.Name, typ.Name())
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "Forward" {
				continue
			}
			typ := fn.Recv.List[0].Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			if fn.Type.Params.NumFields() != 2 {
				continue
			}
			found++
			assert.True(t, listed[typ.(*ast.Ident).Name], "%s is not in the catalogue", typ.(*ast.Ident).Name)
		}
	}
	assert.Greater(t, found, 10)
}

func TestDropoutDropsOnlyInTraining(t *testing.T) {
	ones := tensor.New(tensor.Float32, 10000)
	ones.Fill(1)
	infer := autograd.NewTape(autograd.Infer, nil)
	assert.True(t, layers.Dropout{P: 0.25}.Forward(infer, infer.Const(ones)).Value().Equal(ones))

	train := autograd.NewTape(autograd.Train, seeded())
	zeros := 0
	for _, v := range tensor.Data[float32](layers.Dropout{P: 0.25}.Forward(train, train.Const(ones)).Value()) {
		if v == 0 {
			zeros++
		} else {
			require.Equal(t, float32(1/0.75), v)
		}
	}
	assert.InDelta(t, 2500, zeros, 5*math.Sqrt(10000*0.25*0.75), "five standard deviations")
}

func TestLosses(t *testing.T) {
	tape := autograd.NewTape(autograd.Train, nil)
	y := tape.Const(tensor.FromSlice([]float64{0, math.Log(3), 0, 0}, 2, 2)) // probabilities ¼ ¾ and ½ ½
	got := layers.CrossEntropy{}.Loss(tape, y, tensor.FromSlice([]int64{1, 0})).Item()
	assert.InDelta(t, (math.Log(4.0/3)+math.Log(2))/2, got, 1e-15)
	got = layers.MSE{}.Loss(tape, y, tensor.FromSlice([]float64{1, math.Log(3), 0, -1}, 2, 2)).Item()
	assert.InDelta(t, 0.5, got, 1e-15)
	empty := tape.Const(tensor.New(tensor.Float32, 0, 2))
	assert.Zero(t, layers.CrossEntropy{}.Loss(tape, empty, tensor.New(tensor.Int64, 0)).Item())
	assert.Zero(t, layers.MSE{}.Loss(tape, empty, tensor.New(tensor.Float32, 0, 2)).Item())
}

// A sample's second moment strays from the distribution's by about √(2/n) relatively (less for a uniform one); five times that
// is allowed here.
func TestInitialisers(t *testing.T) {
	const out, in = 40, 30
	shape := []int{out, in, 3, 3} // fanIn 270, fanOut 360
	for _, c := range []struct {
		name     string
		init     layers.Init
		variance float64
		bound    float64 // no element beyond; 0 for no bound
	}{
		{"KaimingUniform", layers.KaimingUniform, 2.0 / 270, math.Sqrt(6.0 / 270)},
		{"KaimingNormal", layers.KaimingNormal, 2.0 / 270, 0},
		{"XavierUniform", layers.XavierUniform, 2.0 / 630, math.Sqrt(6.0 / 630)},
		{"XavierNormal", layers.XavierNormal, 2.0 / 630, 0},
		{"Uniform", layers.Uniform(-3, 3), 3, 3},
		{"Normal", layers.Normal(0, 2), 4, 0},
		{"Zeros", layers.Zeros, 0, 0},
		{"Ones", layers.Ones, 1, 1},
	} {
		x := tensor.New(tensor.Float64, shape...)
		c.init(seeded(), x)
		var m2, largest float64
		for _, v := range tensor.Data[float64](x) {
			m2 += v * v / float64(x.Len())
			largest = max(largest, math.Abs(v))
		}
		assert.InDelta(t, c.variance, m2, 5*math.Sqrt(2/float64(x.Len()))*c.variance, c.name)
		if c.bound > 0 {
			assert.LessOrEqual(t, largest, c.bound, c.name)
			assert.Greater(t, largest, 0.99*c.bound, c.name)
		}
	}
	assert.PanicsWithValue(t, "layers: Fans: shape [3] has no axes of outputs and inputs",
		func() { layers.XavierNormal(seeded(), tensor.New(tensor.Float32, 3)) })
}

// Linear and Conv2D start as PyTorch's do: evenly from ±1/√fanIn, biases too.
func TestDefaultInitialisation(t *testing.T) {
	for _, c := range []struct {
		layer layers.Layer
		fanIn float64
	}{
		{layers.NewLinear(seeded(), 64, 500), 64},
		{layers.NewConv2D(seeded(), layers.Conv2DConfig{In: 8, Out: 500, Kernel: 3, Groups: 2}), 36},
	} {
		for _, p := range layers.Params(c.layer) {
			assert.Equal(t, tensor.Float32, p.Value().DType())
			largest := 0.0
			for _, v := range tensor.Data[float32](p.Value()) {
				largest = max(largest, math.Abs(float64(v)))
			}
			bound := 1 / math.Sqrt(c.fanIn)
			assert.LessOrEqual(t, largest, bound*(1+1e-6), p.Name)
			assert.Greater(t, largest, 0.97*bound, p.Name)
		}
	}
}

func TestConstructorsPanic(t *testing.T) {
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"layers: NewLinear: in = 0, want > 0", func() { layers.NewLinear(seeded(), 0, 3) }},
		{"layers: NewLinear: out = -1, want > 0", func() { layers.NewLinear(seeded(), 3, -1) }},
		{"layers: NewConv2D: Kernel = 0, want > 0", func() { layers.NewConv2D(seeded(), layers.Conv2DConfig{In: 1, Out: 2}) }},
		{"layers: NewConv2D: In = 3 and Out = 4, not multiples of Groups = 2",
			func() { layers.NewConv2D(seeded(), layers.Conv2DConfig{In: 3, Out: 4, Kernel: 1, Groups: 2}) }},
		{"layers: NewConvTranspose2D: In = -1, want > 0",
			func() { layers.NewConvTranspose2D(seeded(), layers.ConvTransposeConfig{In: -1, Out: 4, Kernel: 1}) }},
		{"layers: NewConvTranspose1D: Out = 0, want > 0",
			func() { layers.NewConvTranspose1D(seeded(), layers.ConvTransposeConfig{In: 3, Kernel: 1}) }},
		{"layers: NewConvTranspose3D: In = 3 and Out = 4, not multiples of Groups = 2",
			func() {
				layers.NewConvTranspose3D(seeded(), layers.ConvTransposeConfig{In: 3, Out: 4, Kernel: 1, Groups: 2})
			}},
	} {
		assert.PanicsWithValue(t, c.want, c.do)
	}
}
