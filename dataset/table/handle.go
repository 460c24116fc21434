package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"
)

// Handle is one file of an fs.FS, read at any offset by any number of goroutines. It is an io.ReaderAt.
//
// Files that are io.ReaderAt (the operating system's, embedded ones) are read in place; those that are io.Seeker under
// a lock; all others are held in memory, up to MaxHeld bytes. The file may be closed between two reads, by Idle, and is
// opened again at the next; it must still have the size and time it had.
type Handle struct {
	fsys fs.FS
	name string
	size int64
	time time.Time

	mu   sync.RWMutex // of the fields below; held for reading during a ReadAt
	file fs.File
	at   io.ReaderAt
	held []byte // the whole file, where it cannot be read at an offset
	done bool
}

// MaxHeld is the largest file that is held in memory because its fs.FS can only read it from its beginning.
const MaxHeld = 1 << 30

// OpenAt opens a file of fsys. The error of one that is missing is fs.ErrNotExist; a folder, a device and the like are
// refused.
func OpenAt(fsys fs.FS, name string) (*Handle, error) {
	h := &Handle{fsys: fsys, name: name, size: -1}
	if err := h.open(); err != nil {
		return nil, err
	}
	return h, nil
}

// Name returns the file's name, for messages.
func (h *Handle) Name() string { return h.name }

// Size returns the file's size in bytes when it was opened.
func (h *Handle) Size() int64 { return h.size }

// ReadAt reads len(p) bytes at offset off. A file that ends before the size it had is ErrChanged.
func (h *Handle) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > h.size {
		return 0, fmt.Errorf("dataset: %s: read at %d of %d bytes", h.name, off, h.size)
	}
	want := p
	if int64(len(p)) > h.size-off {
		want = p[:h.size-off]
	}
	h.mu.RLock()
	for h.at == nil {
		h.mu.RUnlock()
		if err := h.open(); err != nil {
			return 0, err
		}
		h.mu.RLock()
	}
	n, err := h.at.ReadAt(want, off)
	h.mu.RUnlock()
	switch {
	case n == len(want) && n == len(p):
		return n, nil
	case n == len(want):
		return n, io.EOF
	case err == nil || errors.Is(err, io.EOF):
		return n, fmt.Errorf("dataset: %s: ends at byte %d, it had %d: %w", h.name, off+int64(n), h.size, ErrChanged)
	}
	return n, fmt.Errorf("dataset: %s: %w", h.name, err)
}

// open opens the file, unless it is open.
func (h *Handle) open() (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done {
		return fmt.Errorf("dataset: %s: %w", h.name, fs.ErrClosed)
	}
	if h.at != nil {
		return nil
	}
	file, err := h.fsys.Open(h.name)
	if err != nil && h.size >= 0 && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: it is gone: %w: %w", ErrChanged, err)
	}
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", h.name, err)
	}
	if !info.Mode().IsRegular() {
		return Malformed(h.name, "is not a regular file")
	}
	if h.size < 0 {
		h.size, h.time = info.Size(), info.ModTime()
	}
	if info.Size() != h.size || !info.ModTime().Equal(h.time) {
		return fmt.Errorf("dataset: %s: has %d bytes of %v, had %d of %v: %w", h.name, info.Size(),
			info.ModTime().Format(time.RFC3339Nano), h.size, h.time.Format(time.RFC3339Nano), ErrChanged)
	}
	switch f := file.(type) {
	case io.ReaderAt:
		h.file, h.at = file, f
	case io.ReadSeeker:
		h.file, h.at = file, &seeking{r: f}
	default:
		return h.hold(file)
	}
	return nil
}

// hold reads the whole file into memory and closes it.
func (h *Handle) hold(file fs.File) error {
	if h.size > MaxHeld {
		return fmt.Errorf("dataset: %s: has %d bytes, and its file system reads from the beginning only, for which %d are the limit",
			h.name, h.size, MaxHeld)
	}
	data, err := io.ReadAll(io.LimitReader(file, h.size+1))
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", h.name, err)
	}
	if int64(len(data)) != h.size {
		return fmt.Errorf("dataset: %s: has another size than the %d bytes it says: %w", h.name, h.size, ErrChanged)
	}
	h.held, h.at = data, bytesAt(data)
	return file.Close()
}

// Idle closes the file until the next ReadAt, which opens it again and looks whether it has changed. It waits for reads
// under way. A file that is held in memory stays.
func (h *Handle) Idle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file != nil {
		h.file.Close()
		h.file, h.at = nil, nil
	}
}

// Close closes the file. Later reads are errors.
func (h *Handle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done, h.at, h.held = true, nil, nil
	if h.file == nil {
		return nil
	}
	err := h.file.Close()
	h.file = nil
	return err
}

// seeking reads at an offset by seeking first.
type seeking struct {
	mu sync.Mutex
	r  io.ReadSeeker
}

func (s *seeking) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.r.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(s.r, p)
}

type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
