package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// ErrNotFinite is wrapped by the error of a run whose loss or gradient became NaN or infinite, or so large that it
// would be so on its way to the other ranks. The weights are those before the step that found it.
var ErrNotFinite = errors.New("not finite")

// Run trains c.Model on c.Train and returns the report of all epochs. Every rank of c.Group calls Run with the same
// configuration, and every rank ends with the same weights, in the model itself.
//
// The weights that training starts from are rank 0's. When ctx is cancelled on any rank, all ranks finish the step
// they are in, rank 0 writes the checkpoint, and Run returns the report so far and an error that wraps ctx's on the
// rank that was told, and context.Canceled on the others. A lost peer is an error that names its rank; an error on
// one rank, such as a bad record in its part of the data, ends the run on all of them. Panics in the model, the loss,
// the data or a function of c become errors, and so does runtime.Goexit in the first three.
//
// The model is Run's until it returns: another Run of it, or of a model that shares a parameter with it, is refused,
// and a Forward or an Evaluate meanwhile may see a half of a step.
func Run(ctx context.Context, c Config) (report *Report, err error) {
	r, err := prepare(ctx, c)
	if r != nil {
		defer r.close()
	}
	defer func() { // of an optimizer, say
		if v := recover(); v != nil {
			report, err = r.end(panicError("training", v, panics.At()))
		}
	}()
	if err := share(context.WithoutCancel(ctx), c.Group, err); err != nil {
		return nil, err
	}
	if err := r.start(); err != nil {
		return r.end(err)
	}
	if r.c.Epochs < 0 {
		return r.end(r.none(ctx))
	}
	for r.at.Epoch < r.c.Epochs {
		if err := r.epoch(ctx); err != nil {
			return r.end(err)
		}
	}
	return r.end(nil)
}

// prepare makes a run as far as this rank can by itself. The run is to be closed, also where there is an error.
func prepare(ctx context.Context, c Config) (r *run, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("preparing", v, panics.At())
		}
	}()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r = &run{group: c.Group, world: context.WithoutCancel(ctx)}
	return r, r.init(c)
}

// end gives what Run returns.
func (r *run) end(err error) (*Report, error) {
	switch {
	case !r.started:
		return nil, err
	case errors.Is(err, Stop):
		r.stopped, err = true, nil
	}
	return r.report(), err
}

// A run is the state of one rank's training.
type run struct {
	c         Config
	group     *collectives.Group
	world     context.Context     // for collective operations: not cancelled, so that all ranks stop together
	params    []layers.NamedParam // all of the model's
	set       *autograd.Set       // those that are trained densely: a frozen one must not meet momentum or weight decay
	weights   []float32           // set's
	replicas  []*replica
	grads     [][]float32
	syncer    syncer
	buffers   *buffers
	tables    *tables
	stats     *statSync // nil: every partition for itself
	overlap   *overlap
	feedback  *feedback
	plan      dataset.Plan
	objective objective
	check     *gradientCheck
	ending    error  // what OnStep said after the last step: there is to be no other
	unlock    func() // of the checkpoint; nil: not locked

	at      position
	resumed bool
	started bool // all that is to be found out before the first step is well
	stopped bool
	test    *Metrics      // of a run of no epochs
	samples int           // trained on by this process
	elapsed time.Duration // training alone, in this process
}

// A position says how far a run has come: what a checkpoint keeps besides the weights and the optimizer's moments.
type position struct {
	Epoch   int     // epochs complete
	Step    int     // steps of the next epoch complete
	Loss    float64 // sums over those steps, of loss times weight
	Weight  float64 // of the loss: samples, or what it divides by
	Correct float64
	Ignored float64
	Samples int
	History []Epoch // of the complete epochs
}

