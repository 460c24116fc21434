package transform_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/transform"
	"github.com/tutti-ml/tutti/tensor"
)

var nan = math.NaN()

// fitOne fits one op on a table of float64 columns, and returns the whole table after it.
func fitOne(t *testing.T, src dataset.Source, ops ...transform.Op) *dataset.Batch {
	t.Helper()
	p, err := (&transform.Pipeline{Ops: ops}).Fit(t.Context(), src, nil)
	require.NoError(t, err)
	return allOf(t, src, p)
}

// allOf returns all samples of src after p.
func allOf(t *testing.T, src dataset.Source, p *transform.Pipeline) *dataset.Batch {
	t.Helper()
	staged, err := transform.Source(src, p)
	require.NoError(t, err)
	index := make([]int, staged.Len())
	for i := range index {
		index[i] = i
	}
	b := new(dataset.Batch)
	require.NoError(t, b.Fill(staged, index))
	return b
}

func vectors[T tensor.Elem](name string, width int, values ...T) dataset.Source {
	return dataset.FromColumns("", dataset.Values{Name: name, Tensor: tensor.FromSlice(values, len(values)/width, width)})
}

// Of scikit-learn 1.7:
//
//	x = np.array([[1.5, 7, -3], [2.25, 7, np.nan], [-4, 7, 8.125], [10, 7, 0.5], [3, 7, 1e3]])
//	StandardScaler().fit(x).mean_, .scale_; StandardScaler().fit_transform(x)
//	MinMaxScaler((-1, 2)).fit_transform(x)
//	SimpleImputer(strategy="mean").fit(x).statistics_, "median"
func TestScalersAreScikitLearns(t *testing.T) {
	src := vectors("x", 3, 1.5, 7, -3, 2.25, 7, nan, -4, 7, 8.125, 10, 7, 0.5, 3, 7, 1e3)
	p, err := (&transform.Pipeline{Ops: []transform.Op{transform.Standardize{Columns: []string{"x"}}}}).
		Fit(t.Context(), src, nil)
	require.NoError(t, err)
	s := p.Ops[0].(transform.Standardize)
	assert.InDeltaSlice(t, []float64{2.55, 7, 251.40625}, s.Mean[0], 1e-13)
	assert.InDeltaSlice(t, []float64{4.467661580737736, 1, 432.2195204605959}, s.Std[0], 1e-12)
	assert.Equal(t, []float64{7, 1}, []float64{s.Mean[0][1], s.Std[0][1]})
	requireNear(t, []float64{-0.2350222775438187, 0.0, -0.5886042576903775, -0.06714922215537673, 0.0, nan,
		-1.466091350392393, 0.0, -0.5628650222478306, 1.6675390168585233, 0.0, -0.5805065206972168,
		0.1007238332330652, 0.0, 1.731975800635425}, allOf(t, src, p).X, 1e-15)
	requireNear(t, []float64{0.1785714285714285, -1.0, -1.0, 0.3392857142857142, -1.0, nan, -1.0, -1.0,
		-0.9667248255234296, 2.0, -1.0, -0.989531405782652, 0.4999999999999999, -1.0, 2.0},
		fitOne(t, src, transform.MinMax{Columns: []string{"x"}, Lo: -1, Hi: 2}).X, 2e-16)
	requireNear(t, []float64{1.5, 7, -3, 2.25, 7, 251.40625, -4, 7, 8.125, 10, 7, 0.5, 3, 7, 1e3},
		fitOne(t, src, transform.Impute{Columns: []string{"x"}}).X, 0)
	requireNear(t, []float64{1.5, 7, -3, 2.25, 7, 4.3125, -4, 7, 8.125, 10, 7, 0.5, 3, 7, 1e3},
		fitOne(t, src, transform.Impute{Columns: []string{"x"}, By: "median"}).X, 0)
}

func requireNear(t *testing.T, want []float64, got *tensor.Tensor, delta float64) {
	t.Helper()
	x := tensor.Data[float64](got)
	require.Len(t, x, len(want))
	for i, w := range want {
		if w != w {
			require.True(t, x[i] != x[i], "element %d is %v, want NaN", i, x[i])
			continue
		}
		require.InDelta(t, w, x[i], delta, "element %d", i)
	}
}

// Channels are the first axis; bytes, float32 and integers go by float64, and are rounded once.
func TestStandardizeOfDTypes(t *testing.T) {
	const n, c, size = 3, 2, 20
	rng := rand.New(rand.NewPCG(1, 2))
	bytes := make([]uint8, n*c*size)
	for i := range bytes {
		bytes[i] = uint8(rng.IntN(256))
	}
	op := transform.Standardize{Columns: []string{"x"}, Mean: [][]float64{{127.5, 99}}, Std: [][]float64{{64, 3}}}
	want := make([]float32, len(bytes))
	for i, v := range bytes {
		want[i] = float32((float64(v) - []float64{127.5, 99}[i/size%c]) / []float64{64, 3}[i/size%c])
	}
	x := tensor.FromSlice(bytes, n, c, size)
	for _, d := range []tensor.DType{tensor.Uint8, tensor.Float32, tensor.Int32, tensor.Int64} {
		b := allOf(t, dataset.FromColumns("", dataset.Values{Name: "x", Tensor: x.Cast(d)}),
			&transform.Pipeline{Ops: []transform.Op{op}})
		assert.Equal(t, []int{n, c, size}, b.X.Shape())
		assert.InDeltaSlice(t, want, tensor.Data[float32](b.X), 1e-6, "%v", d) // 1/3 is rounded, in float64
	}
}

