package train_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/transport"
	"github.com/tutti-ml/tutti/collectives/transport/tcp"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

const users, items = 13, 29

// likes gives n pairs of a user and an item, and whether the user likes the item. Users from 10 and the last items occur never.
func likes(n int) dataset.Source {
	rng := rand.New(rand.NewPCG(3, 3))
	user, item, y := make([]int64, n), make([]int64, n), make([]float32, n)
	for i := range n {
		u, v := rng.IntN(10), rng.IntN(25)
		user[i], item[i] = int64(u), int64(v)
		y[i] = float32((u + v) % 2)
	}
	return pairs(user, item, y)
}

// pairs gives users, items and whether they were liked as columns.
func pairs(user, item []int64, liked []float32) dataset.Source {
	n := len(user)
	return dataset.FromColumns("liked", dataset.Values{Name: "user", Tensor: tensor.FromSlice(user, n)},
		dataset.Values{Name: "item", Tensor: tensor.FromSlice(item, n)},
		dataset.Values{Name: "liked", Tensor: tensor.FromSlice(liked, n, 1)})
}

// taste is NeuMF, and a table of one row, for a rank's slice of it to be empty, and one that no batch looks up.
type taste struct {
	*models.NeuMF
	Everybody, Nobody *layers.Embedding
}

func (m taste) ForwardColumns(t *autograd.Tape, in layers.Columns) *autograd.Var {
	one := tensor.New(tensor.Int64, in.Col("user").Dim(0))
	return autograd.Add(m.NeuMF.ForwardColumns(t, in), m.Everybody.Lookup(t, one))
}

// recommend makes c train on 61 pairs in batches of 16, the last of an epoch of 13, in eight partitions.
func recommend(c *train.Config, sparse bool, rule optim.Optimizer) {
	rng := rand.New(rand.NewPCG(4, 4))
	m := taste{models.NewNeuMF(rng, models.NeuMFConfig{Users: users, Items: items, Factors: 3, Hidden: []int{8, 4}, Sparse: sparse}),
		layers.NewEmbedding(rng, 1, 1), layers.NewEmbedding(rng, 7, 2)}
	if sparse {
		m.Everybody.SetSparse()
		m.Nobody.SetSparse()
	}
	c.Model, c.Loss, c.Optimizer = m, layers.BCEWithLogits{}, rule
	c.Train, c.Test = likes(61), nil
}

// TestSparseIsDense trains with rows and without. Under plain SGD a row that is not looked up stays as it is either way, and the
// sums follow one tree: so with Sharded the bits are dense training's, on any number of ranks, as they are with the ring
// on one. On several, the ring's sums have another order: 12 steps at rate 0.5, each rounding a few times.
func TestSparseIsDense(t *testing.T) {
	rule := optim.SGD{LR: 0.5}
	dense := onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) { recommend(c, false, rule) })[0]
	require.NoError(t, dense.err)
	for _, strategy := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, ranks := range []int{1, 2, 3, 5} {
			t.Run(fmt.Sprintf("%v %d", strategy, ranks), func(t *testing.T) {
				got := onRanks(t, ranks, strategy, func(_ int, c *train.Config) { recommend(c, true, rule) })
				if strategy == train.Sharded || ranks == 1 {
					requireAll(t, dense, got)
					return
				}
				requireAll(t, got[0], got)
				require.InDeltaSlice(t, dense.weights, got[0].weights, 12*10*0x1p-24)
			})
		}
	}
}

