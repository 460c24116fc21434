package gradtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/autograd/gradtest"
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
	files, err := filepath.Glob("../op_*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	ops := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() || fn.Recv != nil || !returnsVar(fn) {
				continue
			}
			ops++
			assert.True(t, regexp.MustCompile(`\bautograd\.`+fn.Name.Name+`\b`).Match(table), "%s has no row in gradtest.Ops", fn.Name.Name)
		}
	}
	assert.Greater(t, ops, 20, "ops found")
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

// What can be differentiated twice must stay so: every row of these areas, but for those named, whose ops have no derivative made
// of ops.
func TestTwice(t *testing.T) {
	once := regexp.MustCompile(`^(Prod|Pad|Scatter($| )|Conv|MaxPool|AvgPool)`)
	for _, c := range slices.Concat(gradtest.Basics, gradtest.Arithmetic, gradtest.Reductions, gradtest.Shaping, gradtest.Indexing, gradtest.Products) {
		if strings.HasPrefix(c.Name, "PadRe") || strings.HasPrefix(c.Name, "PadC") {
			continue // made of IndexSelect
		}
		assert.Equal(t, !once.MatchString(c.Name), gradtest.Twice(c), c.Name)
	}
	assert.Contains(t, autograd.Twice(), "MatMul")
	assert.NotContains(t, autograd.Twice(), "MaxPool2D")
}
