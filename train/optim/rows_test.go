package optim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/optim"
)

// The weights after three steps on some rows of a table are PyTorch 1.13.1's, printed by
//
//	import torch
//	from torch.optim import SGD, SparseAdam, Adagrad
//	for make in [lambda p: SGD(p, lr=0.1), lambda p: SparseAdam(p, lr=0.1, betas=(0.8, 0.9)),
//	             lambda p: Adagrad(p, lr=0.1, lr_decay=0.01, eps=0.01, initial_accumulator_value=0.1)]:
//	    w = torch.tensor([[1, -2], [3, -4], [0.5, 2]], dtype=torch.float64, requires_grad=True)
//	    o = make([w])
//	    for t, rows in enumerate([[0, 2], [2], [0, 1]]):
//	        g = torch.tensor([[((7*r + 3*t + 5*c) % 11 - 5) / 8 for c in range(2)] for r in rows], dtype=torch.float64)
//	        w.grad = torch.sparse_coo_tensor(torch.tensor([rows]), g, (3, 2))
//	        o.step()
//	    print(w.flatten().tolist())
func TestRowsTorch(t *testing.T) {
	for _, c := range []struct {
		name string
		o    optim.Optimizer
		want []float64
	}{
		{"sgd", optim.SGD{LR: 0.1}, []float64{1.05, -1.9375, 3.0375, -4.025, 0.5125, 2.025}},
		{"adam", optim.Adam{LR: 0.1, Beta1: 0.8, Beta2: 0.9},
			[]float64{1.14175246, -1.93253247, 3.06746753, -4.06746752, 0.621422804, 1.93460699}},
		{"adagrad", optim.Adagrad{LR: 0.1, LRDecay: 0.01, Eps: 0.01, Initial: 0.1},
			[]float64{1.07098785, -1.91375209, 3.07345076, -4.05932956, 0.531870669, 2.00199786}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := []float32{1, -2, 3, -4, 0.5, 2}
			s := c.o.New(6).(optim.RowStepper)
			for step, rows := range [][]int64{{0, 2}, {2}, {0, 1}} {
				var g []float32
				for _, r := range rows {
					for col := range 2 {
						g = append(g, float32((7*int(r)+3*step+5*col)%11-5)/8)
					}
				}
				s.StepRows(w, 2, rows, g, c.o.Rate())
			}
			for i, want := range c.want {
				assert.InDelta(t, want, float64(w[i]), 3*10*4*0x1p-24, "w[%d]", i) // ten roundings a step, of weights up to 4
			}
		})
	}
}

// A step on all rows is Step; a row that is not listed keeps its weights and its moments.
func TestRowsAreSteps(t *testing.T) {
	const rows, cols = 7, 5
	all := []int64{0, 1, 2, 3, 4, 5, 6}
	for _, o := range variants {
		whole, some := o.New(rows*cols), o.New(rows*cols).(optim.RowStepper)
		w, v := random(1, rows*cols), random(1, rows*cols)
		for step := range 4 {
			g := random(uint64(step), rows*cols)
			whole.Step(w, g, o.Rate())
			some.StepRows(v, cols, all, g, o.Rate())
		}
		require.Equal(t, w, v, "%+v", o)
		require.Equal(t, whole.State(), some.State(), "%+v", o)

		some.StepRows(v, cols, []int64{2}, random(9, cols), o.Rate())
		for i := range w {
			if i/cols == 2 {
				assert.NotEqual(t, w[i], v[i], "%+v", o)
				continue
			}
			assert.Equal(t, w[i], v[i], "%+v", o)
			for k, slot := range some.State().Slots {
				assert.Equal(t, whole.State().Slots[k].Data[i], slot.Data[i], "%+v", o)
			}
		}
	}
	s := optim.SGD{}.New(6).(optim.RowStepper)
	assert.PanicsWithValue(t, "optim: SGD: StepRows: row 3 after row -1 of 3: want each once, in ascending order", func() {
		s.StepRows(make([]float32, 6), 2, []int64{3}, make([]float32, 2), 1)
	})
	assert.PanicsWithValue(t, "optim: SGD: StepRows: 6 weights in rows of 4 and 4 gradients of 1 rows, for a state of 6", func() {
		s.StepRows(make([]float32, 6), 4, []int64{0}, make([]float32, 4), 1)
	})
}
