package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// points gives 61 samples of two small integers, and a target in 0 … 1: for a table to look up or a layer to multiply.
func points() dataset.Source {
	rng := rand.New(rand.NewPCG(3, 3))
	x, y := make([]float32, 2*61), make([]float32, 61)
	for i := range y {
		x[2*i], x[2*i+1], y[i] = float32(rng.IntN(13)), float32(rng.IntN(29)), float32(rng.IntN(2))
	}
	return dataset.FromTensors(tensor.FromSlice(x, 61, 2), tensor.FromSlice(y, 61, 1))
}

// plain trains dense parameters, with running statistics and dropout; seed is that of the initial weights.
func plain(seed uint64) Config {
	rng := rand.New(rand.NewPCG(seed, 0))
	return Config{Model: layers.Sequential{layers.NewLinear(rng, 2, 7), layers.NewBatchNorm(7), layers.Tanh{},
		layers.Dropout{P: 0.2}, layers.NewLinear(rng, 7, 1)}, Loss: layers.BCEWithLogits{},
		Optimizer: optim.Adam{LR: 0.01}, Train: points(), Epochs: 2, BatchSize: 16, Partitions: 12, Seed: 5, Sync: Sharded, Bucket: 32}
}

// byRows trains tables too.
func byRows(seed uint64) Config {
	c := plain(seed)
	c.Model = models.NewNeuMF(rand.New(rand.NewPCG(seed, 0)), models.NeuMFConfig{Users: 13, Items: 29, Factors: 3,
		Hidden: []int{8, 4}, Sparse: true})
	c.Train = pairs(points())
	return c
}

// pairs gives the samples of points as columns of ids.
func pairs(points dataset.Source) dataset.Source {
	var b dataset.Batch
	all := make([]int, points.Len())
	for i := range all {
		all[i] = i
	}
	if err := b.Fill(points, all); err != nil {
		panic(err)
	}
	ids := func(i int) *tensor.Tensor { return b.X.Select(1, i).Cast(tensor.Int64) }
	return dataset.FromColumns("y", dataset.Values{Name: "user", Tensor: ids(0)}, dataset.Values{Name: "item", Tensor: ids(1)},
		dataset.Values{Name: "y", Tensor: b.Y})
}

// begun makes the job of a configuration, until the test ends.
func begun(t *testing.T, c Config, ranks int) *job {
	j, err := newJob(c, ranks)
	t.Cleanup(j.release)
	require.NoError(t, err)
	return j
}

// advance takes steps of a session, and goes on to the next epoch where one ends.
func advance(ctx context.Context, s *session[float32], steps int) error {
	epoch := s.read(ctx)
	for range steps {
		if s.at.Step == s.job.plan.Steps() {
			s.at = s.at.next(Epoch{})
			epoch = s.read(ctx)
		}
		if _, err := s.step(ctx, len(epoch.Batch(s.at.Step)), false); err != nil {
			return err
		}
	}
	return nil
}

// together makes a session of each job on as many ranks, each from its snapshot, takes steps, and closes them.
func together(t *testing.T, jobs []*job, from []*snapshot, steps int) []*snapshot {
	t.Helper()
	after := make([]*snapshot, len(jobs))
	require.NoError(t, launch.Local(t.Context(), len(jobs), collectives.Config{}, func(ctx context.Context,
		g *collectives.Group) error {
		s, err := newSession[float32](ctx, jobs[g.Rank()], g, from[g.Rank()])
		if err != nil {
			return err
		}
		defer s.close()
		if err := advance(ctx, s, steps); err != nil {
			return err
		}
		after[g.Rank()], err = s.snapshot()
		return err
	}))
	return after
}

func stateOf(model any) [][]byte {
	var all [][]byte
	for _, n := range layers.StateDict(model) {
		all = append(all, slices.Clone(tensor.Bytes(n.Tensor)))
	}
	return all
}

