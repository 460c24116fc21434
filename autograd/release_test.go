package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

func TestRelease(t *testing.T) {
	x := tensor.New(tensor.Float32, 1000)
	x.Fill(1)
	chain := func(mode autograd.Mode, length int) (bytes int, last *autograd.Var) {
		tape := autograd.NewTape(mode, nil)
		before := autograd.AddScalar(tape.Const(x), 1) // made before the mark: stays
		y, mark := before, tape.Mark()
		for range length {
			y = autograd.Reshape(autograd.AddScalar(autograd.Scale(y, 1), 1), 10, 100) // a view of what must stay
			tape.Release(mark, y)
		}
		assert.Equal(t, float32(2), float32s(before.Value())[999])
		return tape.Bytes(), y
	}
	few, _ := chain(autograd.Infer, 3)
	many, y := chain(autograd.Infer, 30)
	assert.Equal(t, few, many, "bytes held do not grow with the chain")
	for _, v := range float32s(y.Value()) {
		assert.Equal(t, float32(32), v)
	}
	train, _ := chain(autograd.Train, 30)
	assert.Greater(t, train, 60*4000, "a training tape keeps everything")
}

// A value that two Vars stand for must not be handed out while one of them is in use.
func TestReleaseOfSharedValues(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	x := tape.Const(tensor.FromSlice([]float32{1, 2, 3}))
	mark := tape.Mark()
	for _, share := range []func(v *autograd.Var) *autograd.Var{autograd.Detach, func(v *autograd.Var) *autograd.Var { return tape.Const(v.Value()) }} {
		y := share(autograd.Scale(x, 2))
		tape.Release(mark, y)
		z := autograd.Scale(x, 5)
		tape.Release(mark, z)
		w := autograd.Scale(x, 7)
		tape.Release(mark, w)
		again := autograd.Scale(x, 9)
		assert.Equal(t, []float32{7, 14, 21}, float32s(w.Value()))
		assert.Equal(t, []float32{9, 18, 27}, float32s(again.Value()))
	}
}
