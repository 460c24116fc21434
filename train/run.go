package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// ErrNotFinite is wrapped by the error of a run whose loss became NaN or infinite. The weights are those before the step
// that found it.
var ErrNotFinite = errors.New("loss is not finite")

// Run trains c.Model on c.Train and returns the report of all epochs. Every rank of c.Group calls Run with the same
// configuration, and every rank ends with the same weights, in the model itself.
//
// The weights that training starts from are rank 0's. When ctx is cancelled on any rank, all ranks finish the step they
// are in, rank 0 writes the checkpoint, and Run returns the report so far and an error that wraps ctx's on the rank that
// was told, and context.Canceled on the others. A lost peer is an error that names its rank; an error on one rank, such
// as a bad record in its part of the data, ends the run on all of them. Panics in the model or the loss become errors.
func Run(ctx context.Context, c Config) (report *Report, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("preparing", v)
		}
	}()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r, err := newRun(ctx, c)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.start(); err != nil {
		return nil, err
	}
	for r.at.Epoch < r.c.Epochs {
		if err := r.epoch(ctx); err != nil {
			return r.report(), err
		}
	}
	return r.report(), nil
}

// A run is the state of one rank's training.
type run struct {
	c        Config
	group    *collectives.Group
	world    context.Context     // for collective operations: not cancelled with the run, so that all ranks stop together
	params   []layers.NamedParam // all of the model's
	set      *autograd.Set       // those that are trained densely: a frozen one must not meet momentum or weight decay
	weights  []float32           // set's
	replicas []*replica
	grads    [][]float32
	syncer   syncer
	buffers  *buffers
	tables   *tables
	stats    *statSync // nil: every partition for itself
	overlap  *overlap
	feedback *feedback
	plan     dataset.Plan

	at      position
	resumed bool
	samples int           // trained on by this process
	elapsed time.Duration // training alone, in this process
}

// A position says how far a run has come: what a checkpoint keeps besides the weights and the optimizer's moments.
type position struct {
	Epoch   int     // epochs complete
	Step    int     // steps of the next epoch complete
	Loss    float64 // sums over those steps, of loss times samples
	Correct float64
	Samples int
	History []Epoch // of the complete epochs
}

func newRun(ctx context.Context, c Config) (*run, error) {
	r := &run{group: c.Group, world: context.WithoutCancel(ctx)}
	if r.group == nil {
		r.group = collectives.Alone()
	}
	size := r.group.Size()
	r.c = c.withDefaults(size)
	r.c.Group = r.group
	if r.c.Partitions < size {
		return nil, fmt.Errorf("train: Config.Partitions = %d, want at least the number of ranks, %d", r.c.Partitions, size)
	}

	var trained []*autograd.Param
	frozen := true
	r.params = layers.Params(r.c.Model)
	for _, p := range r.params {
		if d := p.Value().DType(); d != tensor.Float32 {
			return nil, fmt.Errorf("train: parameter %s is %v, want Float32", p.Name, d)
		}
		if !p.Frozen && !p.Sparse {
			trained = append(trained, p.Param)
		}
		frozen = frozen && p.Frozen
	}
	if frozen {
		return nil, fmt.Errorf("train: Config.Model (%T) has no parameters to train in exported fields (%d are frozen)",
			r.c.Model, len(r.params))
	}
	r.set = autograd.NewSet(trained)
	r.weights = tensor.Data[float32](r.set.Value())
	r.plan = dataset.Plan{N: r.c.Train.Len(), BatchSize: r.c.BatchSize, Partitions: r.c.Partitions, Shuffle: true, Seed: r.c.Seed}

	lo, hi := collectives.Slice(r.c.Partitions, size, r.group.Rank())
	loss := lossOf(r.c)
	for partition := lo; partition < hi; partition++ {
		replica := newReplica(partition, r.set, loss)
		r.replicas = append(r.replicas, replica)
		r.grads = append(r.grads, replica.grad)
	}
	strategy, err := r.c.Sync.syncer()
	if err != nil {
		return nil, err
	}
	if r.buffers, err = newBuffers(r.c.Model, r.group, r.c.Partitions, hi-lo); err != nil {
		return nil, err
	}
	groups, err := newGroups(r.c, r.set)
	if err != nil {
		return nil, err
	}
	if r.tables, err = newTables(r.c, r.params, groups); err != nil {
		return nil, err
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
		groups: groups, spans: spans, wire: r.c.Compress, feedback: r.feedback})
	r.overlap = newOverlap(r.set, spans, len(r.replicas), r.syncer.send)
	for _, replica := range r.replicas {
		replica.tape.OnGrad(r.overlap.ready)
	}
	return r, nil
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
	if err := r.resume(); err != nil {
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
	return r.buffers.share(r.world)
}

