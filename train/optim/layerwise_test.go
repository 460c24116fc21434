package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/train/optim"
)

func TestPieces(t *testing.T) {
	for _, c := range []struct {
		lo, hi int
		want   [][2]int
	}{
		{0, 0, nil},
		{5, 5, nil},
		{0, 4096, [][2]int{{0, 4096}}},
		{0, 4097, [][2]int{{0, 4096}, {4096, 4097}}},
		{4000, 12289, [][2]int{{4000, 4096}, {4096, 8192}, {8192, 12288}, {12288, 12289}}},
		{4096, 8192, [][2]int{{4096, 8192}}},
		{4097, 4099, [][2]int{{4097, 4099}}},
	} {
		var got [][2]int
		for lo, hi := range optim.Pieces(c.lo, c.hi) {
			got = append(got, [2]int{lo, hi})
		}
		assert.Equal(t, c.want, got, "Pieces(%d, %d)", c.lo, c.hi)
	}
	for lo := range optim.Pieces(0, 9000) { // a loop may be left
		assert.Zero(t, lo)
		break
	}
}

// TestSumTree takes numbers of which every order of addition but one gives another sum.
func TestSumTree(t *testing.T) {
	assert.Zero(t, optim.SumTree(nil))
	x := []float64{1e16, 1, -1e16, 1, 3, 1e-3, 7}
	assert.Equal(t, ((1e16+x[1])+(x[2]+1))+((x[4]+1e-3)+7), optim.SumTree(x))
	assert.NotEqual(t, ((((((1e16 + x[1]) + x[2]) + 1) + 3) + 1e-3) + 7), optim.SumTree(x))
	assert.Equal(t, (1e16+x[1])+x[2], optim.SumTree(x[:3]))
}

func TestNormSq(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 257, 4096} {
		x := randomOf[float64](3, n)
		want := 0.0
		for _, v := range x {
			want += v * v
		}
		assert.InDelta(t, want, optim.NormSq(x), float64(n)*want*0x1p-53, "n = %d", n)
	}
	assert.InEpsilon(t, 3e76, optim.NormSq([]float32{1e38, 1e38, 1e38}), 1e-6, "beyond float32")
	assert.True(t, math.IsNaN(optim.NormSq([]float32{1, float32(math.NaN())})))
}

// layered takes a step of several parameters as an engine does whose ranks hold slices of the vector: whose slice a piece lies
// in, and in which order pieces are worked at, must not show. bounds are those of the slices, params those of the parameters.
func layered[T vec.Float](steppers []optim.StepperOf[T], bounds, params []int, w, g []T, lr float64) {
	type piece struct{ rank, lo, hi int }
	for _, s := range steppers {
		s.(optim.LayerWise[T]).Begin(lr)
	}
	for p := range len(params) - 1 {
		var pieces []piece
		for lo, hi := range optim.Pieces(params[p], params[p+1]) {
			for r := range steppers {
				if lo >= bounds[r] && hi <= bounds[r+1] {
					pieces = append(pieces, piece{r, lo, hi})
				}
			}
		}
		weights, update := make([]float64, len(pieces)), make([]float64, len(pieces))
		for i, c := range slices.Backward(pieces) {
			s := steppers[c.rank].(optim.LayerWise[T])
			weights[i], update[i] = s.Measure(c.lo-bounds[c.rank], c.hi-bounds[c.rank], w[c.lo:c.hi], g[c.lo:c.hi])
		}
		for _, c := range pieces {
			s := steppers[c.rank].(optim.LayerWise[T])
			s.Apply(c.lo-bounds[c.rank], c.hi-bounds[c.rank], w[c.lo:c.hi], g[c.lo:c.hi], lr, optim.SumTree(weights),
				optim.SumTree(update))
		}
	}
}

// TestLayerWise: on one rank or three, by pieces or by Step, the bits are the same.
func TestLayerWise(t *testing.T) {
	layerWise[float32](t)
	layerWise[float64](t)
}

