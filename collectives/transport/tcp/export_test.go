package tcp

import "time"

// SetHandshakeTimeout is for tests in which handshakes fail.
func SetHandshakeTimeout(d time.Duration) (old time.Duration) {
	old, handshakeTimeout = handshakeTimeout, d
	return old
}
