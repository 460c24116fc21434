//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package atomicfile

import (
	"io/fs"
	"os"
)

// lock does nothing here: Windows removes no open file, and elsewhere temporary files of killed programs stay.
func lock(_ *os.File, wait bool) bool { return wait }

// keep gives f the mode of the file that it will replace.
func keep(f *os.File, old fs.FileInfo) error { return os.Chmod(f.Name(), old.Mode().Perm()) }

// closeAndRename ends f as the file path. Windows renames closed files only.
func closeAndRename(f *os.File, path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