func (r *run) init(c Config) error {
	if r.group == nil {
		r.group = collectives.Alone()
	}
	size := r.group.Size()
	r.c = c.withDefaults(size)
	r.c.Group = r.group
	if r.c.Partitions < size {
		return fmt.Errorf("train: Config.Partitions = %d, want at least the number of ranks, %d", r.c.Partitions, size)
	}

	var trained []*autograd.Param
	frozen := true
	r.params = layers.Params(r.c.Model)
	for _, p := range r.params {
		if d := p.Value().DType(); d != tensor.Float32 {
			return fmt.Errorf("train: parameter %s is %v, want Float32", p.Name, d)
		}
		if !p.Frozen && !p.Sparse {
			trained = append(trained, p.Param)
		}
		frozen = frozen && p.Frozen
	}
	if frozen {
		return fmt.Errorf("train: Config.Model (%T) has no parameters to train in exported fields (%d are frozen)",
			r.c.Model, len(r.params))
	}
	if err := r.claim(); err != nil {
		return err
	}
	r.set = autograd.NewSet(trained)
	r.weights = tensor.Data[float32](r.set.Value())
	r.plan = dataset.Plan{N: r.c.Train.Len(), BatchSize: r.c.BatchSize, Partitions: r.c.Partitions, Shuffle: true, Seed: r.c.Seed}

	lo, hi := collectives.Slice(r.c.Partitions, size, r.group.Rank())
	r.objective = newObjective(r.c)
	for partition := lo; partition < hi; partition++ {
		replica := newReplica(partition, r.set, r.objective)
		r.replicas = append(r.replicas, replica)
		r.grads = append(r.grads, replica.grad)
	}
	strategy, err := r.c.Sync.syncer()
	if err != nil {
		return err
	}
	if r.buffers, err = newBuffers(r.c.Model, r.group, r.c.Partitions, hi-lo); err != nil {
		return err
	}
	groups, err := newGroups(r.c, r.set)
	if err != nil {
		return err
	}
	nodes := 0
	for rank := range size {
		lo, hi := collectives.Slice(r.c.Partitions, size, rank)
		nodes += len(cut(r.c.Partitions, lo, hi))
	}
	r.check = newGradientCheck(r.params, r.set, nodes, r.c.Partitions, size, r.c.Compress)
	if r.tables, err = newTables(r.c, r.params, groups, r.check); err != nil {
		return err
	}
	for i, replica := range r.replicas {
		replica.begin = func(n int) {
			r.buffers.begin(i, n)
			r.tables.begin(i)
		}
		replica.rows = func() error { return r.tables.take(i, replica.tape) }
		replica.tape.OnObserve(r.buffers.observer(i))
	}
	spans := cutBuckets(r.set, r.c.Bucket)
	if r.c.ErrorFeedback && size > 1 {
		r.feedback = newFeedback(r.c.Compress, len(r.weights)*len(cut(r.c.Partitions, lo, hi)))
	}
	r.syncer = strategy(&params{group: r.group, partitions: r.c.Partitions, lo: lo, hi: hi, weights: r.weights, grads: r.grads,
		groups: groups, spans: spans, wire: r.c.Compress, feedback: r.feedback, check: r.check})
	r.overlap = newOverlap(r.set, spans, len(r.replicas), r.syncer.send)
	for _, replica := range r.replicas {
		replica.tape.OnGrad(r.overlap.ready)
	}
	return r.lock()
}

// start makes sure that all ranks are about to do the same, from the same weights.
func (r *run) start() error {
	if err := r.agree(); err != nil {
		return err
	}
	if r.c.SyncBatchNorm && r.c.Partitions > 1 {
		var err error
		if r.stats, err = newStatSync(r.world, r.group, len(r.replicas)); err != nil {
			return err
		}
		for i, replica := range r.replicas {
			replica.tape.SetStatSync(statMember{r.stats, i})
		}
	}
	began, err := r.resume()
	if err != nil {
		return err
	}
	if err := collectives.Broadcast(r.world, r.group, r.weights, 0); err != nil {
		return fmt.Errorf("train: sharing the weights: %w", err)
	}
	for _, p := range r.params {
		if !r.set.Has(p.Param) {
			if err := collectives.Broadcast(r.world, r.group, tensor.Data[float32](p.Value()), 0); err != nil {
				return fmt.Errorf("train: sharing the parameter %s: %w", p.Name, err)
			}
		}
	}
	if err := r.buffers.share(r.world); err != nil {
		return err
	}
	r.started = true
	return r.settle(call("OnStart", r.c.OnStart, began))
}

func (r *run) close() {
	if r.unlock != nil {
		r.unlock()
	}
	r.release()
	for _, replica := range r.replicas {
		replica.close()
	}
	if r.stats != nil {
		r.stats.close()
	}
}

