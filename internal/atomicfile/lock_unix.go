//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// lock locks f for as long as it is open. If another holds the lock it waits, or returns false if wait is false. A file
// system without locks counts as locked for a writer and as unknown, so not to be removed, for everyone else.
func lock(f *os.File, wait bool) bool {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	return flock(f, how) == nil || wait
}

// flock is the system call, also where a signal interrupts it.
func flock(f *os.File, how int) (err error) {
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(f.Fd()), how)
	}
	return err
}

// keep gives f the mode and, where permitted, the owner of the file that it will replace.
func keep(f *os.File, old fs.FileInfo) error {
	if s, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(s.Uid), int(s.Gid)) // only root may give files away
	}
	return f.Chmod(old.Mode().Perm())
}

// closeAndRename ends f as the file path. The lock is held until the name is gone.
func closeAndRename(f *os.File, path string) error {
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}
