package train

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/train/metrics"
	"github.com/tutti-ml/tutti/train/optim"
)

// EarlyStopping ends a run whose score improves no more, and gives the model the weights that had the best: see
// [Config.Early]. The score is [Config.Score]'s of each evaluation, within epochs too where Config.ValidateWhen asks
// for some. Where that ends the run is in [Report.Why]; a run that takes all its epochs, or that a callback or EndWhen
// ends well, ends with its best weights too, and one that is interrupted or fails with its last. The checkpoint holds
// the last weights, from where training can go on, and the best beside them.
//
// The best weights are kept in memory beside the moments: the parameters and running statistics that change in
// training once more, on every rank under AllReduce, divided by the ranks under Sharded. They are in the checkpoint
// too, and so is what patience has seen.
type EarlyStopping struct {
	// Patience is how many evaluations in a row without an improvement end the run. Default 3.
	Patience int
	// MinDelta is by how much a score must be better than the best to be an improvement, at least 0. Default 0.
	MinDelta float64
	// KeepLast leaves the model with its last weights, and keeps no others.
	KeepLast bool
}

func (e *EarlyStopping) validate() error {
	switch {
	case e.Patience < 0:
		return fmt.Errorf("train: Config.Early.Patience = %d, want at least 1", e.Patience)
	case !(e.MinDelta >= 0) || !finite(e.MinDelta):
		return fmt.Errorf("train: Config.Early.MinDelta = %v, want at least 0", e.MinDelta)
	}
	return nil
}

// patience is how many evaluations without an improvement end the run.
func (e *EarlyStopping) patience() int { return cmp.Or(e.Patience, 3) }

// improves says whether a score is better than the best by more than MinDelta. Any number is better than none.
func (e *EarlyStopping) improves(better metrics.Direction, score, best float64) bool {
	switch {
	case math.IsNaN(score) || math.IsNaN(best) || e.MinDelta == 0:
		return better.Improves(score, best)
	case better == metrics.Higher:
		return score > best+e.MinDelta
	}
	return score < best-e.MinDelta
}

// A patient is the state of early stopping: a keeper.
type patient struct {
	recipe *EarlyStopping
	better metrics.Direction
	score  func(Metrics) float64

	Best *Evaluation // the best so far; nil: none had a score
	Bad  int         // evaluations since
}

func (p *patient) section() string                 { return "Early" }
func (p *patient) save() (any, error)              { return p, nil }
func (p *patient) load(text json.RawMessage) error { return json.Unmarshal(text, p) }

// hear takes an evaluation in, and says whether it is the best.
func (p *patient) hear(e Evaluation) bool {
	best := math.NaN()
	if p.Best != nil {
		best = p.score(p.Best.Test)
	}
	if !p.recipe.improves(p.better, p.score(e.Test), best) {
		p.Bad++
		return false
	}
	p.Best, p.Bad = &e, 0
	return true
}

// why says why the run is to end; "" if it is not.
func (p *patient) why(name string) string {
	switch {
	case p.Bad < p.recipe.patience():
		return ""
	case p.Best == nil:
		return fmt.Sprintf("Config.Early: %s was no number in %d evaluations", name, p.Bad)
	}
	return fmt.Sprintf("Config.Early: %s was no better than %.6g, of step %d, in %d evaluations", name,
		p.score(p.Best.Test), p.Best.Global, p.Bad)
}

// A listener is a schedule that hears of the score: a keeper of its state.
type listener struct {
	schedule optim.Feedback
	state    optim.FeedbackState
}

func (l *listener) section() string                 { return "Schedule" }
func (l *listener) save() (any, error)              { return l.state, nil }
func (l *listener) load(text json.RawMessage) error { return json.Unmarshal(text, &l.state) }

// follow makes ready those who go by the score.
func (r *run[T]) follow() {
	c := r.job.c
	if s, ok := c.Schedule.(optim.Feedback); ok {
		r.plateau = &listener{s, s.Fresh()}
		r.keepers = append(r.keepers, r.plateau)
	}
	if c.Early != nil {
		_, better := c.followed()
		r.early = &patient{recipe: c.Early, better: better, score: c.score}
		r.keepers = append(r.keepers, r.early)
	}
}

// hear tells those who go by the score of an evaluation. The model is what was evaluated.
func (r *run[T]) hear(e Evaluation) {
	r.score = r.job.c.score(e.Test)
	if r.plateau != nil {
		r.plateau.state = r.plateau.schedule.Next(r.plateau.state, r.score)
		r.session.heard = r.plateau.state
	}
	if r.early != nil && r.early.hear(e) {
		r.session.best.take()
	}
}

// restore gives the model its best weights, at the good end of a run. All ranks call it.
func (r *run[T]) restore() error {
	if r.early == nil || r.early.Best == nil || r.session.best == nil {
		return nil
	}
	if err := r.session.best.restore(r.world); err != nil {
		return err
	}
	r.restored = true
	return nil
}
