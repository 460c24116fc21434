package launch

// How a rank's process ended, in words.

import (
	"fmt"
	"os"
)

// ExitError says that a process started by Spawn failed: the first to fail by no other's fault, whose end ended the
// others.
type ExitError struct {
	Rank   int       // which
	Code   int       // its exit code, what `tutti launch` exits with; 128 + the signal's number where a signal ended it
	Signal os.Signal // what ended it, nil if it exited by itself
	Lost   *int      // the rank without which its group could not go on, if there was one and the rank said so
}

// sshFailed is the code with which ssh says that it could not reach the host, or not any more.
const sshFailed = 255

// Error names the rank, its exit code or signal, and the rank that it had lost before.
func (e *ExitError) Error() string {
	text := fmt.Sprintf("launch: rank %d %s", e.Rank, e.how())
	if e.Lost != nil {
		text += fmt.Sprintf(", after it had lost rank %d", *e.Lost)
	}
	return text
}

func (e *ExitError) how() string {
	if e.Signal != nil {
		return fmt.Sprintf("was ended by a signal: %v", e.Signal)
	}
	return fmt.Sprintf("exited with code %d", e.Code)
}
