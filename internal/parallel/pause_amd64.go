//go:build !purego

// The moment of a spinning loop, in one instruction.

package parallel

//go:noescape
func pause()