// none evaluates the model as it is: a run of no epochs.
func (r *run) none(ctx context.Context) error {
	if r.c.Test == nil {
		return nil
	}
	m, err := evaluate(ctx, r.world, r.c, r.c.Test)
	if errors.Is(err, errStopped) {
		return r.interrupted(ctx)
	}
	if err == nil {
		r.test = &m
	}
	return err
}

// epoch trains from r.at to the end of its epoch, evaluates, and writes the checkpoint.
func (r *run) epoch(ctx context.Context) error {
	began := time.Now()
	order := r.plan.Epoch(r.at.Epoch)
	if r.feedback != nil {
		r.feedback.forget()
	}
	for _, replica := range r.replicas {
		replica.read(r.world, order, r.c.Train, r.at.Step)
	}
	steps := r.plan.Steps()
	stop := false
	for r.at.Step < steps && !stop {
		samples := len(order.Batch(r.at.Step))
		loss, told, err := r.step(ctx, samples)
		if err != nil {
			return r.stopping(err)
		}
		stop = told
		r.samples += samples
		r.ending = call("OnStep", r.c.OnStep,
			Step{Epoch: r.at.Epoch + 1, Epochs: r.c.Epochs, Step: r.at.Step, Steps: steps, Samples: samples,
				Loss: loss})
	}
	trained := time.Since(began)
	r.elapsed += trained
	if err := r.settle(r.ending); err != nil {
		return r.stopping(err)
	}
	if r.at.Step < steps {
		return r.interrupted(ctx)
	}

	e := Epoch{Epoch: r.at.Epoch + 1, Epochs: r.c.Epochs, Elapsed: trained, Train: Metrics{
		Loss: mean(r.at.Loss, r.at.Weight), Correct: -1, Samples: r.at.Samples, Ignored: int(math.Round(r.at.Ignored))}}
	if r.objective.labelled(r.c, r.c.Train.Spec()) {
		e.Train.Correct = int(math.Round(r.at.Correct))
	}
	if r.c.Test != nil {
		var err error
		if e.Test, err = evaluate(ctx, r.world, r.c, r.c.Test); err != nil {
			if errors.Is(err, errStopped) {
				return r.interrupted(ctx)
			}
			return err
		}
	}
	r.at = position{Epoch: r.at.Epoch + 1, History: append(r.at.History, e)}
	if err := r.checkpoint(); err != nil {
		return err
	}
	if err := r.settle(call("OnEpoch", r.c.OnEpoch, e)); err != nil {
		return err
	}
	if stop && r.at.Epoch < r.c.Epochs {
		return r.interrupted(ctx)
	}
	return nil
}

// stopping writes the checkpoint of a run that OnStep has stopped, and gives err.
func (r *run) stopping(err error) error {
	if errors.Is(err, Stop) {
		if failed := r.checkpoint(); failed != nil {
			return failed
		}
	}
	return err
}

// mean is sum/weight, and 0 of nothing, as it is for the losses of package layers.
func mean(sum, weight float64) float64 {
	if weight == 0 {
		return 0
	}
	return sum / weight
}

// interrupted writes the checkpoint and gives the error of a run that was told to stop.
func (r *run) interrupted(ctx context.Context) error {
	where := fmt.Sprintf("after %d epochs and %d of %d steps", r.at.Epoch, r.at.Step, r.plan.Steps())
	if r.c.Epochs > 0 {
		if err := r.checkpoint(); err != nil {
			return err
		}
		if r.c.Checkpoint != "" {
			where += "; checkpoint in " + r.c.Checkpoint
		}
	}
	cause := context.Cause(ctx)
	if cause == nil {
		cause = fmt.Errorf("another rank was told to stop: %w", context.Canceled)
	}
	return fmt.Errorf("train: interrupted %s: %w", where, cause)
}

// restoreSlice copies the range [lo, hi) of a whole optimizer state into the live state of that range.
func restoreSlice(live, whole *optim.State, lo, hi int) error {
	if len(live.Slots) != len(whole.Slots) {
		return fmt.Errorf("train: the checkpoint has %d optimizer slots, the optimizer %d", len(whole.Slots), len(live.Slots))
	}
	for i, slot := range live.Slots {
		if whole.Slots[i].Name != slot.Name {
			return fmt.Errorf("train: the checkpoint has optimizer slot %q where the optimizer has %q", whole.Slots[i].Name, slot.Name)
		}
		copy(slot.Data, whole.Slots[i].Data[lo:hi])
	}
	live.Steps = whole.Steps
	return nil
}
