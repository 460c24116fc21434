package launch

// The processes of one Spawn, from start to end.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// job is the processes of one Spawn. All its methods are Spawn's goroutine's.
type job struct {
	SpawnConfig
	out, errOut *stream // may be nil
	board       *board
	guard       *guard

	procs []*exec.Cmd // by rank; nil once ended
	far   []*farSide  // by rank; nil on this host
	live  int         // ranks of which an exit or its output is still to come

	exits   chan exit // processes that have ended
	emptied chan exit // the same, once their output has been passed on, and what the rank said of its end is known

	failures []error      // by rank: what it was, nil if the rank has not failed
	last     int          // the rank that ended last of all, −1 as long as others go on
	failed   []*ExitError // those that failed before they were asked to end, in that order
	first    error        // why the job failed, where that is not in failed
	well     int          // ranks that have ended well
	ends     int          // ranks that have ended
	lost     error        // the first that was lost, where this need not be a failure

	lastWell int              // the last rank that ended well
	departed <-chan time.Time // when the others should know
}

type exit struct {
	rank int
	err  error // as exec.Cmd's Wait gives it
	lost int   // whom the rank had lost, as it said; −1 if it said nothing
}

func newJob(c SpawnConfig, b *board) *job {
	j := &job{SpawnConfig: c, board: b, guard: newGuard(), exits: make(chan exit, c.N), emptied: make(chan exit, c.N),
		failures: make([]error, c.N), last: -1}
	j.Grace = cmp.Or(max(c.Grace, -1), DefaultGrace)
	j.out, j.errOut = newStream(c.Stdout), newStream(c.Stderr)
	if c.Stdout == c.Stderr {
		j.errOut = j.out
	}
	return j
}

// close ends what serves the job, when all its processes have ended.
func (j *job) close() {
	j.guard.close()
	j.board.wg.Wait()
}

// start starts the next rank: on this host, or by ssh if vars are for a far side.
func (j *job) start(cmd *exec.Cmd, vars []string) (err error) {
	rank := len(j.procs)
	var out, errOut *output
	defer func() {
		out.started()
		errOut.started()
		if err != nil {
			out.drain()
			errOut.drain()
		}
	}()
	if out, err = j.output(rank, j.out); err != nil {
		return err
	}
	if errOut, err = j.output(rank, j.errOut); err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = out.writer(), errOut.writer()
	var far *farSide
	if vars != nil {
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		far = reach(in, vars)
	}
	cmd.SysProcAttr = sysProcAttr()
	if err := cmd.Start(); err != nil {
		far.close()
		return err
	}
	j.guard.watch(cmd.Process.Pid)
	if far != nil {
		far.ssh = cmd.Process
	}
	j.procs, j.far = append(j.procs, cmd), append(j.far, far)
	j.live++
	go func() {
		e := exit{rank: rank, err: cmd.Wait(), lost: -1}
		j.exits <- e
		out.drain()
		errOut.drain()
		var bad *exec.ExitError
		if errors.As(e.err, &bad) && exitError(rank, bad.ProcessState).Signal != os.Kill {
			e.lost = j.board.lost(rank)
		}
		j.emptied <- e
	}()
	return nil
}

// signal sends every live rank's process group a signal.
func (j *job) signal(s os.Signal) {
	for rank, cmd := range j.procs {
		switch {
		case cmd == nil:
		case j.far[rank] != nil:
			j.far[rank].signal(s)
		default:
			signalGroup(cmd.Process, s)
		}
	}
}

// settle is how long the others run on after a first failure. They may fail of it by themselves, and say so; and where
// a rank's death by a signal made another fail, the order in which their ends are noticed is chance.
const settle = 200 * time.Millisecond

// wait waits for all ranks to end, and sees to it that they do.
func (j *job) wait(ctx context.Context, signals <-chan os.Signal) error {
	var patience <-chan time.Time // runs out Grace after the ranks were asked to end
	var settled <-chan time.Time  // runs out after the first failure
	stop := func(s os.Signal) {
		if patience == nil {
			patience = time.After(j.Grace)
			j.signal(s)
		}
	}
	if j.first != nil {
		stop(os.Kill)
	}
	done, interrupts := ctx.Done(), 0
	for j.live > 0 {
		select {
		case e := <-j.exits:
			if j.ended(e, patience != nil) && settled == nil {
				settled = time.After(settle)
			}
		case e := <-j.emptied:
			j.buried(e, patience != nil)
		case <-settled:
			stop(syscall.SIGTERM)
		case <-j.departed:
			j.board.ended(j.lastWell, "ended well")
		case s := <-signals:
			if s == os.Interrupt {
				interrupts++
			}
			if s == syscall.SIGHUP { // for which few programs have an ear
				s = syscall.SIGTERM
			}
			stop(s)
			if interrupts > 1 {
				j.signal(os.Kill)
			}
		case <-done:
			done = nil
			if len(j.failed) == 0 {
				j.first = cmp.Or(j.first, fmt.Errorf("launch: ranks stopped: %w", context.Cause(ctx)))
			}
			stop(syscall.SIGTERM)
		case <-patience:
			j.signal(os.Kill)
		}
	}
	return j.result()
}

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
