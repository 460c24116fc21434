package launch

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// sysProcAttr leaves a rank in the launcher's console group, where an interrupt reaches both.
func sysProcAttr() *syscall.SysProcAttr { return nil }

// signalGroup kills p, unless s is an interrupt, which the console has already sent it.
func signalGroup(p *os.Process, s os.Signal) {
	if s != os.Interrupt {
		p.Kill() // already gone: what was wanted
	}
}

// exitError says how a process that failed has ended.
func exitError(rank int, state *os.ProcessState) *ExitError {
	return &ExitError{Rank: rank, Code: state.ExitCode()}
}

// unread says that err is of a pipe that nobody reads any more.
func unread(err error) bool {
	const noData = syscall.Errno(232) // ERROR_NO_DATA: the pipe is being closed
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, noData) || errors.Is(err, io.ErrClosedPipe)
}
