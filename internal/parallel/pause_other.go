//go:build !amd64 || purego

// The moment of a spinning loop where there is no instruction for it.

package parallel

func pause() {}