// TestSparseLazy wants optimizers with moments to leave rows alone that no batch looks up, to have the same bits on all numbers of
// ranks with Sharded, and a parameter group to count for tables.
func TestSparseLazy(t *testing.T) {
	for _, rule := range []optim.Optimizer{optim.SGD{LR: 0.1, Momentum: 0.9}, optim.Adam{}, optim.Adagrad{}, optim.AdamW{}} {
		t.Run(rule.Name(), func(t *testing.T) {
			var last *models.NeuMF
			change := func(_ int, c *train.Config) {
				recommend(c, true, rule)
				c.ParamGroups = []optim.Group{{Pattern: "ItemGMF.*", Factor: 1e-30, WeightDecay: optim.Zero}, {Pattern: "*User*", WeightDecay: optim.Zero},
					{Pattern: "*Item*", WeightDecay: optim.Zero}, {Pattern: "*body*", WeightDecay: optim.Zero}}
			}
			one := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
				change(rank, c)
				last = c.Model.(taste).NeuMF
			})[0]
			require.NoError(t, one.err)
			var c train.Config
			recommend(&c, true, rule)
			first := c.Model.(taste).NeuMF
			rowsOf := func(m *layers.Embedding, lo, hi int) []float32 {
				return tensor.Data[float32](m.Weight.Value().Slice(0, lo, hi).Contiguous())
			}
			require.Equal(t, rowsOf(first.UserGMF, 10, users), rowsOf(last.UserGMF, 10, users), "never looked up")
			require.Equal(t, rowsOf(first.ItemMLP, 25, items), rowsOf(last.ItemMLP, 25, items), "never looked up")
			require.NotEqual(t, rowsOf(first.UserGMF, 0, 10), rowsOf(last.UserGMF, 0, 10))
			require.Equal(t, rowsOf(first.ItemGMF, 0, items), rowsOf(last.ItemGMF, 0, items), "at a rate of nothing")
			requireAll(t, one, onRanks(t, 3, train.Sharded, change))
			got := onRanks(t, 2, train.AllReduce, change)
			requireAll(t, got[0], got)
		})
	}
}

// TestSparseResume stops after two epochs and goes on, on another number of ranks where the strategy allows it.
func TestSparseResume(t *testing.T) {
	for _, c := range []struct {
		sync          train.Sync
		before, after int
	}{{train.AllReduce, 2, 2}, {train.Sharded, 3, 2}, {train.Sharded, 1, 3}} {
		t.Run(fmt.Sprintf("%v %d to %d", c.sync, c.before, c.after), func(t *testing.T) {
			change := func(_ int, cfg *train.Config) { recommend(cfg, true, optim.Adam{LR: 0.05}) }
			want := onRanks(t, c.after, c.sync, change)[0]
			require.NoError(t, want.err)
			path := t.TempDir() + "/run.safetensors"
			for _, run := range []struct{ ranks, epochs int }{{c.before, 2}, {c.after, 3}} {
				got := onRanks(t, run.ranks, c.sync, func(rank int, cfg *train.Config) {
					change(rank, cfg)
					cfg.Checkpoint, cfg.Resume, cfg.Epochs = path, train.AutoResume, run.epochs
				})
				for rank, r := range got {
					require.NoError(t, r.err, "rank %d", rank)
				}
				if run.epochs == 3 {
					requireAll(t, want, got)
					require.True(t, got[0].report.Resumed)
				}
			}
			dense := onRanks(t, 1, c.sync, func(rank int, cfg *train.Config) {
				recommend(cfg, false, optim.Adam{LR: 0.05})
				cfg.Checkpoint, cfg.Resume, cfg.ResumeWith = path, train.MustResume, []string{"Model", "Group"}
			})[0]
			require.ErrorContains(t, dense.err, "optimizer/exp_avg is float32", "the moments of sparse parameters lie elsewhere")
		})
	}
}

// stubborn is an optimizer that cannot step by rows.
type stubborn struct{ optim.SGD }

func (stubborn) Name() string { return "stubborn" }
func (s stubborn) WithDecay(decay float64) optim.Optimizer {
	s.WeightDecay = decay
	return s
}
func (s stubborn) New(n int) optim.Stepper { return struct{ optim.Stepper }{s.SGD.New(n)} }

func TestSparseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*train.Config)
		want   string
	}{
		"no steps by rows": {func(c *train.Config) { c.Optimizer = stubborn{} },
			"train: parameter UserGMF.Weight has a sparse gradient, and stubborn cannot step by rows"},
		"weight decay": {func(c *train.Config) { c.Optimizer = optim.SGD{WeightDecay: 0.1} },
			"train: parameter UserGMF.Weight has a sparse gradient, and sgd a weight decay"},
		"a group's weight decay": {func(c *train.Config) { c.ParamGroups = []optim.Group{{Pattern: "UserMLP.*", WeightDecay: 0.1}} },
			"train: parameter UserMLP.Weight has a sparse gradient, and sgd a weight decay"},
		"decay by default": {func(c *train.Config) { c.Optimizer = optim.AdamW{} }, "and adamw a weight decay"},
		"no rows": {func(c *train.Config) { c.Model.(taste).MLP[0].(*layers.Linear).Bias.Sparse = true },
			"train: sparse parameter MLP.0.Bias has shape [4], want [rows, ...]"},
		"no lookup": {func(c *train.Config) { c.Model.(taste).Predict.Weight.Sparse = true },
			"train: parameter Predict.Weight is sparse, and its gradient is not"},
	} {
		t.Run(name, func(t *testing.T) {
			for rank, r := range onRanks(t, 2, train.AllReduce, func(_ int, cfg *train.Config) {
				recommend(cfg, true, optim.SGD{})
				c.change(cfg)
			}) {
				require.ErrorContains(t, r.err, c.want, "rank %d", rank)
			}
		})
	}
	for rank, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) { recommend(c, rank == 0, optim.SGD{}) }) {
		require.ErrorIs(t, r.err, train.ErrDisagree, "rank %d", rank)
		require.ErrorContains(t, r.err, "UserGMF.Weight: rank 0 has [13 3] sparse, rank 1 has [13 3]")
	}
}

// TestSparseAlone trains a model of nothing but a sparse table: the flat vector is empty.
func TestSparseAlone(t *testing.T) {
	for _, strategy := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, r := range onRanks(t, 2, strategy, func(_ int, c *train.Config) {
			table := layers.NewEmbedding(rand.New(rand.NewPCG(1, 1)), 5, 1).SetSparse()
			c.Model = table
			c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
				return autograd.Mean(autograd.Square(table.Lookup(t, tensor.FromSlice([]int64{1, 3, 1}))))
			}
			c.Optimizer, c.Test, c.Epochs = optim.SGD{LR: 0.2}, nil, 10
		}) {
			require.NoError(t, r.err)
			first := tensor.Data[float32](layers.NewEmbedding(rand.New(rand.NewPCG(1, 1)), 5, 1).Weight.Value())
			require.InDelta(t, 0, r.weights[1], 1e-3)
			require.InDelta(t, 0, r.weights[3], 1e-2*max(1, float64(first[3])))
			require.Equal(t, []float32{first[0], first[2], first[4]}, []float32{r.weights[0], r.weights[2], r.weights[4]})
		}
	}
}

// TestSparseOverTCP wants the bits of ranks in one process from ranks that meet over TCP.
func TestSparseOverTCP(t *testing.T) {
	const ranks = 2
	for _, strategy := range []train.Sync{train.AllReduce, train.Sharded} {
		t.Run(strategy.String(), func(t *testing.T) {
			change := func(_ int, c *train.Config) { recommend(c, true, optim.Adam{LR: 0.05}) }
			want := onRanks(t, ranks, strategy, change)[0]
			require.NoError(t, want.err)
			got := make([]result, ranks)
			var wg sync.WaitGroup
			for rank, g := range overTCP(t, ranks) {
				wg.Go(func() {
					c := config(strategy)
					change(rank, &c)
					c.Group = g
					report, err := train.Run(t.Context(), c)
					got[rank] = result{weights(c.Model), report, err}
				})
			}
			wg.Wait()
			requireAll(t, want, got)
		})
	}
}

// overTCP opens a group for each of n ranks in this process that meet over loopback.
func overTCP(t *testing.T, n int) []*collectives.Group {
	t.Helper()
	store, groups, errs := transport.NewMemStore(), make([]*collectives.Group, n), make([]error, n)
	var wg sync.WaitGroup
	for rank := range n {
		wg.Go(func() {
			end, err := tcp.Open(t.Context(), tcp.Config{Rank: rank, Size: n, Store: store, Carrier: tcp.TCP, Secret: []byte("test")})
			if errs[rank] = err; err == nil {
				groups[rank], errs[rank] = collectives.New(end, collectives.Config{})
			}
		})
	}
	wg.Wait()
	t.Cleanup(func() {
		var wg sync.WaitGroup
		for _, g := range groups {
			wg.Go(func() { _ = g.Close() })
		}
		wg.Wait()
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	return groups
}
