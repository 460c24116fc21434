// Package fdlimit says how many files a process may have open, where the system tells: what a user has to know who runs
// into the limit.
package fdlimit

import (
	"errors"
	"fmt"
	"syscall"
)

// Explain adds to an error of too many open files how many this process may have (ulimit -n). Other errors, and nil, it
// returns as they are.
func Explain(err error) error {
	if !errors.Is(err, syscall.EMFILE) {
		return err
	}
	n, ok := Max()
	if !ok {
		return err
	}
	return fmt.Errorf("%w: this process may have %d (ulimit -n)", err, n)
}

// Need returns an error, which wraps syscall.EMFILE, if this process may not have n files open for what it is about to
// do.
func Need(n int) error {
	if limit, ok := Max(); ok && limit < uint64(n) {
		return fmt.Errorf("%w: it takes %d, and this process may have %d (ulimit -n)", syscall.EMFILE, n, limit)
	}
	return nil
}
