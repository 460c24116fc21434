package train

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train/optim"
)

// A session is one rank's part of a job in one group of ranks: the partitions it computes, a replica for each, and the
// exchanges that make the step of all ranks one. It is made of a job, a group and a snapshot, by newSession, and lasts
// as long as the group: when that changes, it is closed, and the next is made of its snapshot.
//
// Its state is the model's, the optimizer's moments in the exchanges, and at, which counts the steps taken. See
// [exchange] for what is left of it after an error.
type session[T float] struct {
	job       *job
	group     *collectives.Group
	at        position
	replicas  []*replica[T]
	exchanges []exchange   // in the order in which their operations begin
	dense     dense[T]     // one of them
	stats     *statSync    // another, or nil: every partition for itself
	buffers   *buffers     // another
	average   *averages[T] // another, or nil: no average of the weights is kept
	check     *gradientCheck[T]
	best      *bestWeights[T]     // another, or nil: nobody asks for them
	heard     optim.FeedbackState // of a schedule that hears of the score
	clock     *phaseClock
	clocks    uint          // on rank 0, the clocks that have rung by the step to come: see run.ask
	phases    []*session[T] // of Config.Phases, whose parts its own are; the first reads the batches
	torn      error         // a step that ended within prepare: what is in memory is of two steps
}

// A position says how far a run has come: what a snapshot keeps besides vectors.
type position struct {
	Epoch   int     // epochs complete
	Step    int     // steps of the next epoch complete
	Loss    float64 // sums over those steps, of loss times weight
	Weight  float64 // of the loss: samples, or what it divides by
	Correct float64
	Ignored float64
	Samples int
	Skipped int `json:",omitempty"` // of the steps, those left out
	InARow  int `json:",omitempty"` // of these, those since the last that was taken, in any epoch

	Averaged int     `json:",omitempty"` // how often the weights have been averaged
	History  []Epoch // of the complete epochs

	Evaluations []Evaluation            `json:",omitempty"` // within epochs
	Due         bool                    `json:",omitempty"` // the evaluation after the last step is still to come
	Last        float64                 // loss of the last step
	Elapsed     time.Duration           // spent training
	Wall        time.Duration           // of the run, all of it; triggers go by rank 0's
	Fired       [whensLen]time.Duration // the time Wall at which each of Config.whens last fired
}

// next gives the position after an epoch that is complete.
func (p position) next(e Epoch) position {
	return position{Epoch: p.Epoch + 1, InARow: p.InARow, Averaged: p.Averaged, History: append(p.History, e),
		Evaluations: p.Evaluations, Last: p.Last, Elapsed: p.Elapsed, Wall: p.Wall, Fired: p.Fired}
}

// number counts the steps since the start of the run.
func (p position) number(j *job) int { return p.Epoch*j.plan.Steps() + p.Step }

