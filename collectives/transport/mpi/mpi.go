// Package mpi is the transport over MPI, in binaries built with the tag mpi (and cgo) on systems other than Windows;
// elsewhere Available is false, and Open says what to do.
//
// It stands on github.com/sbromberger/gompi for what begins and ends a program's life in MPI, and on a small cgo file of
// its own for the nonblocking calls that gompi lacks. Everything is nonblocking because one thread makes all MPI calls: a
// call that blocked it would stop every other message, and could not be left when its context ends.
//
// gompi's include and library paths are Debian's for Open MPI; with another MPI, set CGO_CFLAGS and CGO_LDFLAGS to its
// own, which come first. For Debian's MPICH, whose library has another name than the -lmpi that gompi asks for:
//
//	ln -s /usr/lib/x86_64-linux-gnu/libmpich.so "$dir/libmpi.so"
//	CGO_CFLAGS=-I/usr/include/x86_64-linux-gnu/mpich CGO_LDFLAGS="-L$dir" go build -tags mpi ...
//
// A binary belongs to the MPI it was built with, and must be started by that one's mpirun.
package mpi

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"time"
)

// ErrUnavailable is what Open returns in a binary without MPI.
var ErrUnavailable = errors.New("this binary was built without MPI: build it with -tags mpi")

// Config says what Open expects to find. Its zero value accepts what MPI says.
type Config struct {
	// Rank and Size are what the launcher's environment says, and Launcher is its name. MPI itself must agree: if it
	// does not, the launcher belongs to another MPI than this binary, and every process would train alone. Size 0:
	// nothing is known.
	Rank, Size int
	Launcher   string

	// CloseTimeout bounds how long Close waits for the other ranks to close as well before it ends the whole job. It
	// must exceed the time by which one rank may be busy longer than another. 0 means 10 minutes, and 2 seconds after a
	// failure: all ranks were told of it, and one that is frozen would hold up the end of the others.
	CloseTimeout time.Duration

	// Keep leaves MPI running when the transport is closed, so that another can be opened; Finish ends it then.
	Keep bool
}

// Warning returns a line for the user if an MPI launcher has bound this process to a single core of several, which leaves
// it one thread: `mpirun -n 1` and `-n 2` do, unless told otherwise. Otherwise it returns "".
func Warning() string {
	online, _ := os.ReadFile("/sys/devices/system/cpu/online")
	return warning(runtime.NumCPU(), string(online), os.Getenv)
}

// warning decides on the number of cores this process may use and the list of those the machine has, such as "0-3".
func warning(usable int, online string, getenv func(string) string) string {
	launched := getenv("OMPI_COMM_WORLD_SIZE") != "" || getenv("PMI_SIZE") != ""
	if !launched || usable > 1 || !strings.ContainsAny(online, "-,") {
		return ""
	}
	return "the MPI launcher has bound this process to one core: start it with `mpirun --bind-to none` to use all of them"
}
