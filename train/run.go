package train

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/tensor"
)

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
func Run(ctx context.Context, c Config) (*Report, error) {
	if modelElements(c.Model) == tensor.Float64 {
		return runOf[float64](ctx, c)
	}
	return runOf[float32](ctx, c)
}

// runOf is Run of a model whose parameters are of type T.
func runOf[T float](ctx context.Context, c Config) (report *Report, err error) {
	r, err := prepare[T](ctx, c)
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
	if r.job.c.Epochs < 0 {
		return r.end(r.none(ctx))
	}
	for r.session.at.Epoch < r.job.c.Epochs {
		if err := r.epoch(ctx); err != nil {
			return r.end(err)
		}
	}
	return r.end(r.saveLast())
}

// prepare makes a run as far as this rank can by itself. The run is to be closed, also where there is an error.
func prepare[T float](ctx context.Context, c Config) (r *run[T], err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("preparing", v, panics.At())
		}
	}()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Group == nil {
		c.Group = collectives.Alone()
	}
	r = &run[T]{group: c.Group, world: context.WithoutCancel(ctx), kept: -1, began: time.Now()}
	if r.job, err = newJob(c, r.group.Size()); err != nil {
		return r, err
	}
	r.follow()
	return r, r.lock()
}

// end gives what Run returns.
func (r *run[T]) end(err error) (*Report, error) {
	if r.started {
		r.await() // the sinks hear of the checkpoint before the end
	}
	if r.started && (err == nil || errors.Is(err, Stop)) {
		if failed := cmp.Or(r.saved(), r.conclude()); failed != nil { // both
			err = failed
		}
	}
	switch {
	case !r.started:
		return nil, err
	case errors.Is(err, Stop):
		r.over(err)
		r.stopped, err = true, nil
	default:
		r.over(err)
	}
	return r.report(), err
}

// conclude gives the model the weights that a run ends well with.
func (r *run[T]) conclude() error {
	if a := r.session.average; a != nil && !r.job.c.Average.Apart {
		if _, err := a.swap(r.world); err != nil {
			return err
		}
	}
	return r.restore()
}

// A run is what a rank makes of a job: epochs of a session's steps, evaluations, checkpoints and the user's functions.
type run[T float] struct {
	job     *job
	group   *collectives.Group
	session *session[T]     // nil before start
	world   context.Context // for collective operations: not cancelled, so that all ranks stop together
	ending  error           // what OnStep said after the last step: there is to be no other
	unlock  func()          // of the checkpoint; nil: not locked
	keepers []keeper        // what a checkpoint holds besides vectors and position
	saver   saver           // of rank 0

	resumed bool
	started bool // all that is to be found out before the first step is well
	stopped bool
	test    *Metrics      // of a run of no epochs
	samples int           // trained on by this process
	elapsed time.Duration // training alone, in this process

	events       events
	interruption bool
	plateau      *listener     // nil: the schedule does not hear
	early        *patient      // nil: no early stopping
	restored     bool          // the model has its best weights
	why          string        // EndWhen or Early ended it
	score        float64       // of the last evaluation; NaN before the first
	kept         int           // the steps of the last checkpoint; −1: none
	mark         time.Time     // when training went on
	trained      time.Duration // in this epoch, since then
	began        time.Time     // in this process
	wall         time.Duration // before it
}

// start makes sure that all ranks are about to do the same, and begins or resumes the session.
func (r *run[T]) start() error {
	if err := r.agree(); err != nil {
		return err
	}
	began, err := r.begin()
	if err != nil {
		return err
	}
	if err := r.listen(); err != nil {
		return err
	}
	r.started = true
	r.begins()
	if began.Note != "" && r.group.Rank() == 0 {
		r.warn(errors.New(began.Note))
	}
	r.recall()
	if err := r.settle(call("OnStart", r.job.c.OnStart, began)); err != nil {
		return err
	}
	if r.resumed && r.hasEnded() {
		return Stop
	}
	return nil
}

func (r *run[T]) close() {
	if r.job != nil {
		r.await()
	}
	if r.unlock != nil {
		r.unlock()
	}
	if r.job != nil {
		r.job.release()
	}
	if r.session != nil {
		r.session.close()
	}
}

// none evaluates the model as it is: a run of no epochs.
func (r *run[T]) none(ctx context.Context) error {
	if r.job.c.Test == nil {
		return nil
	}
	_, err := r.evaluate(ctx, func(m Metrics) { r.test = &m })
	if errors.Is(err, errStopped) {
		return r.interrupted(ctx)
	}
	return err
}

// evaluate gives the metrics on the test set, of the averaged weights where there are some. hear is told of them while
// the model is what was evaluated.
func (r *run[T]) evaluate(ctx context.Context, hear func(Metrics)) (Metrics, error) {
	back, err := r.session.average.swap(r.world)
	if err != nil {
		return Metrics{}, err
	}
	defer back()
	m, err := evaluate(ctx, r.world, r.job.c, r.job.c.Test)
	if err == nil {
		hear(m)
	}
	return m, err
}

