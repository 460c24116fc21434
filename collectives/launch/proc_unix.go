//go:build unix

package launch

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// signalGroup sends s to p and everything it started; a group that is gone is no error.
func signalGroup(p *os.Process, s os.Signal) {
	syscall.Kill(-p.Pid, s.(syscall.Signal)) // ESRCH: already what was wanted
}

// exitError says how a process that failed has ended.
func exitError(rank int, state *os.ProcessState) *ExitError {
	ws := state.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return &ExitError{Rank: rank, Code: 128 + int(ws.Signal()), Signal: ws.Signal()}
	}
	return &ExitError{Rank: rank, Code: state.ExitCode()}
}

// unread says that err is of a pipe that nobody reads any more.
func unread(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) }
