//go:build linux && cgo && peers

// Command cgo is ../c/peer.c called from Go: the same questions and answers, but every call of the library crosses from Go to C,
// as in a Go program that uses it. bench/peers/run starts it where CALLER=go.
package main

/*
#cgo CFLAGS: -O2 -Wno-unused-function
#cgo LDFLAGS: -ldl
#define CALLED_FROM_GO
#include "../c/peer.c"
static int turn_budget(void) { return budget; }
static void call_once(void) { call(); }
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

func main() {
	runtime.LockOSThread()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cgo LIBRARY.so")
		os.Exit(2)
	}
	library := C.CString(os.Args[1])
	if C.load(library) == 0 {
		os.Exit(1)
	}
	C.free(unsafe.Pointer(library))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		line := C.CString(in.Text() + "\n")
		if C.prepare(line) == 0 {
			os.Exit(1)
		}
		C.free(unsafe.Pointer(line))
		best, median := turn(time.Duration(C.turn_budget()) * time.Microsecond)
		fmt.Printf("%.1f %.1f\n", best, median)
	}
}

// turn calls the library for as long as budget, and returns the shortest and the median time of a call in nanoseconds.
func turn(budget time.Duration) (best, median float64) {
	start := time.Now()
	C.call_once()
	inner := int(20*time.Microsecond/(time.Since(start)+1)) + 1
	var times []float64
	for start = time.Now(); len(times) == 0 || time.Since(start) < budget; {
		from := time.Now()
		for range inner {
			C.call_once()
		}
		times = append(times, float64(time.Since(from).Nanoseconds())/float64(inner))
	}
	slices.Sort(times)
	return times[0], times[len(times)/2]
}