// epoch trains from where the session is to the end of its epoch, with what is due between its steps, evaluates, and
// writes the checkpoint.
func (r *run[T]) epoch(ctx context.Context) error {
	c, at := r.job.c, &r.session.at
	r.session.read(r.world)
	steps := r.job.plan.Steps()
	r.trained = 0
	r.mark = time.Now()
	m := r.moment(outcome{loss: at.Last})
	r.fires(&m, whenSummary)
	r.fires(&m, whenHistogram)
	if at.Due {
		if err := r.between(ctx, &m); err != nil {
			return err
		}
	}
	stop := false
	for at.Step < steps && !stop {
		samples := r.job.samples(at.Step)
		r.session.clocks = r.ring()
		came, err := r.session.step(ctx, samples, r.ending != nil)
		if err == nil && came.end {
			err = r.settle(r.ending)
		}
		if err != nil {
			return r.stopping(err)
		}
		stop = came.stop
		r.samples += samples
		r.poll()
		if came.skipped == nil {
			at.Last = came.loss
		}
		m = r.moment(came)
		elapsed := r.lap()
		r.stepped(&m, came, samples, elapsed, r.mark)
		r.ending = call("OnStep", c.OnStep, Step{Epoch: at.Epoch + 1, Epochs: c.Epochs, Step: at.Step, Steps: steps,
			Samples: samples, Loss: came.loss, Losses: came.losses, Norm: came.norm, Skipped: came.skipped})
		if came.clocks&clockTable != 0 {
			if err := r.gatherTable(); err != nil {
				return err
			}
		}
		if at.Step == steps {
			break // the rest is below
		}
		if at.Due = r.fires(&m, whenValidate); !stop {
			if err := r.between(ctx, &m); err != nil {
				return err
			}
		}
	}
	r.lap()
	if err := r.settle(r.ending); err != nil {
		return r.stopping(err)
	}
	if at.Step < steps {
		return r.interrupted(ctx)
	}

	e := Epoch{Epoch: at.Epoch + 1, Epochs: c.Epochs, Elapsed: r.trained, Skipped: at.Skipped,
		Train: Metrics{Loss: mean(at.Loss, at.Weight), Correct: -1, Samples: at.Samples, Ignored: int(math.Round(at.Ignored))}}
	if c.Mix == nil && r.job.objective.labelled(c, c.Train.Spec()) {
		e.Train.Correct = int(math.Round(at.Correct))
	}
	if r.fires(&m, whenValidate) {
		v, err := r.validate(ctx, &m)
		if err != nil {
			return err
		}
		e.Test = v.Test
	}
	*at = at.next(e)
	if r.events.table {
		if err := r.gatherTable(); err != nil {
			return err
		}
	}
	r.completed(e)
	if r.fires(&m, whenCheckpoint) || r.keeps() {
		if err := r.save(); err != nil {
			return err
		}
	}
	if err := r.settle(call("OnEpoch", c.OnEpoch, e)); err != nil {
		return err
	}
	switch {
	case r.ends(&m):
		return r.stopping(Stop)
	case stop && at.Epoch < c.Epochs:
		return r.interrupted(ctx)
	}
	return nil
}

// lap gives the time spent training since the last lap, or since r.mark, and counts it.
func (r *run[T]) lap() time.Duration {
	now := time.Now()
	d := now.Sub(r.mark)
	r.mark = now
	r.elapsed += d
	r.trained += d
	at := &r.session.at
	at.Elapsed += d
	at.Wall = r.wall + now.Sub(r.began)
	return d
}

// between does what is due between two steps of an epoch: the evaluation, if position.Due says so, and what follows.
func (r *run[T]) between(ctx context.Context, m *moment) error {
	at := &r.session.at
	if at.Due {
		e, err := r.validate(ctx, m)
		if err != nil {
			return err
		}
		at.Evaluations, at.Due = append(at.Evaluations, e), false
		r.evaluated(e)
	}
	if r.fires(m, whenCheckpoint) {
		if err := r.save(); err != nil {
			return err
		}
	}
	if r.ends(m) {
		if err := r.settle(r.ending); err != nil {
			return r.stopping(err)
		}
		return r.stopping(Stop)
	}
	return nil
}

// validate evaluates, and tells those who follow the score.
func (r *run[T]) validate(ctx context.Context, m *moment) (Evaluation, error) {
	at, began := &r.session.at, time.Now()
	e := Evaluation{Epoch: at.Epoch + 1, Step: at.Step, Global: m.steps}
	_, err := r.evaluate(ctx, func(test Metrics) {
		e.Test, e.Elapsed = test, time.Since(began)
		r.hear(e)
	})
	if errors.Is(err, errStopped) {
		return e, r.interrupted(ctx)
	}
	m.score = r.score
	r.mark = time.Now()
	return e, err
}

// mean is sum/weight, and 0 of nothing, as it is for the losses of package layers.
func mean(sum, weight float64) float64 {
	if weight == 0 {
		return 0
	}
	return sum / weight
}
