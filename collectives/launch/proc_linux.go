package launch

import "syscall"

// sysProcAttr puts a rank into a process group of its own, so that signals reach what it starts as well and the
// terminal's Ctrl-C reaches only the launcher, which passes it on; and has it killed if the launcher is.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
