package transport

import (
	"errors"
	"fmt"
)

// What a caller may act on. Test for them with errors.Is.
var (
	// ErrPeerLost says that another rank died, froze, was cut off, closed its end or gave up. errors.As with a
	// *PeerLostError tells which.
	ErrPeerLost = errors.New("peer lost")
	// ErrClosed says that this end was closed by its own process.
	ErrClosed = errors.New("transport closed")
	// ErrMismatch says that two ranks disagree on what they are doing: a programming error that spans processes.
	ErrMismatch = errors.New("ranks disagree")
	// ErrTimeout says that an operation or a handshake did not end within its time.
	ErrTimeout = errors.New("timeout")
	// ErrUnauthorized says that a peer does not hold the job's secret.
	ErrUnauthorized = errors.New("peer does not know the job's secret")
)

// PeerLostError names the rank that was lost and says how this rank knows.
// errors.Is(err, ErrPeerLost) is true for it, and Unwrap gives the cause.
type PeerLostError struct {
	Rank int
	Err  error
}

// Error returns "rank 3 lost: cause".
func (e *PeerLostError) Error() string { return fmt.Sprintf("rank %d lost: %v", e.Rank, e.Err) }

// Is reports whether target is ErrPeerLost.
func (e *PeerLostError) Is(target error) bool { return target == ErrPeerLost }

// Unwrap returns the cause.
func (e *PeerLostError) Unwrap() error { return e.Err }

// SizeError says that rank From sent a message of Got bytes where this rank, To, expected Want.
// errors.Is(err, ErrMismatch) is true for it.
type SizeError struct {
	From, To  int
	Tag       Tag
	Got, Want int
}

// Error names both ranks and both lengths.
func (e *SizeError) Error() string {
	return fmt.Sprintf("rank %d sent %d bytes where rank %d expects %d (tag %#x)", e.From, e.Got, e.To, e.Want, uint32(e.Tag))
}

// Is reports whether target is ErrMismatch.
func (e *SizeError) Is(target error) bool { return target == ErrMismatch }

// AbortedError returns the error that rank self reports when rank by has called Abort: culprit is the rank by blames,
// itself if it gave up by its own choice; text is the error it gave, and mismatch whether that was ErrMismatch. It is for
// implementations of Aborter. Errors do not travel between ranks, their texts do: what was, say, a timeout over there is
// none here.
func AbortedError(self, by, culprit int, text string, mismatch bool) error {
	switch culprit {
	case by:
		return &PeerLostError{by, remoteError{"it gave up: " + text, mismatch}}
	case self:
		return &PeerLostError{by, remoteError{"it counts this rank as lost: " + text, mismatch}}
	}
	return &PeerLostError{culprit, remoteError{fmt.Sprintf("rank %d reports: %s", by, text), mismatch}}
}

// AbortCause takes cause, which was given to Abort on rank self, apart into what AbortedError needs elsewhere.
func AbortCause(self int, cause error) (culprit int, text string, mismatch bool) {
	mismatch = errors.Is(cause, ErrMismatch)
	var lost *PeerLostError
	if errors.As(cause, &lost) {
		return lost.Rank, lost.Err.Error(), mismatch
	}
	return self, cause.Error(), mismatch
}

// remoteError is what another rank had to say.
type remoteError struct {
	text     string
	mismatch bool
}

func (e remoteError) Error() string        { return e.text }
func (e remoteError) Is(target error) bool { return e.mismatch && target == ErrMismatch }
