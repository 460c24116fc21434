package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// A set whose parameters another one has taken over, or that were replaced, is stale: a step on its vector would move
// nothing.
func TestStaleSet(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(p []*autograd.Param)
	}{
		{"a later set", "the set is stale: its parameter 1, [2], is in a Set made later, perhaps by train.Run: use " +
			"that, or make a new one",
			func(p []*autograd.Param) { autograd.NewSet(p[1:]) }},
		{"Replace", "the set is stale: its parameter 1, [2], has been replaced since: make a new Set",
			func(p []*autograd.Param) { p[1].Replace(tensor.FromSlice([]float32{7, 8})) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := []*autograd.Param{param([]float32{1}), param([]float32{2, 3})}
			old, grads := autograd.NewSet(p), tensor.New(tensor.Float32, 3)
			tape := autograd.NewTape(autograd.Train, nil)
			tape.GradsInto(old, grads)
			assert.True(t, old.Has(p[1]))
			c.change(p)
			assert.False(t, old.Has(p[1]))
			assert.True(t, old.Has(p[0]))
			assert.PanicsWithValue(t, "autograd: Set.Value: "+c.want, func() { old.Value() })
			assert.PanicsWithValue(t, "autograd: Set.Range: "+c.want, func() { old.Range(p[1]) })
			assert.PanicsWithValue(t, "autograd: GradsInto: "+c.want, func() { tape.GradsInto(old, grads) })
			assert.PanicsWithValue(t, "autograd: Use: "+c.want, func() { tape.Use(p[1]) })

			set := autograd.NewSet(p) // takes over, and works
			tape.Reset(nil)
			tape.GradsInto(set, grads)
			tape.Backward(autograd.Sum(autograd.Square(tape.Use(p[1]))))
			assert.Equal(t, float32s(set.Value())[1]*2, float32s(grads)[1])
			assert.Equal(t, float32s(p[1].Value()), float32s(set.Value())[1:])
		})
	}
}

// Momentum and weight decay move all of the vector, so frozen parameters are not in it, and a set knows when one is
// frozen or unfrozen later.
func TestSetAndFrozenParameters(t *testing.T) {
	a, b, c := param([]float32{1}), param([]float32{2, 3}), param([]float32{4})
	b.Frozen = true
	set := autograd.NewSet([]*autograd.Param{a, b, c})
	assert.Equal(t, []float32{1, 4}, float32s(set.Value()))
	assert.Equal(t, []*autograd.Param{a, c}, set.Params())
	assert.False(t, set.Has(b))
	c.Frozen = true
	assert.PanicsWithValue(t, "autograd: Set.Value: parameter 1 of the set, [1], was frozen after NewSet, and a "+
		"step on the vector would move it: make a new Set", func() { set.Value() })
	c.Frozen, b.Frozen = false, false
	assert.PanicsWithValue(t, "autograd: GradsInto: a parameter [2] was frozen at NewSet, which left it out, and "+
		"is not now: make a new Set",
		func() { autograd.NewTape(autograd.Train, nil).GradsInto(set, tensor.New(tensor.Float32, 2)) })
	assert.Equal(t, []float32{1, 2, 3, 4}, float32s(autograd.NewSet([]*autograd.Param{a, b, c}).Value()))
	assert.PanicsWithValue(t, "autograd: Use: the parameter is nil: was its layer made by its constructor?",
		func() { autograd.NewTape(autograd.Train, nil).Use(nil) })
}
