//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openLocked opens the file name, making it if need be, and locks it; held says that another has locked it.
func openLocked(name string) (f *os.File, held bool, err error) {
	f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, fs.ErrPermission) { // another user's: a lock takes no more than to read it
		if g, err := os.Open(name); err == nil {
			return withLock(g)
		}
	}
	if err != nil {
		return nil, false, err
	}
	return withLock(f)
}

func withLock(f *os.File) (_ *os.File, held bool, err error) {
	err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	return f, err == syscall.EWOULDBLOCK, nil // any other error: a file system without locks
}

// removeLocked removes a file that this process has locked.
func removeLocked(_ *os.File, name string) { os.Remove(name) }
