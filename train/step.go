package train

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/train/optim"
)

// step runs forward and backward of this rank's partitions, synchronises, and counts. It says whether a rank was told
// to stop; then all ranks hear of it after the same step. Where OnStep of a rank has said after the step before that
// it was the last, no step is taken, and the error is what it said.
func (r *run) step(ctx context.Context, samples int) (loss float64, stop bool, err error) {
	number := r.at.Epoch*r.plan.Steps() + r.at.Step
	where := fmt.Sprintf("epoch %d, step %d", r.at.Epoch+1, r.at.Step+1)
	r.overlap.begin(r.world)
	r.check.begin()
	rate, local := r.rate(number)
	switch {
	case r.ending != nil:
		r.skip(tailEnd)
	case local != nil:
		local = fmt.Errorf("train: %w at %s", local, where)
		r.skip(tailFailed)
	default:
		local = r.compute(number, samples)
	}
	if ctx.Err() != nil {
		tailOf(r.grads[0])[tailStop] = 1
	}
	r.overlap.finish()
	var tail [tailLen]float32
	var scale float32
	err = r.syncer.step(r.world, rate, func(sum []float32) (float32, bool) {
		copy(tail[:], sum)
		scale = r.normalise(&tail)
		return scale, tail[tailEnd] == 0 && tail[tailFailed] == 0 && finite(float64(tail[tailLoss])) &&
			tail[tailInfinite] == 0
	})
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("train: synchronising at %s: %w", where, err)
	case tail[tailEnd] != 0:
		return 0, false, r.settle(r.ending)
	case tail[tailFailed] != 0:
		return 0, false, share(r.world, r.group, local)
	case !finite(float64(tail[tailLoss])):
		return 0, false, fmt.Errorf("train: loss is %w: %v at %s with learning rate %g; the weights are those "+
			"before this step",
			ErrNotFinite, tail[tailLoss], where, rate)
	case tail[tailInfinite] != 0:
		return 0, false, r.check.err(r.world, r.group, fmt.Sprintf("%s with learning rate %g", where, rate))
	}
	if err := r.tables.step(r.world, rate, scale); err != nil {
		return 0, false, fmt.Errorf("train: synchronising at %s: %w", where, err)
	}
	if err := r.buffers.apply(r.world); err != nil {
		return 0, false, err
	}
	loss = float64(tail[tailLoss])
	weight := r.objective.weight(samples, float64(tail[tailWeight])*float64(samples))
	r.at.Step++
	r.at.Samples += samples
	r.at.Weight += weight
	if r.at.Loss += loss * weight; r.objective.sum {
		r.at.Weight += float64(samples) - weight // the epoch's is per sample
	}
	r.at.Correct += float64(tail[tailCorrect])
	r.at.Ignored += float64(tail[tailIgnored])
	return loss, tail[tailStop] != 0, nil
}

// normalise makes the loss in the sums the mean over what the whole batch weighs, and gives what does so to its
// gradient. Where nothing in the batch counts, loss and gradient are 0, as those of a partition are.
func (r *run) normalise(tail *[tailLen]float32) float32 {
	if r.objective.weigh == nil || tail[tailWeight] == 0 {
		return 1
	}
	scale := 1 / float64(tail[tailWeight])
	tail[tailLoss] = float32(float64(tail[tailLoss]) * scale)
	if scale > math.MaxFloat32 {
		tail[tailLoss] = float32(math.Inf(1)) // so little that there is no mean over it
	}
	return float32(scale)
}

// compute runs the replicas, as many at a time as there are workers, and gives the first error in partition order.
// Each has a goroutine to itself, for it may end its goroutine.
func (r *run) compute(number, samples int) error {
	workers := r.c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if r.stats != nil { // they wait for each other
		workers = len(r.replicas)
		r.stats.begin()
	}
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	for _, replica := range r.replicas {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if r.stats != nil {
				defer r.stats.leave()
			}
			replica.step(r.c.Seed, number, samples)
		})
	}
	wg.Wait()
	for _, replica := range r.replicas {
		if replica.err != nil {
			return replica.err
		}
	}
	return nil
}

// skip takes part in a step without a gradient, and sets one of the sums.
func (r *run) skip(flag int) {
	for _, replica := range r.replicas {
		clear(replica.grad)
	}
	tailOf(r.grads[0])[flag] = 1
	if r.stats != nil {
		r.stats.begin()
		for range r.replicas {
			r.stats.leave()
		}
	}
}

// rate is the learning rate of step number, counted from the start of the run.
func (r *run) rate(number int) (rate float64, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Config.Schedule", v, panics.At())
		}
	}()
	rate = optim.RateAt(r.c.Schedule, r.c.Optimizer.Rate(), number, max(r.c.Epochs, 0)*r.plan.Steps())
	return rate, checkRate("Config.Schedule", rate, r.c.Optimizer)
}

// checkRate refuses what a schedule gives that is no learning rate.
func checkRate(field string, rate float64, o optim.Optimizer) error {
	if rate >= 0 && finite(rate) {
		return nil
	}
	return fmt.Errorf("%s gives the learning rate %v for the optimizer's %v, want 0 <= rate < Inf", field, rate,
		o.Rate())
}