// blocked is memory that gives itself out as two blocks.
type blocked struct{ dataset.Source }

func (s blocked) Blocks() []int                            { return []int{700, s.Len() - 700} }
func (s blocked) Fill(b *dataset.Batch, index []int) error { return b.Gather(s, index) }
func (s blocked) ReadBlock(_ context.Context, b *dataset.Batch, block, lo, hi int) error {
	var index []int
	for i := lo; i < hi; i++ {
		index = append(index, i+700*block)
	}
	return s.Source.Fill(b, index)
}

// mixed is some thousand samples of numbers with gaps, lists, and words.
func mixed(n int) *dataset.Memory {
	rng := rand.New(rand.NewPCG(3, 4))
	x, y, label := make([]float32, 4*n), make([]float64, n), make([]int64, n)
	words := make([]string, n)
	for i := range x {
		if x[i] = float32(rng.NormFloat64()*1e3 + 1e4); rng.IntN(9) == 0 {
			x[i] = float32(nan)
		}
	}
	for i := range y {
		y[i], label[i] = rng.ExpFloat64(), int64(rng.IntN(3))
		words[i] = string(rune('a'+rng.IntN(1+rng.IntN(26)))) + string(rune('a'+rng.IntN(3)))
	}
	return dataset.FromColumns("label", dataset.Values{Name: "x", Tensor: tensor.FromSlice(x, n, 4)},
		dataset.Values{Name: "y", Tensor: tensor.FromSlice(y, n)}, dataset.Values{Name: "word", Text: words},
		dataset.Values{Name: "label", Tensor: tensor.FromSlice(label, n)})
}

var mixedOps = []transform.Op{
	transform.Impute{Columns: []string{"x"}, By: "median"},
	transform.Log1p{Columns: []string{"y"}},
	transform.Standardize{Columns: []string{"x", "y"}},
	transform.MinMax{Columns: []string{"y"}, Lo: -1, Hi: 1},
}

// The same bits on 1, 2, 3 and 4 ranks, from memory and from blocks.
func TestFitDoesNotDependOnTheRanks(t *testing.T) {
	src := mixed(5000)
	one, err := (&transform.Pipeline{Ops: mixedOps}).Fit(t.Context(), src, nil)
	require.NoError(t, err)
	assert.Equal(t, "label", one.Target)
	for ranks := 1; ranks <= 4; ranks++ {
		err := launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			p, err := (&transform.Pipeline{Ops: mixedOps}).Fit(ctx, blocked{src}, g)
			if err == nil {
				assert.Equal(t, one.Ops, p.Ops, "%d ranks", ranks)
			}
			return err
		})
		require.NoError(t, err)
	}
}

// All ranks end when one cannot read, and when their data differs.
func TestFitFailsOnAllRanks(t *testing.T) {
	p := &transform.Pipeline{Ops: mixedOps}
	broken := dataset.Map(mixed(5000), func(_ *dataset.Batch, index []int) error {
		if slices.Contains(index, 2000) {
			return assert.AnError
		}
		return nil
	})
	fit := func(of func(rank int) dataset.Source) error {
		return launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			_, err := p.Fit(ctx, of(g.Rank()), g)
			assert.Error(t, err, "rank %d", g.Rank())
			return err
		})
	}
	assert.ErrorIs(t, fit(func(int) dataset.Source { return broken }), assert.AnError)
	assert.ErrorContains(t, fit(func(rank int) dataset.Source { return mixed(5000 - rank) }),
		"a rank's source has 4999 samples, another's 5000")
}

// What moments are of data in one go, over chunks and parts: NumPy's, from the sums of integers, which are exact.
func TestMomentsOverParts(t *testing.T) {
	const n = 9000
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i % 100)
	}
	p, err := (&transform.Pipeline{Ops: []transform.Op{transform.Standardize{Columns: []string{"x"}}}}).
		Fit(t.Context(), vectors("x", 1, x...), nil)
	require.NoError(t, err)
	s := p.Ops[0].(transform.Standardize)
	assert.InDelta(t, 49.5, s.Mean[0][0], 1e-12)
	assert.InDelta(t, math.Sqrt(9999.0/12), s.Std[0][0], 1e-12) // (100² − 1) / 12
}

// A constant has exactly its value as mean and 1 as deviation, and no samples pass.
func TestFitOfAConstantAndOfNothing(t *testing.T) {
	x := make([]float32, 5000)
	for i := range x {
		x[i] = 0.1
	}
	for _, c := range []struct {
		src       dataset.Source
		mean, std float64
	}{{vectors("x", 1, x...), float64(float32(0.1)), 1}, {vectors("x", 1, float32(nan)), 0, 1}} {
		p, err := (&transform.Pipeline{Ops: []transform.Op{transform.Standardize{Columns: []string{"x"}},
			transform.MinMax{Columns: []string{"x"}}}}).Fit(t.Context(), c.src, nil)
		require.NoError(t, err)
		s := p.Ops[0].(transform.Standardize)
		assert.Equal(t, [][]float64{{c.mean}}, s.Mean)
		assert.Equal(t, [][]float64{{c.std}}, s.Std)
		assert.Equal(t, [][]float64{{0}}, p.Ops[1].(transform.MinMax).Max)
	}
}
