package launch

// The processes of one Spawn, from start to end.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// job is the processes of one Spawn. All its methods are Spawn's goroutine's.
type job struct {
	grace time.Duration
	procs []*exec.Cmd // by rank; nil once ended
	live  int

	inputs []io.WriteCloser // by rank: of the ssh that runs it; nil on this host

	keepGoing bool
	errOut    *stream // takes word of failures then; may be nil
	well      int     // ranks that have ended well
	lost      error   // the first that was lost, where this need not be a failure

	exits chan exit
	first error // why the job failed, first cause first
}

type exit struct {
	rank int
	err  error
}

// start starts the next rank. What the writers hold of a last line is flushed when it ends.
func (j *job) start(cmd *exec.Cmd, writers ...*prefixer) error {
	cmd.SysProcAttr = sysProcAttr()
	cmd.WaitDelay = time.Second // for output still on its way, or held open by a process that the rank left running
	if err := cmd.Start(); err != nil {
		return err
	}
	rank := len(j.procs)
	j.procs = append(j.procs, cmd)
	j.live++
	go func() {
		err := cmd.Wait()
		for _, w := range writers {
			if w != nil {
				w.flush()
			}
		}
		j.exits <- exit{rank, err}
	}()
	return nil
}

// signal sends every live rank's process group a signal.
func (j *job) signal(s os.Signal) {
	for rank, cmd := range j.procs {
		switch {
		case cmd == nil:
		case j.inputs[rank] != nil:
			signalRemote(cmd.Process, j.inputs[rank], s)
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
		if patience != nil {
			return
		}
		t := time.NewTimer(j.grace)
		patience = t.C
		j.signal(s)
	}
	if j.first != nil {
		stop(os.Kill)
	}
	done, asked := ctx.Done(), false
	for j.live > 0 {
		select {
		case e := <-j.exits:
			err, lost := j.ended(e)
			switch {
			case err == nil:
			case j.keepGoing && patience == nil:
				j.tell(err, lost)
			case j.first == nil:
				j.first = err
				settled = time.After(settle)
			case patience == nil && killed(err) && !killed(j.first):
				j.first = err
			}
		case <-settled:
			stop(syscall.SIGTERM)
		case s := <-signals:
			if asked {
				s = os.Kill
			}
			asked = true
			if patience != nil {
				j.signal(s)
			}
			stop(s)
		case <-done:
			done = nil
			if j.first == nil {
				j.first = fmt.Errorf("launch: ranks stopped: %w", context.Cause(ctx))
			}
			stop(syscall.SIGTERM)
		case <-patience:
			j.signal(os.Kill)
		}
	}
	if j.first == nil && j.well == 0 {
		return j.lost
	}
	return j.first
}

// tell takes note of the failure of a rank that does not end the job.
func (j *job) tell(err error, lost bool) {
	what := "the others go on"
	if j.live == 0 {
		what = "it was the last"
	}
	if j.errOut != nil {
		j.errOut.write(fmt.Appendf(nil, "%v; %s\n", err, what))
	}
	if lost {
		j.lost = cmp.Or(j.lost, err)
	} else {
		j.first = cmp.Or(j.first, err)
	}
}

// killed reports whether err says that a signal ended a rank.
func killed(err error) bool {
	var e *ExitError
	return errors.As(err, &e) && e.Signal != nil
}

// ended takes note of a rank's end and returns an *ExitError if it was a failure, and whether the rank was lost: ended, as
// far as one can tell, by no doing of its own.
func (j *job) ended(e exit) (err error, lost bool) {
	cmd := j.procs[e.rank]
	j.procs[e.rank] = nil
	j.live--
	signalGroup(cmd.Process, os.Kill) // what it left running
	var bad *exec.ExitError
	switch {
	case e.err == nil || errors.Is(e.err, exec.ErrWaitDelay):
		j.well++
		return nil, false
	case errors.As(e.err, &bad):
		err := exitError(e.rank, bad.ProcessState)
		remote := j.inputs[e.rank] != nil
		if code := err.Code; remote && code > 128 && code < 128+65 { // so a shell tells of a signal
			err.Signal = syscall.Signal(code - 128)
		}
		return err, err.Signal != nil || remote && err.Code == sshFailed
	}
	return fmt.Errorf("launch: rank %d: %w", e.rank, e.err), false
}
