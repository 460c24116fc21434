package optim_test

import (
	"slices"
	"strings"
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
//
// SparseAdam's Eps stands beside √v, not beside √v/√(1-Beta2ᵗ) as Adam's; with an Eps that counts, that shows. The
// weights are those of torch/optim/_functional.py's sparse_adam, written in NumPy:
//
//	w = np.array([[1, -2], [3, -4], [0.5, 2]]); m = np.zeros((3, 2)); v = np.zeros((3, 2))
//	for t, rows in enumerate([[0, 2], [2], [0, 1]]):
//	    g = np.array([[((7*r + 3*t + 5*c) % 11 - 5) / 8 for c in range(2)] for r in rows])
//	    m[rows] += (g - m[rows]) * (1-0.8); v[rows] += (g*g - v[rows]) * (1-0.9)
//	    step = 0.1 * np.sqrt(1 - 0.9**(t+1)) / (1 - 0.8**(t+1))
//	    w[rows] -= step * m[rows] / (np.sqrt(v[rows]) + 0.1)
//	print(w.flatten().tolist())
func TestRowsTorch(t *testing.T) {
	for _, c := range []struct {
		name string
		o    optim.Optimizer
		want []float64
	}{
		{"sgd", optim.SGD{LR: 0.1}, []float64{1.05, -1.9375, 3.0375, -4.025, 0.5125, 2.025}},
		{"adam", optim.Adam{LR: 0.1, Beta1: 0.8, Beta2: 0.9},
			[]float64{1.14175246, -1.93253247, 3.06746753, -4.06746752, 0.621422804, 1.93460699}},
		{"adam with an Eps that counts", optim.Adam{LR: 0.1, Beta1: 0.8, Beta2: 0.9, Eps: 0.1}, // SparseAdam's
			[]float64{1.093837743044967, -1.9551997841812683, 3.03660200801405, -4.02978815917048, 0.5539809191040705,
				1.9697860068137694}},
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

// A step on all rows is Step, but for Adam's Eps; a row that is not listed keeps its weights and its moments.
func TestRowsAreSteps(t *testing.T) {
	const rows, cols = 7, 5
	all := []int64{0, 1, 2, 3, 4, 5, 6}
	for _, o := range elementwise {
		whole, some := o.New(rows*cols), o.New(rows*cols).(optim.RowStepper)
		w, v := random(1, rows*cols), random(1, rows*cols)
		for step := range 4 {
			g := random(uint64(step), rows*cols)
			whole.Step(w, g, o.Rate())
			some.StepRows(v, cols, all, g, o.Rate())
		}
		close := 0.0
		if strings.HasPrefix(o.Name(), "adam") {
			close = 1e-5 // Eps of 1e-8 beside roots of some 0.01, in float32
		}
		require.InDeltaSlice(t, w, v, close, "%+v", o)
		before := *some.State()
		before.Slots = nil
		for k, slot := range some.State().Slots {
			require.InDeltaSlice(t, whole.State().Slots[k].Data, slot.Data, close, "%+v", o)
			before.Slots = append(before.Slots, optim.Slot{Name: slot.Name, Data: slices.Clone(slot.Data)})
		}
		require.Equal(t, whole.State().Steps, before.Steps)
		copy(w, v)

		some.StepRows(v, cols, []int64{2}, random(9, cols), o.Rate())
		for i := range w {
			if i/cols == 2 {
				assert.NotEqual(t, w[i], v[i], "%+v", o)
				continue
			}
			assert.Equal(t, w[i], v[i], "%+v", o)
			for k, slot := range some.State().Slots {
				assert.Equal(t, before.Slots[k].Data[i], slot.Data[i], "%+v", o)
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
