//go:build !amd64 || purego

// Builds without assembly measure what portable Go reaches.

package kernel

func speakAsm() []Peak { return nil }
func dpeakAsm() []Peak { return nil }