// newSession begins to work at j in group g, on from the snapshot whose parts the ranks hold: a rank that joins has
// nil, and if all have nil, the job begins, from the model of rank 0. Every rank of g calls it, with jobs that agree.
//
// A rank's parts may be those of another group's ranks, and more than its own: what it needs and has not, others send.
// The model is that of the first rank that has a snapshot. The session is to be closed, but after an error.
func newSession[T float](ctx context.Context, j *job, g *collectives.Group, from *snapshot) (*session[T], error) {
	err := mayHave(j.c.Partitions, g.Size())
	if err == nil {
		err = from.intoModel(j.c.Model)
	}
	if err := share(ctx, g, err); err != nil {
		return nil, err
	}
	begin := newParts[T]
	if len(j.phases) > 0 {
		begin = newPhases[T]
	}
	s, err := begin(ctx, j, g)
	if err != nil {
		return nil, err
	}
	if err := s.load(ctx, from); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// newParts makes the parts of a session: replicas and exchanges, as they are before the first step.
func newParts[T float](ctx context.Context, j *job, g *collectives.Group) (*session[T], error) {
	s := &session[T]{job: j, group: g, clock: newPhaseClock(g.Rank(), -1)}
	lo, hi := j.shareOf(g.Rank(), g.Size())
	nodes := 0
	for rank := range g.Size() {
		nodes += len(j.nodesOf(rank, g.Size()))
	}
	s.check = newGradientCheck[T](j.params, j.set, nodes, j.c.Partitions, g.Size(), j.c.Compress)
	buffers := newBuffers(j.buffers, g, j.c.Partitions, hi-lo)
	s.buffers = buffers
	sparse := newSparse(j, g, s.check)
	p := &shared[T]{sync: j.c.Sync, slot: j.slot(), group: g, partitions: j.c.Partitions, lo: lo, hi: hi,
		nodes: j.nodesOf(g.Rank(), g.Size()), weights: tensor.Data[T](j.set.Value()), set: j.set, groups: j.groups, spans: j.spans, wire: j.c.Compress,
		check: s.check, norm: j.c.ClipNorm > 0}
	for partition := lo; partition < hi; partition++ {
		r := newReplica[T](partition, j)
		r.clock = newPhaseClock(g.Rank(), partition)
		i := partition - lo
		r.buffers = func(n int) { buffers.clear(i, n) }
		r.rows = func(last bool) error { return sparse.take(i, r.tape, last) }
		r.tape.OnObserve(buffers.observer(i))
		r.tape.OnGrad(func(p *autograd.Param) {
			if r.last {
				s.ready(p)
			}
		})
		s.replicas = append(s.replicas, r)
		p.grads = append(p.grads, r.grad)
	}
	if j.c.ErrorFeedback && g.Size() > 1 {
		p.feedback = newFeedback(j.c.Compress, len(p.weights)*len(p.owing(lo, hi)))
	}
	if j.c.Sync == Sharded {
		s.dense = newSharded(p)
	} else {
		s.dense = newAllReduce(p)
	}
	s.exchanges = []exchange{s.dense, sparse, buffers}
	if p.feedback != nil {
		s.exchanges = append(s.exchanges, p.feedback)
	}
	if j.c.SyncBatchNorm && j.c.Partitions > 1 {
		var err error
		if s.stats, err = newStatSync(ctx, g, len(s.replicas)); err != nil {
			return nil, err
		}
		s.exchanges = append(s.exchanges, s.stats)
		for i, r := range s.replicas {
			r.tape.SetStatSync(statMember{s.stats, i})
		}
	}
	if j.c.Average != nil {
		s.average = newAverages(j, g, &s.at, p.grads[0][lead:])
		s.exchanges = append(s.exchanges, s.average) // last: it averages what the others commit
	}
	if s.best = newBestWeights[T](j, g); s.best != nil {
		s.exchanges = append(s.exchanges, s.best)
	}
	return s, nil
}

// load makes the state of all ranks that of the snapshot.
func (s *session[T]) load(ctx context.Context, from *snapshot) error {
	head, root, err := from.shareHead(ctx, s.group)
	if err != nil {
		return err
	}
	if head != nil {
		s.at = head.at
		if s.average == nil {
			s.at.Averaged = 0 // a run that takes it up again begins anew
		}
		for _, x := range s.exchanges {
			if err := x.load(ctx, head); err != nil {
				return err
			}
		}
	}
	root = max(root, 0)
	if err := collectives.Broadcast(ctx, s.group, tensor.Data[T](s.job.set.Value()), root); err != nil {
		return fmt.Errorf("train: sharing the weights: %w", err)
	}
	for _, p := range s.job.params {
		if !s.job.set.Has(p.Param) {
			if err := collectives.Broadcast(ctx, s.group, tensor.Data[T](p.Value()), root); err != nil {
				return fmt.Errorf("train: sharing the parameter %s: %w", p.Name, err)
			}
		}
	}
	return s.buffers.share(ctx, root)
}

// snapshot gives this rank's parts of the state, in the memory where they live: they are of this moment until the next
// step. After a step that failed while it was being published there is none.
func (s *session[T]) snapshot() (*snapshot, error) {
	if s.torn != nil {
		return nil, fmt.Errorf("train: there is no snapshot, for what is in memory is of two steps: %w", s.torn)
	}
	shot := &snapshot{at: s.at, steps: s.dense.taken(), pieces: s.job.modelPieces()}
	for _, x := range s.exchanges {
		shot.pieces = append(shot.pieces, x.pieces()...)
	}
	return shot, nil
}

// read begins to read the epoch that s.at is in, from its next step.
func (s *session[T]) read(ctx context.Context) *dataset.Epoch {
	epoch := s.job.plan.Epoch(s.at.Epoch)
	if s.at.Step == 0 {
		s.dense.forget()
	}
	for _, r := range s.replicas {
		r.read(ctx, epoch, s.job.c.Train, s.at.Step)
	}
	return epoch
}

// ready tells the exchanges that a replica has completed the gradient of p.
func (s *session[T]) ready(p *autograd.Param) {
	for _, x := range s.exchanges {
		x.ready(p)
	}
}

// compute runs the replicas, as many at a time as there are workers, and gives the first error in partition order.
// Each has a goroutine to itself, for it may end its goroutine.
func (s *session[T]) compute(number, samples int) error {
	workers := s.job.c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if s.stats != nil { // they wait for each other
		workers = len(s.replicas)
	}
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	for _, r := range s.replicas {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if s.stats != nil {
				defer s.stats.leave()
			}
			r.step(s.job.c.Seed, number, samples)
		})
	}
	wg.Wait()
	for _, r := range s.replicas {
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

// skip takes part in a step without a gradient.
func (s *session[T]) skip() {
	for _, r := range s.replicas {
		clear(r.grad)
		if s.stats != nil {
			s.stats.leave()
		}
	}
}

func (s *session[T]) close() {
	for _, p := range s.phases {
		p.close()
	}
	for _, r := range s.replicas {
		r.close()
	}
	if s.stats != nil {
		s.stats.close()
	}
}
