package train

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/tensor"
)

// TestAverageNumbers averages weights sin 0, sin 1, …, sin 5. Those of EMA and SWA are from PyTorch 2.15:
//
//	import torch
//	from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn
//	for fn in (get_ema_multi_avg_fn(0.9), get_swa_multi_avg_fn()):
//	    m = torch.nn.Linear(1, 1, bias=False)
//	    a = AveragedModel(m, multi_avg_fn=fn)
//	    for n in range(6):
//	        with torch.no_grad():
//	            m.weight.fill_(torch.sin(torch.tensor(float(n))).item())
//	        a.update_parameters(m)
//	        print("%.8g" % a.module.weight.item(), end=", ")
//	    print()
//
// That with a warm-up is a += (1 − min(0.55, 1−(1+n)^(−2/3)))·(w − a) for n = 1 … 5, by hand in Python.
func TestAverageNumbers(t *testing.T) {
	for _, c := range []struct {
		recipe Average
		want   []float64
	}{
		{Average{Decay: 0.9}, []float64{0, 0.084147096, 0.16666213, 0.16410792, 0.072016872, -0.031077242}},
		{Average{SWA: true}, []float64{0, 0.42073548, 0.58358943, 0.4729721, 0.22701718, 0.029360265}},
		{Average{Decay: 0.55, WarmUp: true}, []float64{0, 0.530093503, 0.712395735, 0.455321658, -0.090134211, -0.48108974}},
	} {
		cfg := plain(1)
		cfg.Average = &c.recipe
		j := begun(t, cfg, 1)
		w := tensor.Data[float32](j.set.Value())
		at := &position{}
		a := newAverages(j, collectives.Alone(), at, make([]float32, len(w)))
		for n, want := range c.want {
			for i := range w {
				w[i] = float32(math.Sin(float64(n)))
			}
			at.Step = j.plan.Steps() - 1
			a.commit(update{})
			require.InDelta(t, want, a.list[0].mean[5], 2e-7, "%+v, average %d", c.recipe, n)
		}
		require.Equal(t, 6, at.Averaged)
	}
}