// TestSessionOnOtherRanks makes a session on two ranks, takes 5 of 8 steps, the fifth in the second epoch, takes the
// snapshot, and makes sessions of it on other groups: of one rank, of the two in another order, of three of which one joins. All end with
// the bits of a run that was never stopped.
func TestSessionOnOtherRanks(t *testing.T) {
	for name, config := range map[string]func(seed uint64) Config{"dense": plain, "sparse": byRows} {
		whole := config(7)
		_, err := Run(t.Context(), whole)
		require.NoError(t, err)
		want := stateOf(whole.Model)
		for _, to := range []struct {
			name  string
			ranks []int // those of the first session that go on; 2 is new
		}{{"one", []int{0}}, {"swapped", []int{1, 0}}, {"three", []int{1, 2, 0}}} {
			t.Run(name+" "+to.name, func(t *testing.T) {
				jobs := []*job{begun(t, config(7), 2), begun(t, config(8), 2), begun(t, config(9), 2)}
				first := together(t, jobs[:2], make([]*snapshot, 2), 5)
				require.Equal(t, []int{1, 1}, []int{first[0].at.Epoch, first[0].at.Step})
				var after []*job
				var from []*snapshot
				for _, r := range to.ranks {
					after = append(after, jobs[r])
					if r == 2 {
						from = append(from, nil)
					} else {
						from = append(from, first[r])
					}
				}
				if len(to.ranks) == 1 { // who is left has been given the other's part
					from[0].pieces = slices.Concat(first[0].pieces, first[1].pieces)
				}
				for i, last := range together(t, after, from, 3) {
					require.Equal(t, want, stateOf(after[i].c.Model), "rank %d", i)
					require.EqualValues(t, 8, last.steps)
					require.Equal(t, 4, last.at.Step)
				}
			})
		}
	}
}

// TestSnapshotKeepsWhatIsOwed makes a new session of the same two ranks within an epoch: with ErrorFeedback, too, it
// ends with the bits of one that went on.
func TestSnapshotKeepsWhatIsOwed(t *testing.T) {
	for _, sync := range []Sync{AllReduce, Sharded} {
		jobs := func() []*job {
			c := plain(7)
			c.Sync, c.Compress, c.ErrorFeedback = sync, collectives.BFloat16Wire, true
			d := plain(7)
			d.Sync, d.Compress, d.ErrorFeedback = sync, collectives.BFloat16Wire, true
			return []*job{begun(t, c, 2), begun(t, d, 2)}
		}
		whole, cut := jobs(), jobs()
		together(t, whole, make([]*snapshot, 2), 4)
		half := together(t, cut, make([]*snapshot, 2), 2)
		require.True(t, slices.ContainsFunc(half[1].pieces, isFeedback))
		together(t, cut, half, 2)
		for i := range whole {
			require.Equal(t, stateOf(whole[i].c.Model), stateOf(cut[i].c.Model), "%v, rank %d", sync, i)
		}
	}
}

// TestSnapshotLost: where no rank has a moment's slice any more, there is no going on, and all ranks hear of it.
func TestSnapshotLost(t *testing.T) {
	jobs := []*job{begun(t, plain(7), 2), begun(t, plain(8), 2), begun(t, plain(9), 2)}
	first := together(t, jobs[:2], make([]*snapshot, 2), 2)
	// 2·7+7 weights, biases, gains, 7+1 of the output: 43; rank 1 had the last 21
	errs := make([]error, 2)
	_ = launch.Local(t.Context(), 2, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		j, from := []*job{jobs[2], jobs[0]}[g.Rank()], []*snapshot{nil, first[0]}[g.Rank()]
		_, errs[g.Rank()] = newSession[float32](ctx, j, g, from)
		return nil
	})
	for _, err := range errs {
		require.EqualError(t, err, "train: no rank has elements [22, 43) of optimizer/exp_avg")
	}
}

// stumble is an exchange of a rank that fails at one point of its second step, and leaves the group.
type stumble struct {
	idle
	in    string
	steps *position
	group *collectives.Group
}

var errStumble = errors.New("stumbled")

func (s stumble) finish(context.Context) error          { return s.at("finish") }
func (s stumble) prepare(context.Context, update) error { return s.at("prepare") }

func (s stumble) at(where string) error {
	if where != s.in || s.steps.Step != 1 {
		return nil
	}
	s.group.Close()
	return errStumble
}

// TestStateAfterFailure loses a rank at two points of a step. The others have the weights, tables and buffers of the
// step before, and the number of steps says so; a snapshot of it there is unless moments went ahead.
func TestStateAfterFailure(t *testing.T) {
	for _, c := range []struct {
		sync Sync
		in   string
		torn bool
	}{{AllReduce, "finish", false}, {Sharded, "finish", false}, {Sharded, "prepare", true}} {
		for name, config := range map[string]func(seed uint64) Config{"dense": plain, "sparse": byRows} {
			t.Run(fmt.Sprint(name, " ", c.sync, " ", c.in), func(t *testing.T) {
				_ = launch.Local(t.Context(), 3, collectives.Config{}, func(ctx context.Context,
					g *collectives.Group) error {
					cfg := config(7)
					cfg.Sync = c.sync
					j, err := newJob(cfg, 3)
					defer j.release()
					if !assertNil(t, err) {
						return err
					}
					s, err := newSession[float32](ctx, j, g, nil)
					if !assertNil(t, err) {
						return err
					}
					defer s.close()
					if g.Rank() == 1 {
						s.exchanges = append([]exchange{stumble{in: c.in, steps: &s.at, group: g}}, s.exchanges...)
					}
					if !assertNil(t, advance(ctx, s, 1)) {
						return nil
					}
					before := stateOf(cfg.Model)
					err = advance(ctx, s, 1)
					_, none := s.snapshot()
					switch {
					case g.Rank() == 1:
						if !errors.Is(err, errStumble) {
							t.Errorf("rank 1: %v", err)
						}
					case !errors.Is(err, collectives.ErrPeerLost):
						t.Errorf("rank %d: %v", g.Rank(), err)
					case (none != nil) != c.torn:
						t.Errorf("rank %d: snapshot: %v", g.Rank(), none)
					}
					if s.at.Step != 1 || !slices.EqualFunc(before, stateOf(cfg.Model), slices.Equal) {
						t.Errorf("rank %d: the state is not that after step 1", g.Rank())
					}
					return nil
				})
			})
		}
	}
}