func layerWise[T vec.Float](t *testing.T) {
	const n = 20_011
	params := []int{0, 8192, 8192, 8200, n} // two long ones, an empty one, and one within a piece
	for _, o := range variants {
		if !isLayerWise(o) {
			continue
		}
		w := randomOf[T](1, n)
		one, three, alone := slices.Clone(w), slices.Clone(w), slices.Clone(w[:8192])
		whole := []optim.StepperOf[T]{optim.NewOf[T](o, n)}
		bounds, ranks := []int{0, 4096, 16384, n}, []optim.StepperOf[T](nil)
		for r := range 3 {
			ranks = append(ranks, optim.NewOf[T](o, bounds[r+1]-bounds[r]))
		}
		first := optim.NewOf[T](o, 8192)
		for step := range 4 {
			g := randomOf[T](uint64(step), n)
			layered(whole, []int{0, n}, params, one, g, 0.1)
			layered(ranks, bounds, params, three, g, 0.1)
			first.Step(alone, g[:8192], 0.1)
		}
		require.False(t, slices.Equal(w, one), "%+v moves nothing", o)
		require.True(t, slices.Equal(one, three), "%T of %+v differ between one rank and three", w, o)
		require.True(t, slices.Equal(one[:8192], alone), "%T of %+v differ between pieces and Step", w, o)
		assert.EqualValues(t, 4, ranks[1].State().Steps)
	}
}

// TestLayerWiseGroups compares a grouped Stepper with one for each run: rates and decays of its own, norms over its own.
func TestLayerWiseGroups(t *testing.T) {
	for _, o := range variants {
		if !isLayerWise(o) {
			continue
		}
		bounds := []int{0}
		for _, r := range runs {
			bounds = append(bounds, bounds[len(bounds)-1]+r.N)
		}
		n := bounds[len(runs)]
		all := optim.NewGrouped[float32](o, groups, runs)
		require.Implements(t, (*optim.LayerWise[float32])(nil), all)
		got := random(1, n)
		want, byStep := slices.Clone(got), slices.Clone(got)
		byRun := optim.NewGrouped[float32](o, groups, runs)
		var single []optim.Stepper
		for _, r := range runs {
			rule, _ := alone(o, r.Group)
			single = append(single, rule.New(r.N))
		}
		for step := range 4 {
			if step == 2 { // as after a restart
				fresh := optim.NewGrouped[float32](o, groups, runs)
				fresh.State().Steps = all.State().Steps
				for i, slot := range all.State().Slots {
					copy(fresh.State().Slots[i].Data, slot.Data)
				}
				all = fresh
			}
			g := random(uint64(step), n)
			layered([]optim.Stepper{all}, []int{0, n}, bounds, got, g, 0.04)
			byRun.Step(byStep, g, 0.04)
			for i, s := range single {
				_, rate := alone(o, runs[i].Group)
				layered([]optim.Stepper{s}, bounds[i:i+2], bounds[i:i+2], want, g, rate)
			}
		}
		assert.True(t, slices.Equal(want, got), "%+v", o)
		assert.InDeltaSlice(t, want, byStep, 1e-5, "%+v: Step takes each run for a parameter", o) // cut at other places
		assert.EqualValues(t, 4, all.State().Steps)
		assert.PanicsWithValue(t, "optim: Grouped: elements [2, 4) of 20047 are not of one run", func() {
			all.(optim.LayerWise[float32]).Measure(2, 4, got[2:4], got[2:4])
		})
	}
	s := optim.LAMB{}.New(5000).(optim.LayerWise[float32])
	x := make([]float32, 5000)
	assert.PanicsWithValue(t, "optim: LAMB: Measure: elements [0, 4097) with 4097 weights and 4097 gradients, for a state of 5000 "+
		"in pieces of 4096", func() { s.Measure(0, 4097, x[:4097], x[:4097]) })
	assert.PanicsWithValue(t, "optim: LAMB: Apply: elements [4096, 5001) with 3 weights and 905 gradients, for a state of 5000 "+
		"in pieces of 4096", func() { s.Apply(4096, 5001, x[:3], x[:905], 1, 1, 1) })
}
