//go:build unix

package fdlimit

import "syscall"

// Max returns how many files this process may have open; false if that is not known.
func Max() (n uint64, known bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}