func (r *run) close() {
	for _, replica := range r.replicas {
		replica.close()
	}
	if r.stats != nil {
		r.stats.close()
	}
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
			return err
		}
		stop = told
		r.samples += samples
		if r.c.OnStep != nil {
			r.c.OnStep(Step{Epoch: r.at.Epoch + 1, Epochs: r.c.Epochs, Step: r.at.Step, Steps: steps, Samples: samples, Loss: loss})
		}
	}
	trained := time.Since(began)
	r.elapsed += trained
	if r.at.Step < steps {
		return r.interrupted(ctx)
	}

	e := Epoch{Epoch: r.at.Epoch + 1, Epochs: r.c.Epochs, Elapsed: trained, Train: Metrics{
		Loss: r.at.Loss / float64(r.at.Samples), Correct: r.labelled(int(math.Round(r.at.Correct))), Samples: r.at.Samples}}
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
	if r.c.OnEpoch != nil {
		r.c.OnEpoch(e)
	}
	if stop && r.at.Epoch < r.c.Epochs {
		return r.interrupted(ctx)
	}
	return nil
}

// step runs forward and backward of this rank's partitions, synchronises, and counts. It says whether a rank was told to
// stop; then all ranks hear of it after the same step.
func (r *run) step(ctx context.Context, samples int) (loss float64, stop bool, err error) {
	number := r.at.Epoch*r.plan.Steps() + r.at.Step
	r.overlap.begin(r.world)
	local := r.compute(number, samples)
	if ctx.Err() != nil {
		tailOf(r.grads[0])[tailStop] = 1
	}
	r.overlap.finish()
	var tail [tailLen]float32
	rate := r.rate(number)
	err = r.syncer.step(r.world, rate, func(sum []float32) bool {
		copy(tail[:], sum)
		return tail[tailFailed] == 0 && finite(float64(tail[tailLoss]))
	})
	where := fmt.Sprintf("epoch %d, step %d", r.at.Epoch+1, r.at.Step+1)
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("train: synchronising at %s: %w", where, err)
	case tail[tailFailed] != 0:
		return 0, false, share(r.world, r.group, local)
	case !finite(float64(tail[tailLoss])):
		return 0, false, fmt.Errorf("train: %w: %v at %s with learning rate %g; the weights are those before this step",
			ErrNotFinite, tail[tailLoss], where, rate)
	}
	if err := r.tables.step(r.world, rate); err != nil {
		return 0, false, fmt.Errorf("train: synchronising at %s: %w", where, err)
	}
	if err := r.buffers.apply(r.world); err != nil {
		return 0, false, err
	}
	r.at.Step++
	r.at.Samples += samples
	r.at.Loss += float64(tail[tailLoss]) * float64(samples)
	r.at.Correct += float64(tail[tailCorrect])
	return float64(tail[tailLoss]), tail[tailStop] != 0, nil
}

// compute runs the replicas, as many at a time as there are workers, and gives the first error in partition order.
func (r *run) compute(number, samples int) error {
	workers := r.c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	step := func(replica *replica) error { return replica.step(r.c.Seed, number, samples) }
	if r.stats != nil { // they wait for each other
		workers = len(r.replicas)
		r.stats.begin()
		alone := step
		step = func(replica *replica) error {
			defer r.stats.leave()
			return alone(replica)
		}
	}
	if len(r.replicas) == 1 || workers == 1 {
		var first error
		for _, replica := range r.replicas {
			if err := step(replica); err != nil && first == nil {
				first = err
			}
		}
		return first
	}
	errs := make([]error, len(r.replicas))
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	for i, replica := range r.replicas {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = step(replica)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// rate is the learning rate of step number, counted from the start of the run.
func (r *run) rate(number int) float64 {
	base := r.c.Optimizer.Rate()
	if r.c.Schedule == nil {
		return base
	}
	return r.c.Schedule.Rate(base, number, r.c.Epochs*r.plan.Steps())
}

// interrupted writes the checkpoint and gives the error of a run that was told to stop.
func (r *run) interrupted(ctx context.Context) error {
	if err := r.checkpoint(); err != nil {
		return err
	}
	cause := context.Cause(ctx)
	if cause == nil {
		cause = fmt.Errorf("another rank was told to stop: %w", context.Canceled)
	}
	where := fmt.Sprintf("after %d epochs and %d of %d steps", r.at.Epoch, r.at.Step, r.plan.Steps())
	if r.c.Checkpoint == "" {
		return fmt.Errorf("train: interrupted %s: %w", where, cause)
	}
	return fmt.Errorf("train: interrupted %s; checkpoint in %s: %w", where, r.c.Checkpoint, cause)
}

// labelled gives count, or -1 where the run has no labels to be right about.
func (r *run) labelled(count int) int {
	if r.c.LossFunc != nil || r.c.Train.Spec().Classes == 0 {
		return -1
	}
	return count
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

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
