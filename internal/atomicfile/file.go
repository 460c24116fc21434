package atomicfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A File is the new content of a file while it is being written: Commit puts it in the place of the old one, Abort
// drops it. It is for content that is not written from its start to its end, or not by one function. One goroutine uses
// it at a time.
type File struct {
	t *target
	f *os.File // nil after Commit or Abort
}

// Create begins to replace the content of the file path, as Write does: nothing is at path, and what is there stays,
// until Commit. The file must be one that can be replaced: a device or a fifo is refused. Writes are not buffered. The
// caller calls Commit or Abort.
func Create(path string) (*File, error) {
	t, err := find(path)
	if err == nil && t.through {
		return nil, fmt.Errorf("%s is a %s, want a file that can be replaced", path, kind(t.info.Mode()))
	}
	if err != nil {
		return nil, err
	}
	return t.begin()
}

// begin makes the temporary file.
func (t *target) begin() (*File, error) {
	t.removeStale()
	f, err := t.create()
	if err != nil {
		return nil, t.named(err)
	}
	w := &File{t, f}
	if t.info != nil {
		if err := keep(f, t.info); err != nil {
			w.Abort()
			return nil, t.named(err)
		}
	}
	return w, nil
}

// Write writes behind what the last Write wrote.
func (w *File) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	return n, w.t.named(err)
}

// WriteAt writes at byte off of the new content.
func (w *File) WriteAt(p []byte, off int64) (int, error) {
	n, err := w.f.WriteAt(p, off)
	return n, w.t.named(err)
}

// Commit flushes the new content to the disk and puts it in the place of the old, in one step. On an error the old one
// stays and nothing is left behind.
func (w *File) Commit() error {
	f := w.f
	err := f.Sync()
	if err == nil {
		err = closeAndRename(f, w.t.path)
	}
	if err != nil {
		w.Abort()
		return w.t.named(err)
	}
	w.f = nil
	syncDir(folder(w.t.path))
	return nil
}

// Abort drops the new content. After Commit it does nothing.
func (w *File) Abort() {
	if w.f != nil {
		w.f.Close() // closed already, where renaming failed
		os.Remove(w.f.Name())
		w.f = nil
	}
}

// Link makes the content that is at path now the content of the file as too, in one step: by a hard link where the file
// system has them, else by a copy. Since this package replaces files and changes none, the one stays when the other is
// replaced. Links are followed at path, not at as, which must not be a folder.
func Link(path, as string) error {
	t, err := find(path)
	if err != nil {
		return err
	}
	if Same(path, as) { // already
		return nil
	}
	to := &target{given: as, path: as}
	err = os.Link(t.path, as)
	for try := 0; os.IsExist(err) && try < 100; try++ { // the temporary name is one that a later Write of path removes
		name := filepath.Join(filepath.Dir(as), filepath.Base(t.temporaryName()))
		if err = os.Link(t.path, name); err == nil {
			err = os.Rename(name, as)
			if err != nil {
				os.Remove(name)
				return to.named(err)
			}
		}
	}
	if err != nil {
		return copyFile(t.path, as)
	}
	syncDir(folder(as))
	return nil
}

// copyFile is Link on a file system without hard links.
func copyFile(path, as string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	return Write(as, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
