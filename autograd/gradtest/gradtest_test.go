package gradtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/autograd/gradtest"
	"github.com/tutti-ml/tutti/tensor"
)

func TestOps(t *testing.T) {
	for _, c := range gradtest.Ops {
		t.Run(c.Name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}

// Every exported function of package autograd that makes a Var must be called by a row of the table.
func TestEveryOpHasARow(t *testing.T) {
	var table []byte
	rows, err := filepath.Glob("ops*.go")
	require.NoError(t, err)
	for _, file := range rows {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		table = append(table, text...)
	}
	names := exportedOps(t)
	for _, name := range names {
		assert.True(t, regexp.MustCompile(`\bautograd\.`+name+`\b`).Match(table), "%s has no row in gradtest.Ops", name)
	}
	assert.Greater(t, len(names), 20, "ops found")
}

// exportedOps returns the names of package autograd's functions in op_*.go that make a Var.
func exportedOps(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../op_*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && fn.Recv == nil && returnsVar(fn) {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

func returnsVar(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil {
		return false
	}
	star, ok := fn.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, ok := star.X.(*ast.Ident)
	return ok && name.Name == "Var"
}

// What checks everything else must itself be able to fail: gradients of a function that is not differentiable where it is
// looked at, of one whose derivative is wrong, and of one that changes between calls.
func TestCheckCanFail(t *testing.T) {
	calls, pair := 0.0, []gradtest.Input{{Shape: []int{2}}}
	for _, c := range []gradtest.Case{
		{Name: "a constant in place of x", Inputs: pair, Fn: func(tape *autograd.Tape, x []*autograd.Var) *autograd.Var {
			return autograd.Add(autograd.Mul(x[0], tape.Const(x[0].Value())), x[0]) // value x² + x, derivative as of c·x + x
		}},
		{Name: "another value every time", Inputs: pair, Fn: func(_ *autograd.Tape, x []*autograd.Var) *autograd.Var {
			calls++
			return autograd.Scale(x[0], 1+calls/1000)
		}},
	} {
		t.Run(c.Name, func(t *testing.T) {
			var log failures
			gradtest.Check(&log, c)
			assert.NotZero(t, log, "Check found nothing wrong")
		})
	}
}

// failures counts what a test would have failed for.
type failures int

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { *f++ }

// What can be differentiated twice must stay so: every row, but for those of the ops named, which have no derivative
// made of ops. What Gradients says of these must name a function of the package's, for the user has called one.
func TestTwice(t *testing.T) {
	once := regexp.MustCompile(`^(RoIAlign|UpsampleLinear|LocalResponseNorm|PReLU|RReLU|Hardsigmoid|Hardswish|ELU|CELU|` +
		`SELU|Mish|Softplus|Softsign|Tanhshrink|Softshrink|Hardshrink|Threshold|GLU|SwiGLU|GEGLU|ReGLU|ChannelDropout|` +
		`AlphaDropout|Gaussian|SmoothL1|Huber|Hinge|Cosine|SigmoidFocal|KLDiv|Poisson|PairwiseDistance|MultiMargin|` +
		`MultiLabelMargin|Dice|CTC)`)
	exported := exportedOps(t)
	for _, c := range gradtest.Ops {
		missing := gradtest.Missing(c)
		assert.Equal(t, once.MatchString(c.Name), missing != "", "%s: %s", c.Name, missing)
		if missing != "" {
			assert.Contains(t, exported, missing, c.Name)
		}
	}
	assert.Contains(t, autograd.Twice(), "MatMul")
	for _, name := range autograd.Twice() {
		assert.Contains(t, append(exported, "Checkpoint"), name, "no op of the user's")
	}
}

// A critic of images, as of WGAN-GP (Gulrajani et al., arXiv:1704.00028): the penalty on the gradient with respect to its input is
// differentiated with respect to its parameters.
func TestGradientPenalty(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	param := func(shape ...int) *autograd.Param {
		x := tensor.New(tensor.Float64, shape...)
		x.Uniform(rng, -0.5, 0.5)
		return autograd.NewParam(x)
	}
	images := param(3, 2, 6, 6)
	w1, b1, gain, bias, w2, w3 := param(4, 2, 3, 3), param(4), param(4), param(4), param(3, 4, 2, 2), param(1, 3)
	critic := func(t *autograd.Tape, x *autograd.Var) *autograd.Var {
		x = autograd.Conv2D(x, t.Use(w1), t.Use(b1), autograd.Conv2DOptions{PadH: 1, PadW: 1})
		x = autograd.LeakyReLU(autograd.GroupNorm(x, t.Use(gain), t.Use(bias), 2, 1e-5), 0.2)
		x = autograd.AvgPool2D(x, autograd.Pool2DOptions{R: 2, S: 2})
		x = autograd.SiLU(autograd.Conv2D(x, t.Use(w2), nil, autograd.Conv2DOptions{}))
		return autograd.Linear(autograd.Reshape(autograd.AdaptiveAvgPool2D(x, 1, 1), 3, 3), t.Use(w3), nil)
	}
	gradtest.CheckParams(t, "gradient penalty", []*autograd.Param{images, w1, gain, bias, w2, w3}, 10, func(t *autograd.Tape) *autograd.Var {
		x := t.Use(images)
		g := autograd.Reshape(t.Gradients(autograd.Sum(critic(t, x)), x)[0], 3, 2*6*6)
		return autograd.Mean(autograd.Square(autograd.AddScalar(autograd.Norm(g, 2, 1), -1)))
	})
}
