//go:build !purego

// pause tells the processor that the caller spins, 4 times: some 0.1 µs.
// Reference: pause in pause_other.go, which does nothing. PAUSE saves power and leaves the core to its other thread.

#include "textflag.h"

// func pause()
TEXT ·pause(SB), NOSPLIT, $0-0
	PAUSE
	PAUSE
	PAUSE
	PAUSE
	RET