func assertNil(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// TestFill shares vectors of which the ranks have overlapping parts and want others, across the chunks they travel in.
func TestFill(t *testing.T) {
	const n = fillChunk + 1000
	part := func(lo, hi int) piece {
		x := make([]float64, hi-lo)
		for i := range x {
			x[i] = float64(lo + i)
		}
		return newPiece("v", n, lo, x)
	}
	for name, c := range map[string]struct {
		have    [][]piece
		want    []span
		missing *span
	}{
		"one has all": {[][]piece{nil, {part(0, n)}, nil}, []span{{0, n}, {5, 9}, {0, n}}, nil},
		"each a third": {[][]piece{{part(0, 500)}, {part(500, n-7)}, {part(n-7, n)}},
			[]span{{300, n}, {0, 0}, {0, n}}, nil},
		"overlapping": {[][]piece{{part(0, 400), part(300, 900)}, {part(200, n)}, nil},
			[]span{{250, n}, {0, 300}, {100, 1000}}, nil},
		"out of order": {[][]piece{{part(700, n), part(0, 700)}, nil, nil}, []span{{0, 0}, {600, 800}, {0, n}}, nil},
		"a gap":        {[][]piece{{part(0, 10)}, {part(20, n)}, nil}, []span{{0, 10}, {0, 0}, {5, n}}, &span{10, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, launch.Local(t.Context(), 3, collectives.Config{}, func(ctx context.Context,
				g *collectives.Group) error {
				want := c.want[g.Rank()]
				dst := make([]float64, want.hi-want.lo)
				missing, err := fill(ctx, g, dst, want.lo, c.have[g.Rank()])
				if err != nil {
					return err
				}
				if (missing == nil) != (c.missing == nil) || missing != nil && *missing != *c.missing {
					return fmt.Errorf("missing %v, want %v", missing, c.missing)
				}
				for i, v := range dst {
					at := want.lo + i
					if lost := c.missing != nil && c.missing.lo <= at && at < c.missing.hi; !lost && v != float64(at) {
						return fmt.Errorf("rank %d: element %d = %v", g.Rank(), at, v)
					}
				}
				return nil
			}))
		})
	}
}

// TestPhasesTorn: where a phase fails behind one that is committed, there is no snapshot: its state would be of no step.
func TestPhasesTorn(t *testing.T) {
	c := plain(7)
	model := c.Model.(layers.Sequential)
	c.Loss, c.Optimizer = nil, nil
	bad := false
	c.Phases = []Phase{
		{Name: "one", Params: "0.*", Optimizer: optim.Adam{}, LossFunc: func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
			return autograd.Mean(model.Forward(t, t.Const(b.X)))
		}},
		{Name: "two", Params: "*", Optimizer: optim.SGD{}, LossFunc: func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
			if bad {
				panic("no more")
			}
			return autograd.Mean(model.Forward(t, t.Const(b.X)))
		}},
	}
	j := begun(t, c, 1)
	s, err := newSession[float32](t.Context(), j, collectives.Alone(), nil)
	require.NoError(t, err)
	defer s.close()
	require.NoError(t, advance(t.Context(), s, 1))
	shot, err := s.snapshot()
	require.NoError(t, err)
	var names []string
	for _, p := range shot.pieces {
		if !p.ofModel() {
			names = append(names, p.name)
		}
	}
	require.Equal(t, []string{"optimizer/exp_avg/phase:one", "optimizer/exp_avg_sq/phase:one"}, names)
	bad = true
	require.ErrorContains(t, advance(t.Context(), s, 1), "no more")
	_, err = s.snapshot()
	require.ErrorContains(t, err, `phase "two" of a step failed behind others`)
}
