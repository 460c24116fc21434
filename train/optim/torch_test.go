package optim_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/optim"
)

// The weights and moments after six steps are PyTorch 1.13.1's, printed by
//
//	import torch
//	from torch.optim import SGD, Adagrad, Adam, AdamW
//	for name, make in [
//	    ("sgd", lambda p: SGD(p, lr=0.01)),
//	    ("sgd decay", lambda p: SGD(p, lr=0.1, weight_decay=0.1)),
//	    ("momentum", lambda p: SGD(p, lr=0.1, momentum=0.9)),
//	    ("momentum, damped, decay", lambda p: SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.1)),
//	    ("nesterov, decay", lambda p: SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.1)),
//	    ("adam", lambda p: Adam(p)),
//	    ("adam, all fields", lambda p: Adam(p, lr=0.1, betas=(0.8, 0.9), eps=0.01, weight_decay=0.1)),
//	    ("adagrad", lambda p: Adagrad(p)),
//	    ("adagrad, all fields", lambda p: Adagrad(p, lr=0.1, lr_decay=0.01, eps=0.01, weight_decay=0.1, initial_accumulator_value=0.1)),
//	    ("adamw", lambda p: AdamW(p)),
//	    ("adamw, all fields", lambda p: AdamW(p, lr=0.1, betas=(0.8, 0.9), eps=0.01, weight_decay=0.2)),
//	]:
//	    w = torch.tensor([1, -2, 3, -4, 0.5], dtype=torch.float64, requires_grad=True)
//	    o = make([w])
//	    for t in range(6):
//	        w.grad = torch.tensor([((7*i + 3*t) % 11 - 5) / 8 for i in range(5)], dtype=torch.float64)
//	        o.step()
//	    print(name, w.tolist(), [v.tolist() for v in o.state[w].values() if torch.is_tensor(v) and v.dim()])
var torchSteps = []struct {
	name    string
	o       optim.Optimizer
	weights []float64
	moments [][]float64
}{
	{"sgd", optim.SGD{},
		[]float64{1.00875, -2.0025, 3, -3.9975, 0.49125},
		[][]float64{}},
	{"sgd decay", optim.SGD{LR: 0.1, WeightDecay: 0.1},
		[]float64{1.02579819, -1.90501109, 2.8240728, -3.73921388, 0.384339099},
		[][]float64{}},
	{"momentum", optim.SGD{LR: 0.1, Momentum: 0.9},
		[]float64{1.32423938, -2.252871, 3.028251, -4.09715812, 0.332500125},
		[][]float64{{-0.61195625, -0.00319, 0.03139, -0.38573125, 0.78611125}}},
	{"momentum, damped, decay", optim.SGD{LR: 0.1, Momentum: 0.9, Dampening: 0.5, WeightDecay: 0.1},
		[]float64{1.18885773, -1.95876857, 2.73914445, -3.74599696, 0.334498547},
		[][]float64{{-0.200179346, -0.45835262, 0.712437451, -1.05264682, 0.546513464}}},
	{"nesterov, decay", optim.SGD{LR: 0.1, Momentum: 0.8, Nesterov: true, WeightDecay: 0.1},
		[]float64{1.09635063, -1.81612789, 2.49662605, -3.31583408, 0.220366295},
		[][]float64{{-0.0451914854, -0.916913397, 1.08037278, -1.85172998, 0.882577857}}},
	{"adam", optim.Adam{},
		[]float64{1.00311876, -2.00296686, 3.00106102, -4.00144343, 0.497591993},
		[][]float64{{-0.061195625, -0.000319, 0.003139, -0.038573125, 0.078611125}, {0.000981379574, 0.00112256589, 0.000654611093, 0.00112181739, 0.000982455545}}},
	{"adam, all fields", optim.Adam{LR: 0.1, Beta1: 0.8, Beta2: 0.9, Eps: 0.01, WeightDecay: 0.1},
		[]float64{1.17165067, -2.04444618, 2.58501353, -3.76321844, 0.237741499},
		[][]float64{{-0.00451228547, -0.1912513, 0.215049349, -0.383300101, 0.171515603}, {0.0662529825, 0.112839005, 0.0888223375, 0.188603035, 0.0875836857}}},
	{"adagrad", optim.Adagrad{},
		[]float64{1.01233037, -2.01290152, 3.00191126, -4.00100959, 0.479432831},
		[][]float64{{0.984375, 1.125, 0.65625, 1.125, 0.984375}}},
	{"adagrad, all fields", optim.Adagrad{LR: 0.1, LRDecay: 0.01, Eps: 0.01, WeightDecay: 0.1, Initial: 0.1},
		[]float64{1.04827903, -1.95070495, 2.78802484, -3.8181826, 0.346897218},
		[][]float64{{0.97969808, 1.37824114, 1.26425676, 2.35772777, 1.17808611}}},
	{"adamw", optim.AdamW{},
		[]float64{1.00305865, -2.00284675, 3.00088097, -4.00120337, 0.49756208},
		[][]float64{{-0.061195625, -0.000319, 0.003139, -0.038573125, 0.078611125}, {0.000981379574, 0.00112256589, 0.000654611093, 0.00112181739, 0.000982455545}}},
	{"adamw, all fields", optim.AdamW{LR: 0.1, Beta1: 0.8, Beta2: 0.9, Eps: 0.01, WeightDecay: 0.2},
		[]float64{1.14975896, -2.01850494, 2.74218887, -3.64583444, 0.234880388},
		[][]float64{{-0.08964, -0.035816, 0.011056, -0.09176, 0.146952}, {0.0726182031, 0.0912897812, 0.0508469687, 0.0850892969, 0.0815032656}}},
}

// TestTorch allows each step ten roundings to float32 of the largest weight, 4; and to a moment three roundings of four
// times its largest element at the end, which it may have passed through.
func TestTorch(t *testing.T) {
	const tol = 6 * 10 * 4 * 0x1p-24
	for _, c := range torchSteps {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, c.o.Validate())
			w, g := []float32{1, -2, 3, -4, 0.5}, make([]float32, 5)
			s := c.o.New(5)
			for step := range 6 {
				for i := range g {
					g[i] = float32((7*i+3*step)%11-5) / 8
				}
				s.Step(w, g, c.o.Rate())
				assert.Equal(t, int64(step+1), s.State().Steps)
			}
			for i, want := range c.weights {
				assert.InDelta(t, want, float64(w[i]), tol, "w[%d]", i)
			}
			require.Len(t, s.State().Slots, len(c.moments))
			for j, slot := range s.State().Slots {
				largest := max(slices.Max(c.moments[j]), -slices.Min(c.moments[j]))
				for i, want := range c.moments[j] {
					assert.InDelta(t, want, float64(slot.Data[i]), 6*3*4*largest*0x1p-24, "%s[%d]", slot.Name, i)
				}
			}
		})
	}
}
