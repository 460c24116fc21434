//go:build !linux

package atomicfile

import "os"

// openFile reports whether path is a link to an open file of a process; they are no links here.
func openFile(string) bool { return false }

// openThrough opens path to write to what is there.
func openThrough(path string) (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) }
