package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/train/optim"
)

// Phase is a part of a step that trains some of the parameters by a loss and an optimizer of its own: so one step trains
// several models against each other, as a GAN's discriminator and generator.
//
//	Model: gan, Phases: []train.Phase{
//		{Name: "discriminator", Params: "D.*", LossFunc: gan.judge, Optimizer: optim.Adam{LR: 2e-4, Beta1: 0.5}},
//		{Name: "generator", Params: "G.*", LossFunc: gan.fool, Optimizer: optim.Adam{LR: 2e-4, Beta1: 0.5}},
//	}
//
// The phases of a step see the same batch, one after the other: each goes forward and backward, synchronises, and steps
// its parameters, so the next sees the new ones. Parameters of other phases have gradients that are dropped. Each phase
// has random numbers of its own, which the tape's Rand gives.
type Phase struct {
	// Name is what errors and checkpoints call it, without a slash.
	Name string
	// Params is the pattern of the names of its parameters, as [layers.Matching] takes it: of those that match, the ones
	// that no phase before it has. Each parameter that is not frozen must be in one.
	Params string
	// LossFunc is what it minimises, as [Config.LossFunc].
	LossFunc func(t *autograd.Tape, b *dataset.Batch) *autograd.Var
	// Optimizer steps its parameters. Config.ParamGroups and Config.Schedule apply to each.
	Optimizer optim.Optimizer
}

// validatePhases is Validate for Phases.
func (c Config) validatePhases() error {
	if len(c.Phases) == 0 {
		return nil
	}
	switch {
	case c.Model == nil:
		return errors.New("train: Config.Model is nil, want a struct of the models that Config.Phases train")
	case c.Loss != nil || c.LossFunc != nil || c.LossWeight != nil || c.Optimizer != nil:
		return errors.New("train: Config.Phases is set, and one of Loss, LossFunc, LossWeight and Optimizer: each phase has its own")
	case c.Test != nil:
		return errors.New("train: Config.Phases and Config.Test are set: there is no one loss to evaluate; OnEpoch may do it")
	case c.Average != nil || c.OnNotFinite != NotFiniteStop || c.ErrorFeedback:
		return errors.New("train: Config.Phases is set, which goes with none of Average, OnNotFinite and ErrorFeedback")
	}
	seen := map[string]bool{}
	for i, p := range c.Phases {
		switch {
		case p.Name == "" || strings.Contains(p.Name, "/") || seen[p.Name]:
			return fmt.Errorf("train: Config.Phases[%d].Name = %q, want a name without a slash that no other phase has", i, p.Name)
		case p.LossFunc == nil:
			return fmt.Errorf("train: Config.Phases[%d].LossFunc is nil", i)
		case p.Optimizer == nil:
			return fmt.Errorf("train: Config.Phases[%d].Optimizer is nil", i)
		}
		seen[p.Name] = true
		if err := p.Optimizer.Validate(); err != nil {
			return fmt.Errorf("train: Config.Phases[%d].Optimizer: %w", i, err)
		}
		for k, g := range c.ParamGroups {
			if err := g.Validate(p.Optimizer); err != nil {
				return fmt.Errorf("train: Config.ParamGroups[%d] for phase %q: %w", k, p.Name, err)
			}
		}
	}
	return nil
}

// seedStep keeps the phases' random numbers apart.
const seedStep = 0x9e3779b97f4a7c15

// split makes a job of each phase: that of the run with other parameters, loss and optimizer.
func (j *job) split() error {
	taken := map[*autograd.Param]bool{}
	for i, p := range j.c.Phases {
		part := *j
		part.phase, part.phases = p.Name, nil
		part.c.Phases, part.c.LossFunc, part.c.Optimizer = nil, p.LossFunc, p.Optimizer
		part.c.Seed += uint64(i) * seedStep
		part.trained = nil
		for _, n := range layers.Matching(j.c.Model, p.Params) {
			if !n.Frozen && !taken[n.Param] {
				taken[n.Param] = true
				part.trained = append(part.trained, n)
			}
		}
		if len(part.trained) == 0 {
			return fmt.Errorf("train: Config.Phases[%d].Params = %q: no parameter of %T that is to be trained matches it and "+
				"is in no phase before it", i, p.Params, j.c.Model)
		}
		if err := part.arrange(); err != nil {
			return err
		}
		j.phases = append(j.phases, &part)
	}
	for _, p := range j.params {
		if !p.Frozen && !taken[p.Param] {
			return fmt.Errorf("train: parameter %s is in none of Config.Phases: freeze it, or let a phase's Params match it", p.Name)
		}
	}
	j.set, j.spans, j.groups = j.phases[0].set, j.phases[0].spans, j.phases[0].groups
	return nil
}

// slot is a phase's name as a part of its moments' names.
func (j *job) slot() string {
	if j.phase == "" {
		return ""
	}
	return "/phase:" + j.phase
}

// newPhases makes the sessions of a job's phases. The first one's replicas read the batches, and the others take them.
func newPhases[T float](ctx context.Context, j *job, g *collectives.Group) (*session[T], error) {
	s := &session[T]{job: j, group: g, clock: newPhaseClock(g.Rank(), -1)}
	for _, part := range j.phases {
		p, err := newParts[T](ctx, part, g)
		if err != nil {
			s.close()
			return nil, err
		}
		p.clock = s.clock
		s.exchanges = append(s.exchanges, p.exchanges...)
		if len(s.phases) > 0 {
			for i, r := range p.replicas {
				first := s.replicas[i]
				r.mix = nil // the first has mixed
				r.next = func() (*dataset.Batch, error) {
					if first.mix != nil && first.batch.N > 0 {
						return &first.mixed, nil
					}
					return first.batch, nil
				}
			}
		} else {
			s.replicas, s.dense, s.buffers = p.replicas, p.dense, p.buffers
		}
		s.phases = append(s.phases, p)
	}
	return s, nil
}

// stepPhases is step of a session of phases. After one has been committed, an error of the next leaves no snapshot.
func (s *session[T]) stepPhases(ctx context.Context, samples int, last bool) (outcome, error) {
	var all outcome
	var sum position
	squares := 0.0
	for i, p := range s.phases {
		p.at = s.at
		p.at.Loss, p.at.Weight = 0, 0
		p.clocks = s.clocks
		came, err := p.step(ctx, samples, last)
		if err != nil && i > 0 {
			s.torn = fmt.Errorf("train: phase %q of a step failed behind others: %w", p.job.phase, err)
		} else if err != nil {
			s.torn = p.torn
		}
		if err != nil || came.end {
			return came, err
		}
		if i == 0 {
			all.rate = came.rate
		}
		all.clocks = came.clocks
		all.loss += came.loss
		all.losses = append(all.losses, came.loss)
		squares += came.norm * came.norm
		all.stop = all.stop || came.stop
		sum.Loss += p.at.Loss
		sum.Weight = p.at.Weight
	}
	all.norm = math.Sqrt(squares)
	s.at.Step++
	s.at.Samples += samples
	s.at.Loss += sum.Loss
	s.at.Weight += sum.Weight
	return all, nil
}
