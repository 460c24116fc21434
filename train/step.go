package train

import (
	"context"
	"fmt"
	"math"
)

// outcome is what came of a step.
type outcome struct {
	loss    float64   // mean over the batch; of phases the sum
	losses  []float64 // of the phases
	rate    float64   // the learning rate
	norm    float64   // of the gradient before it was clipped; 0: nobody asked
	skipped error     // why no step was taken, and the run goes on; nil: it was
	stop    bool      // a rank was told to stop: this was the last step, on all ranks
	end     bool      // OnStep of a rank has said after the step before that it was the last: no step was taken
	clocks  uint      // what rank 0 said of the triggers that go by time
}

// step takes the next step, of a batch of that many samples: all of it is here, from top to bottom. last says that
// OnStep of this rank wants no other step. An error is on all ranks, and the weights are those before the step; but see
// [exchange] about one of communication.
//
// Collective operations run under ctx without its cancellation, so that all ranks stop after the same step: that ctx
// has ended goes with the sums.
func (s *session[T]) step(ctx context.Context, samples int, last bool) (outcome, error) {
	if len(s.phases) > 0 {
		return s.stepPhases(ctx, samples, last)
	}
	world := context.WithoutCancel(ctx)
	number := s.at.number(s.job)
	where := fmt.Sprintf("epoch %d, step %d", s.at.Epoch+1, s.at.Step+1)
	if s.job.phase != "" {
		where += ", phase " + s.job.phase
	}

	// Batch, forward, backward. Gradients go out as they are completed.
	for _, x := range s.exchanges {
		x.begin(world)
	}
	s.check.begin()
	sums := sumsOf(s.replicas[0].grad) // until finish
	s.clock.enter(phaseForward)        // phases shares this out
	defer s.clock.stop()
	rate, failed := s.job.rate(number, s.heard)
	switch {
	case last:
		s.skip()
		sums[sumEnd] = 1
	case failed != nil:
		failed = fmt.Errorf("train: %w at %s", failed, where)
		s.skip()
		sums[sumFailed] = 1
	default:
		failed = s.compute(number, samples)
	}
	if ctx.Err() != nil {
		sums[sumStop] = 1
	}
	sums[sumClocks] = T(s.clocks)
	s.clock.enter(phaseSync)

	// Finish every exchange.
	for _, x := range s.exchanges {
		if err := x.finish(world); err != nil {
			return outcome{}, fmt.Errorf("train: synchronising at %s: %w", where, err)
		}
	}

	// Decide, all ranks alike, by the sums.
	sums = s.dense.sums()
	c := &s.job.c
	u := update{rate: rate, scale: normalise(s.job.objective, sums), value: c.ClipValue, norm: c.ClipNorm > 0, clip: 1}
	loss := float64(sums[sumLoss])
	switch {
	case sums[sumEnd] != 0:
		return outcome{end: true}, nil
	case sums[sumFailed] != 0:
		return outcome{}, share(world, s.group, failed)
	}
	came := outcome{loss: loss, rate: rate, stop: sums[sumStop] != 0, clocks: uint(sums[sumClocks])}
	before := "step"
	if s.job.phase != "" {
		before = "phase"
	}
	here := func() string {
		return fmt.Sprintf("%s with learning rate %g; the weights are those before this %s", where, rate, before)
	}
	if bad, err := s.notFinite(world, loss, sums, here); err != nil {
		return outcome{}, err
	} else if bad != nil {
		return s.refuse(bad, came)
	}
	done := tally{loss: loss, correct: float64(sums[sumCorrect]), ignored: float64(sums[sumIgnored]),
		weight: s.job.objective.weight(samples, float64(sums[sumWeight])*float64(samples)), samples: samples}

	// Measure the gradient, and clip it.
	squares := 0.0
	for _, x := range s.exchanges {
		square, err := x.measure(world, u)
		if err != nil {
			return outcome{}, fmt.Errorf("train: synchronising at %s: %w", where, err)
		}
		squares += square
	}
	came.norm = math.Sqrt(squares)
	if !finite(came.norm) {
		return s.refuse(fmt.Errorf("train: the norm of the gradient is %w: %v at %s",
			ErrNotFinite, came.norm, here()), came)
	}
	if came.norm > c.ClipNorm { // without ClipNorm both are 0
		u.clip = c.ClipNorm / came.norm
	}

	// Commit.
	s.clock.enter(phaseUpdate)
	for _, x := range s.exchanges {
		if err := x.prepare(world, u); err != nil {
			s.torn = fmt.Errorf("train: synchronising at %s: %w", where, err)
			return outcome{}, s.torn
		}
	}
	for _, x := range s.exchanges {
		x.commit(u)
	}
	s.at.count(done, s.job.objective.sum)
	return came, nil
}

// normalise makes the loss in the sums the mean over what the whole batch weighs, and gives what does so to its
// gradient. Where nothing in the batch counts, loss and gradient are 0, as those of a partition are.
func normalise[T float](o objective, sums []T) float64 {
	if o.weigh == nil || sums[sumWeight] == 0 {
		return 1
	}
	scale := 1 / float64(sums[sumWeight])
	sums[sumLoss] = T(float64(sums[sumLoss]) * scale)
	if scale > largest[T]() {
		sums[sumLoss] = T(math.Inf(1)) // so little that there is no mean over it
	}
	return scale
}

// tally is what a step adds to the sums of its epoch.
type tally struct {
	loss, weight, correct, ignored float64
	samples                        int
}

// count adds a step.
func (p *position) count(t tally, sum bool) {
	p.Step++
	p.InARow = 0
	p.Samples += t.samples
	p.Weight += t.weight
	if p.Loss += t.loss * t.weight; sum {
		p.Weight += float64(t.samples) - t.weight // the epoch's is per sample
	}
	p.Correct += t.correct
	p.Ignored += t.ignored
}
