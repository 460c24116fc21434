package launch

import (
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
