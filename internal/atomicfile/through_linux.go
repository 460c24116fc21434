package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// openFile reports whether path is a link in /proc to an open file of a process, as /dev/stdout is. The file behind it
// belongs to whatever opened it.
func openFile(path string) bool {
	dir, err := filepath.EvalSymlinks(folder(path))
	if err != nil {
		return false
	}
	matched, _ := filepath.Match("/proc/*/fd", dir)
	return matched
}

// openThrough opens path to write to what is there. An open file of this process is not opened again, which would begin
// at its start, over what has been written.
func openThrough(path string) (*os.File, error) {
	dir, err := filepath.EvalSymlinks(folder(path))
	if err != nil || dir != fmt.Sprintf("/proc/%d/fd", os.Getpid()) {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	fd, err := strconv.Atoi(filepath.Base(path))
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	again, err := syscall.Dup(fd)
	if err != nil {
		return nil, &os.PathError{Op: "dup", Path: path, Err: err}
	}
	syscall.CloseOnExec(again)
	return os.NewFile(uintptr(again), path), nil
}
