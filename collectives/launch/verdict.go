package launch

// What the launcher makes of its ranks' ends: whether they end the job, and which of them to name.

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// ended takes note of a rank's end. It reports whether the others are to end too.
func (j *job) ended(e exit, asked bool) bool {
	if j.ends++; j.ends == len(j.procs) {
		j.last = e.rank
	}
	var bad *exec.ExitError
	switch {
	case e.err == nil:
		j.well++
		j.lastWell = e.rank
		if j.departed == nil {
			j.departed = time.After(wellEnded)
		}
		return false
	case !errors.As(e.err, &bad):
		err := fmt.Errorf("launch: rank %d: %w", e.rank, e.err)
		j.failures[e.rank] = err
		j.first = cmp.Or(j.first, err)
		return true
	}
	failure := exitError(e.rank, bad.ProcessState)
	remote := j.far[e.rank] != nil
	if code := failure.Code; remote && code > 128 && code < 128+65 { // so a shell tells of a signal
		failure.Signal = syscall.Signal(code - 128)
	}
	j.failures[e.rank] = failure
	j.board.ended(e.rank, failure.how())
	switch {
	case j.KeepGoing && !asked:
		if failure.Signal != nil || remote && failure.Code == sshFailed { // lost, as far as one can tell
			j.lost = cmp.Or(j.lost, error(failure))
		} else {
			j.first = cmp.Or(j.first, error(failure))
		}
		return false
	case !asked || j.first == nil && len(j.failed) == 0:
		j.failed = append(j.failed, failure)
	}
	return true
}

// buried ends what an ended rank has left, and tells of a failure that does not end the job.
func (j *job) buried(e exit, asked bool) {
	cmd := j.procs[e.rank]
	signalGroup(cmd.Process, os.Kill)
	j.guard.forget(cmd.Process.Pid)
	j.far[e.rank].close()
	j.procs[e.rank] = nil
	j.live--
	err := j.failures[e.rank]
	if bad := (*ExitError)(nil); errors.As(err, &bad) && e.lost >= 0 {
		bad.Lost = new(e.lost)
	}
	if err == nil || !j.KeepGoing || asked || j.errOut == nil {
		return
	}
	what := "the others go on"
	if j.last == e.rank {
		what = "it was the last"
	}
	j.errOut.write(fmt.Appendf(nil, "%v; %s\n", err, what))
}

// result says how the job ended, when all ranks have.
func (j *job) result() error {
	switch {
	case j.first != nil:
		return j.first
	case len(j.failed) > 0:
		return j.culprit()
	case j.well == 0:
		return j.lost
	}
	for _, s := range []*stream{j.out, j.errOut} {
		if s != nil && s.err != nil {
			return fmt.Errorf("launch: the ranks' output: %w", s.err)
		}
	}
	return nil
}

// culprit is the failure that no other has caused: of a rank that has lost no other, one whom others have lost before
// one that nobody names, and one that a signal has ended before one that exited by itself; or else the first.
func (j *job) culprit() *ExitError {
	weight := func(f *ExitError) (w int) {
		if f.Lost == nil {
			w += 4
		}
		if slices.ContainsFunc(j.failed, func(g *ExitError) bool { return g.Lost != nil && *g.Lost == f.Rank }) {
			w += 2
		}
		if f.Signal != nil {
			w++
		}
		return w
	}
	best := j.failed[0]
	for _, f := range j.failed[1:] {
		if weight(f) > weight(best) {
			best = f
		}
	}
	return best
}
