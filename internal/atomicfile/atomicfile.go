// Package atomicfile replaces the content of files in one step: a reader sees all of the old content or all of the new,
// also if the program or the machine stops in the middle.
//
// The new content goes to a temporary file in the same folder, which is flushed to the disk and renamed. What is at the
// path decides the rest:
//
//   - a symbolic link stays, and the file that it points to is replaced, or made;
//   - a file that is replaced keeps its mode and, where the system permits, its owner. Other hard links keep the old content;
//   - a character device or a fifo, /dev/null for example, is written to as it is and never replaced;
//   - an open file of this process, /dev/stdout for example, goes on after what was written to it, whatever it is;
//   - folders, sockets and block devices are refused.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Write replaces the content of the file path with what write writes, and makes the file if it is missing. The writer
// is buffered. On an error, write's own included, the old content stays and nothing is left behind. Errors of the file
// system name path.
func Write(path string, write func(w io.Writer) error) error {
	t, err := find(path)
	if err != nil {
		return err
	}
	if t.through {
		return t.writeThrough(write)
	}
	return t.replace(write)
}

// Check returns the error that Write would fail with before it writes anything, such as a missing folder or one that
// may not be written to. It makes a temporary file where Write would, and removes it.
func Check(path string) error {
	t, err := find(path)
	if err != nil || t.through {
		return err
	}
	f, err := t.create()
	if err != nil {
		return t.named(err)
	}
	f.Close()
	return t.named(os.Remove(f.Name()))
}

// Through reports whether Write would write to path as it is, a device for example, and not replace a file.
func Through(path string) bool {
	t, err := find(path)
	return err == nil && t.through
}

// CheckRegular is Check for a file that will be read again: devices and fifos are refused too.
func CheckRegular(path string) error {
	t, err := find(path)
	if err == nil && t.through {
		return fmt.Errorf("%s is a %s, want a file that can be replaced and read again", path, kind(t.info.Mode()))
	}
	if err != nil {
		return err
	}
	return Check(path)
}

// Same reports whether Write would write both paths to one file, whether it exists already or not. A path that Write
// refuses is not the same as any other.
func Same(a, b string) bool {
	x, err := find(a)
	if err != nil {
		return false
	}
	y, err := find(b)
	if err != nil {
		return false
	}
	if x.info != nil && y.info != nil {
		return os.SameFile(x.info, y.info)
	}
	if (x.info == nil) != (y.info == nil) {
		return false
	}
	dx, err := os.Stat(folder(x.path))
	if err != nil {
		return false
	}
	dy, err := os.Stat(folder(y.path))
	return err == nil && os.SameFile(dx, dy) && sameName(filepath.Base(x.path), filepath.Base(y.path))
}

// target is the file that a path leads to.
type target struct {
	given   string      // the path as the caller wrote it
	path    string      // the same after symbolic links at its end
	info    fs.FileInfo // of path; nil if there is nothing yet
	through bool        // written to as it is: a device, a fifo, an open file of this process
}

// find follows path to what Write would write to.
func find(path string) (*target, error) {
	if path == "" {
		return nil, errors.New("the name of the file is empty")
	}
	if os.IsPathSeparator(path[len(path)-1]) {
		return nil, fmt.Errorf("%s names a folder, want a file", path)
	}
	t := &target{given: path, path: path}
	info, err := os.Stat(path)
	switch {
	case err == nil:
		t.info = info
	case !errors.Is(err, fs.ErrNotExist):
		return nil, t.named(err)
	}
	if info != nil {
		switch mode := info.Mode(); {
		case mode.IsRegular():
		case mode&fs.ModeCharDevice != 0, mode&fs.ModeNamedPipe != 0:
			t.through = true
			return t, nil
		default:
			return nil, fmt.Errorf("%s is a %s, want a file", path, kind(mode))
		}
	}
	if err := t.follow(); err != nil {
		return nil, t.named(err)
	}
	if dir, err := os.Stat(folder(t.path)); err != nil {
		return nil, fmt.Errorf("the folder of %s: %w", path, unwrapPath(err))
	} else if !dir.IsDir() {
		return nil, fmt.Errorf("the folder of %s is a %s", path, kind(dir.Mode()))
	}
	return t, nil
}

// follow takes t.path through the symbolic links at its end, dangling ones too. Paths are joined as the kernel reads
// them: "missing/../file" is missing, so nothing is cleaned.
func (t *target) follow() error {
	for range 40 { // as many as Linux follows
		info, err := os.Lstat(t.path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return err
		}
		if openFile(t.path) {
			t.through = true
			return nil
		}
		link, err := os.Readlink(t.path)
		if err != nil {
			return err
		}
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(t.path)
			link = dir + link
		}
		t.path = link
	}
	return &fs.PathError{Op: "open", Path: t.given, Err: errors.New("too many symbolic links")}
}

// writeThrough writes to what is there.
func (t *target) writeThrough(write func(io.Writer) error) error {
	f, err := openThrough(t.path)
	if err != nil {
		return t.named(err)
	}
	if err := t.buffered(f, write); err != nil {
		f.Close()
		return err
	}
	return t.named(f.Close())
}

// replace writes a temporary file and renames it.
func (t *target) replace(write func(io.Writer) error) error {
	f, err := t.begin()
	if err != nil {
		return err
	}
	if err := t.buffered(f.f, write); err != nil {
		f.Abort()
		return t.named(err)
	}
	return f.Commit()
}

// buffered calls write with a buffer before f.
func (t *target) buffered(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(writer{t, f}, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// writer is a file whose errors name the target.
type writer struct {
	*target
	f *os.File
}

func (w writer) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	return n, w.named(err)
}

// sameName compares the names of two files in one folder; Windows and macOS ignore case, as a rule.
func sameName(a, b string) bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// syncDir makes the new directory entry last, where the system can: Windows can't, and some file systems refuse.
func syncDir(dir string) {
	if runtime.GOOS == "windows" {
		return
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// named makes an error of the file system speak of the path that the caller gave.
func (t *target) named(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path) && path == err:
		return &fs.PathError{Op: path.Op, Path: t.given, Err: path.Err}
	case errors.As(err, &link) && link == err:
		return &fs.PathError{Op: link.Op, Path: t.given, Err: link.Err}
	}
	return err
}

// unwrapPath gives the cause of a *fs.PathError.
func unwrapPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// folder is the directory part of path, as it is written.
func folder(path string) string {
	dir, _ := filepath.Split(path)
	if dir == "" {
		return "."
	}
	return dir
}

// kind says what a file of this mode is.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "file"
	case mode.IsDir():
		return "folder"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeNamedPipe != 0:
		return "fifo"
	case mode&fs.ModeCharDevice != 0:
		return "character device"
	case mode&fs.ModeDevice != 0:
		return "block device"
	}
	return "special file"
}
