//go:build mpi && cgo && !windows

package mpi

// The MPI thread: one goroutine, locked to one OS thread, on which this process starts and ends MPI and makes the calls
// that no caller makes.

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

var (
	threadOnce sync.Once
	threadJobs chan func()
)

// onThread runs fn on the MPI thread, after what it is doing, and returns a channel that is closed when fn has returned.
func onThread(fn func()) <-chan struct{} {
	threadOnce.Do(func() {
		threadJobs = make(chan func(), 16)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread belongs to MPI
			for job := range threadJobs {
				job()
			}
		}()
	})
	done := make(chan struct{})
	threadJobs <- func() {
		defer close(done)
		fn()
	}
	return done
}

// await runs fn on the MPI thread and waits for it, but no longer than ctx.
func await(ctx context.Context, what string, fn func() error) error {
	var err error
	select {
	case <-onThread(func() { err = fn() }):
		return err
	case <-ctx.Done():
		return fmt.Errorf("mpi: %s: %w", what, context.Cause(ctx))
	}
}
