package launch

// How a rank's process ended, in words.

import (
	"fmt"
	"os"
)

// ExitError says that a process started by Spawn failed: the first to fail, whose end ended the others.
type ExitError struct {
	Rank   int       // which
	Code   int       // its exit code, what `tutti launch` exits with; 128 + the signal's number where a signal ended it
	Signal os.Signal // what ended it, nil if it exited by itself
}

// sshFailed is the code with which ssh says that it could not reach the host, or not any more.
const sshFailed = 255

// Error names the rank and its exit code or signal.
func (e *ExitError) Error() string {
	if e.Signal != nil {
		return fmt.Sprintf("launch: rank %d was ended by a signal: %v", e.Rank, e.Signal)
	}
	return fmt.Sprintf("launch: rank %d exited with code %d", e.Rank, e.Code)
}
