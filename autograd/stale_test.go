package autograd_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

const stale = "a Var is stale: since it was made, its tape was Reset, or Released it: Clone the values that must " +
	"outlive that, or carry them over by a layers.Carry"

// A state carried over Reset as it is: it would be read where another Var now is, and h ← w·1 + h from 1 would give 2,
// 5, 7, 11 where 1, 2, 3, 4 is meant.
func TestVarKeptAcrossReset(t *testing.T) {
	w := param([]float32{1})
	for _, mode := range []autograd.Mode{autograd.Train, autograd.Infer} {
		tape := autograd.NewTape(mode, nil)
		step := func(h *autograd.Var) *autograd.Var {
			return autograd.Add(autograd.Mul(tape.Use(w), tape.Const(tensor.FromSlice([]float32{1}))), h)
		}
		h := step(tape.Const(tensor.FromSlice([]float32{0})))
		assert.Equal(t, 1.0, h.Item())
		tape.Reset(nil)
		assert.PanicsWithValue(t, "autograd: Add: "+stale, func() { step(h) }, mode)
		assert.PanicsWithValue(t, "autograd: Add: "+stale, func() { step(h) }, "with more Vars on the tape")
	}
}

// Every way of using a Var knows a stale one and nil.
func TestStaleVar(t *testing.T) {
	p := param([]float32{2})
	tape := autograd.NewTape(autograd.Train, nil)
	v := tape.Use(p)
	loss := autograd.Sum(autograd.Square(v))
	tape.Reset(nil)
	fresh := autograd.Sum(autograd.Square(tape.Use(p)))
	for name, use := range map[string]func(v *autograd.Var){
		"Var.Value":      func(v *autograd.Var) { v.Value() },
		"Var.Tape":       func(v *autograd.Var) { v.Tape() },
		"Var.Shape":      func(v *autograd.Var) { v.Shape() },
		"Var.Dim":        func(v *autograd.Var) { v.Dim(0) },
		"Var.Rank":       func(v *autograd.Var) { v.Rank() },
		"Var.Len":        func(v *autograd.Var) { v.Len() },
		"Var.DType":      func(v *autograd.Var) { v.DType() },
		"Var.Item":       func(v *autograd.Var) { v.Item() },
		"Var.Grad":       func(v *autograd.Var) { v.Grad() },
		"Detach":         func(v *autograd.Var) { autograd.Detach(v) },
		"OnBackward":     func(v *autograd.Var) { autograd.OnBackward(v, func(*tensor.Tensor) {}) },
		"Tape.Backward":  func(v *autograd.Var) { tape.Backward(v) },
		"Tape.Gradients": func(v *autograd.Var) { tape.Gradients(v, fresh) },
		"Tape.Release":   func(v *autograd.Var) { autograd.NewTape(autograd.Infer, nil).Release(0, v) },
		"Custom.Apply":   func(v *autograd.Var) { (&autograd.Custom{Name: "Cube"}).Apply(v) },
		"Checkpoint":     func(v *autograd.Var) { autograd.Checkpoint(tape, first, v) },
		"Concat":         func(v *autograd.Var) { autograd.Concat(0, tape.Use(p), v) },
		"Dropout":        func(v *autograd.Var) { autograd.Dropout(v, 0.5) },
	} {
		assert.PanicsWithValue(t, "autograd: "+name+": "+stale, func() { use(loss) })
		assert.PanicsWithValue(t, "autograd: "+name+": a Var is nil", func() { use(nil) })
	}
	assert.PanicsWithValue(t, "autograd: Tape.Gradients: "+stale, func() { tape.Gradients(fresh, v) }, "of a stale Var")
	tape.Backward(fresh)
	assert.Equal(t, []float32{4}, float32s(tape.Grad(p)), "the tape itself is none the worse")
}

func first(_ *autograd.Tape, x []*autograd.Var) *autograd.Var { return autograd.Scale(x[0], 1) }

// Values that Release has taken back: of a block, of a view of one, and of a part of a Checkpoint.
func TestReleasedVar(t *testing.T) {
	tape, p := autograd.NewTape(autograd.Infer, nil), param([]float32{5, 6, 7, 8})
	before := tape.Const(tensor.FromSlice([]float32{1, 2, 3, 4}))
	mark := tape.Mark()
	block := autograd.Scale(before, 2)
	view, used := autograd.Reshape(block, 2, 2), tape.Use(p)
	keep := autograd.AddScalar(view, 1)
	tape.Release(mark, keep)
	assert.PanicsWithValue(t, "autograd: Scale: "+stale, func() { autograd.Scale(block, 1) })
	assert.PanicsWithValue(t, "autograd: Scale: "+stale, func() { autograd.Scale(view, 1) })
	assert.Equal(t, []float32{3, 5, 7, 9}, float32s(keep.Value()))
	assert.Equal(t, []float32{1, 2, 3, 4}, float32s(before.Value()), "made before the mark")
	assert.Same(t, used, tape.Use(p), "a parameter's Var stays")

	train, inside := autograd.NewTape(autograd.Train, nil), (*autograd.Var)(nil)
	autograd.Checkpoint(train, func(_ *autograd.Tape, x []*autograd.Var) *autograd.Var {
		inside = autograd.Scale(x[0], 2)
		return inside
	}, train.Use(p))
	assert.PanicsWithValue(t, "autograd: Scale: "+stale, func() { autograd.Scale(inside, 1) })
}

// What Value and Grad returned is NaN on a guarded tape from Reset on, and stays so.
func TestGuardPoisonsWhatIsKept(t *testing.T) {
	p := param([]float32{2, 3})
	tape := autograd.NewTape(autograd.Train, nil)
	tape.Guard(true)
	y := autograd.Square(tape.Use(p))
	value, view := y.Value(), autograd.Reshape(y, 2, 1).Value()
	tape.Backward(autograd.Sum(y))
	grad := tape.Grad(p)
	assert.Equal(t, []float32{4, 6}, float32s(grad))
	for range 2 {
		tape.Reset(nil)
		tape.Backward(autograd.Sum(autograd.Square(tape.Use(p))))
		for name, x := range map[string]*tensor.Tensor{"value": value, "view": view, "gradient": grad} {
			for _, e := range float32s(x) {
				assert.True(t, math.IsNaN(float64(e)), "%s: %v", name, e)
			}
		}
	}
	assert.Equal(t, []float32{2, 3}, float32s(p.Value()), "a parameter is not the tape's")
	assert.Equal(t, []float32{4, 6}, float32s(tape.Grad(p)))
}

// One allocation a step for the Vars, of as many as the step needs.
func TestVarsOfLongSteps(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	for _, length := range []int{3, 1000, 1, 300} {
		tape.Reset(nil)
		v := tape.Const(tensor.FromSlice([]float32{0}))
		all := []*autograd.Var{v}
		for range length {
			v = autograd.AddScalar(v, 1)
			all = append(all, v)
		}
		for i, v := range all {
			if v.Item() != float64(i) {
				t.Fatalf("Var %d of %d = %v", i, length, v.Item())
			}
		}
	}
}
