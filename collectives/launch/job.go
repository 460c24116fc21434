package launch

// The processes of one Spawn, from start to end.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
	live  int         // ranks whose exit or output is still to come

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
			out.drain(time.Now())
			errOut.drain(time.Now())
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
		until := time.Now().Add(drainTime)
		out.drain(until)
		errOut.drain(until)
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
	ended := func(e exit) {
		if j.ended(e, patience != nil) && settled == nil {
			settled = time.After(settle)
		}
	}
	if j.first != nil {
		stop(os.Kill)
	}
	done, interrupts := ctx.Done(), 0
	for j.live > 0 {
		select {
		case e := <-j.exits:
			ended(e)
		case e := <-j.emptied:
			for waiting := true; waiting; { // a rank's end is told before its output's, and select takes either
				select {
				case e := <-j.exits:
					ended(e)
				default:
					waiting = false
				}
			}
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
