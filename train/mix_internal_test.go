package train

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor"
)

// TestMixNumbers compares with torchvision 0.29:
//
//	import torch, torchvision.transforms.v2 as T
//	x = torch.arange(24, dtype=torch.float32).reshape(2, 1, 3, 4)
//	y = torch.tensor([1, 2])
//	m = T.MixUp(alpha=1.0, num_classes=3)
//	print(m.transform(x, dict(lam=0.7, labels=y, batch_size=2)).flatten(), m._mixup_label(y, lam=0.7))
//	class Dist:
//	    def sample(self, _): return torch.tensor(lam)
//	c = T.CutMix(alpha=1.0, num_classes=3)
//	c._dist = Dist()
//	for lam, rx, ry in ((0.2, 3, 0), (0.5, 1, 1), (0.9, 2, 2)):
//	    draws = iter([rx, ry])
//	    torch.randint = lambda n, size: torch.tensor([next(draws)])
//	    p = c.make_params([x])
//	    print(p["box"], p["lam_adjusted"], c.transform(x, dict(p, labels=y, batch_size=2)).flatten())
func TestMixNumbers(t *testing.T) {
	data := make([]float32, 24)
	for i := range data {
		data[i] = float32(i)
	}
	x := tensor.FromSlice(data, 2, 1, 3, 4)
	mixed := tensor.Data[float32](blend(x, 0.7, tensor.New(tensor.Float32, 2, 1, 3, 4)))
	for i, v := range mixed {
		want := float64(i) + 3.6 // 3.6, 4.6 … 14.6, 8.4, 9.4 … 19.4
		if i >= 12 {
			want = float64(i) - 3.6
		}
		require.InDelta(t, want, v, 2e-6, "element %d", i)
	}
	labels, err := oneHot(tensor.FromSlice([]int64{1, 2}, 2), 3)
	require.NoError(t, err)
	soft := blend(labels, 0.7, tensor.New(tensor.Float32, 2, 3))
	require.InDeltaSlice(t, []float32{0, 0.7, 0.3, 0, 0.3, 0.7}, tensor.Data[float32](soft), 1e-7)
	for _, label := range []int64{-100, 3} {
		_, err := oneHot(tensor.FromSlice([]int64{0, label}, 2), 3)
		require.ErrorContains(t, err, "want 0 to 2")
	}

	for _, c := range []struct {
		share float64
		x, y  int
		box   box
		first []float32 // image, 3 by 4
	}{
		{0.2, 3, 0, box{0, 1, 2, 4}, []float32{0, 1, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11}},
		{0.5, 1, 1, box{0, 2, 0, 2}, []float32{12, 13, 2, 3, 16, 17, 6, 7, 8, 9, 10, 11}},
		{0.9, 2, 2, box{2, 2, 2, 2}, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	} {
		b := boxOf(c.share, 3, 4, c.y, c.x)
		assert.Equal(t, c.box, b)
		dst := x.Clone()
		paste[float32](dst, x, b)
		got := tensor.Data[float32](dst)
		assert.Equal(t, c.first, got[:12])
		for i, v := range got[:12] { // the other image has what is left
			assert.EqualValues(t, 12+2*i, v+got[12+i])
		}
	}
}

// TestBeta: the mean of Beta(α, α) is 1/2, its variance 1/(4(2α+1)). Of 20,000 draws the mean is off by less than 5σ/√20000.
func TestBeta(t *testing.T) {
	const n = 20_000
	for _, alpha := range []float64{0.05, 0.2, 1, 3} {
		rng := rand.New(rand.NewPCG(1, 2))
		sum, square := 0.0, 0.0
		for range n {
			v := beta(rng, alpha)
			require.True(t, v >= 0 && v <= 1, "%v", v)
			sum, square = sum+v, square+(v-0.5)*(v-0.5)
		}
		variance := 1 / (4 * (2*alpha + 1))
		assert.InDelta(t, 0.5, sum/n, 5*0.5/141)
		assert.InEpsilon(t, variance, square/n, 0.05, "α = %v", alpha)
	}
}
