package train

import (
	"context"
	"errors"
	"fmt"
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
	return r.end(nil)
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
	r = &run[T]{group: c.Group, world: context.WithoutCancel(ctx)}
	if r.job, err = newJob(c, r.group.Size()); err != nil {
		return r, err
	}
	return r, r.lock()
}

// end gives what Run returns.
func (r *run[T]) end(err error) (*Report, error) {
	if r.started && (err == nil || errors.Is(err, Stop)) {
		if failed := r.saved(); failed != nil {
			err = failed
		}
	}
	switch {
	case !r.started:
		return nil, err
	case errors.Is(err, Stop):
		r.stopped, err = true, nil
	}
	if a := r.session.average; err == nil && a != nil && !r.job.c.Average.Apart {
		_, err = a.swap(r.world)
	}
	return r.report(), err
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
	r.started = true
	return r.settle(call("OnStart", r.job.c.OnStart, began))
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
	m, err := r.evaluate(ctx)
	if errors.Is(err, errStopped) {
		return r.interrupted(ctx)
	}
	if err == nil {
		r.test = &m
	}
	return err
}

// evaluate gives the metrics on the test set, of the averaged weights where there are some.
func (r *run[T]) evaluate(ctx context.Context) (Metrics, error) {
	back, err := r.session.average.swap(r.world)
	if err != nil {
		return Metrics{}, err
	}
	defer back()
	return evaluate(ctx, r.world, r.job.c, r.job.c.Test)
}

// epoch trains from where the session is to the end of its epoch, evaluates, and writes the checkpoint.
func (r *run[T]) epoch(ctx context.Context) error {
	began := time.Now()
	c, at := r.job.c, &r.session.at
	order := r.session.read(r.world)
	steps := r.job.plan.Steps()
	stop := false
	for at.Step < steps && !stop {
		samples := len(order.Batch(at.Step))
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
		r.ending = call("OnStep", c.OnStep, Step{Epoch: at.Epoch + 1, Epochs: c.Epochs, Step: at.Step, Steps: steps,
			Samples: samples, Loss: came.loss, Losses: came.losses, Norm: came.norm, Skipped: came.skipped})
	}
	trained := time.Since(began)
	r.elapsed += trained
	if err := r.settle(r.ending); err != nil {
		return r.stopping(err)
	}
	if at.Step < steps {
		return r.interrupted(ctx)
	}

	e := Epoch{Epoch: at.Epoch + 1, Epochs: c.Epochs, Elapsed: trained, Skipped: at.Skipped, Train: Metrics{Loss: mean(at.Loss, at.Weight),
		Correct: -1, Samples: at.Samples, Ignored: int(math.Round(at.Ignored))}}
	if r.job.objective.labelled(c, c.Train.Spec()) {
		e.Train.Correct = int(math.Round(at.Correct))
	}
	if c.Test != nil {
		var err error
		if e.Test, err = r.evaluate(ctx); err != nil {
			if errors.Is(err, errStopped) {
				return r.interrupted(ctx)
			}
			return err
		}
	}
	at.end(e)
	if err := r.checkpoint(); err != nil {
		return err
	}
	if err := r.settle(call("OnEpoch", c.OnEpoch, e)); err != nil {
		return err
	}
	if stop && at.Epoch < c.Epochs {
		return r.interrupted(ctx)
	}
	return nil
}

// stopping writes the checkpoint of a run that OnStep has stopped, and gives err.
func (r *run[T]) stopping(err error) error {
	if errors.Is(err, Stop) {
		if failed := r.checkpointLast(); failed != nil {
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
func (r *run[T]) interrupted(ctx context.Context) error {
	at := r.session.at
	where := fmt.Sprintf("after %d epochs and %d of %d steps", at.Epoch, at.Step, r.job.plan.Steps())
	if r.job.c.Epochs > 0 {
		if err := r.checkpointLast(); err != nil {
			where += fmt.Sprintf("; there is no checkpoint of it: %v", err)
		} else if r.job.c.Checkpoint != "" {
			where += "; checkpoint in " + r.job.c.Checkpoint
		}
	}
	cause := context.Cause(ctx)
	if cause == nil {
		cause = fmt.Errorf("another rank was told to stop: %w", context.Canceled)
	}
	return fmt.Errorf("train: interrupted %s: %w", where, cause)
}
