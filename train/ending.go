package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/internal/panics"
)

// Stop is what OnStart, OnStep or OnEpoch of a Config returns to end the run early and well: on all ranks, without
// another step and without an error. It may be wrapped.
//
//lint:ignore ST1012 it is no failure, as fs.SkipAll is none
var Stop = errors.New("train: stop")

// call runs a function of the user's, if there is one, and makes its panic an error.
func call[T any](where string, fn func(T) error, arg T) (err error) {
	if fn == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = panicError("Config."+where, v, panics.At())
		}
	}()
	return fn(arg)
}

// settle makes one verdict of what the ranks' functions have said at the same point, and gives it on all ranks: an
// error, if there is one; else Stop, if one said so. It waits for the slowest function as long as that takes.
func (r *run[T]) settle(mine error) error {
	if r.group.Size() == 1 {
		return mine
	}
	type verdict struct {
		Stop  bool
		Error string
	}
	said := verdict{Stop: errors.Is(mine, Stop)}
	if mine != nil && !said.Stop {
		said.Error = textOf(mine)
	}
	text, err := json.Marshal(said)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	texts, err := gatherBytes(collectives.Patiently(r.world), r.group, text)
	if err != nil {
		if mine != nil && !said.Stop {
			return mine
		}
		return fmt.Errorf("train: sharing what OnStart, OnStep and OnEpoch said: %w", err)
	}
	if said.Error != "" {
		return mine
	}
	stop := error(nil)
	for rank, text := range texts {
		var v verdict
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("train: what rank %d said: %w", rank, err)
		}
		if v.Error != "" {
			return &otherRankError{rank, v.Error}
		}
		if v.Stop {
			stop = Stop
		}
	}
	return stop
}

// stopping writes the checkpoint of a run that ends by Stop, and gives err.
func (r *run[T]) stopping(err error) error {
	if errors.Is(err, Stop) {
		if failed := r.saveLast(); failed != nil {
			return failed
		}
	}
	return err
}

// save writes the checkpoint, or begins to.
func (r *run[T]) save() error {
	if err := r.checkpoint(); err != nil {
		return err
	}
	r.kept = r.session.at.number(r.job)
	r.mark = time.Now()
	return nil
}

// saveLast writes the checkpoint that none is to follow, unless it is of this moment: it is on the disk then, or there
// is an error.
func (r *run[T]) saveLast() error {
	if r.kept != r.session.at.number(r.job) {
		if err := r.save(); err != nil {
			return err
		}
	}
	return r.saved()
}

// interrupted writes the checkpoint and gives the error of a run that was told to stop.
func (r *run[T]) interrupted(ctx context.Context) error {
	r.interruption = true
	at := r.session.at
	where := fmt.Sprintf("after %d epochs and %d of %d steps", at.Epoch, at.Step, r.job.plan.Steps())
	if r.job.c.Epochs > 0 {
		if err := r.saveLast(); err != nil {
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
