package launch

import (
	"os"
	"os/signal"
	"syscall"
)

// StopSignals returns the signals that ask a process to end in good order: an interrupt comes first, SIGTERM, and
// SIGHUP, unless the process was started to ignore it, as nohup does. Spawn passes them on, so a program that writes a
// checkpoint when it is asked to end should catch them all.
func StopSignals() []os.Signal {
	stop := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		stop = append(stop, syscall.SIGHUP)
	}
	return stop
}

// unbroken keeps a write to this process's standard output or error, when nobody reads it any more, from ending the
// process by SIGPIPE; stop ends that. The signal is caught, not ignored, as what is ignored stays so in the ranks.
func unbroken() (stop func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}
