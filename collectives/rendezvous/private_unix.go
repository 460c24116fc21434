//go:build unix

package rendezvous

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// owner names this user in the directory's name.
func owner() string { return strconv.Itoa(os.Geteuid()) }

// private refuses a file that belongs to another user or that others may touch.
func private(info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, and this process to user %d", st.Uid, os.Geteuid())
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("its mode is %v, and others may look in: want 0700", perm)
	}
	return nil
}

// trusted refuses a file that another user than this and root may have written.
func trusted(info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, and this process to user %d", st.Uid, os.Geteuid())
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		return fmt.Errorf("its mode is %v, and others may write to it: want 0600", perm)
	}
	return nil
}
