package atomicfile

// Temporary files. Each is locked while its writer lives, so that one whose writer was killed can be told from one that
// is being written, by this process or by another, on this host or on another that shares the folder.

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// stem is the beginning of the temporary names of t: its own name, or, where that leaves no room for more, its start
// and a checksum.
func (t *target) stem() string {
	base := filepath.Base(t.path)
	const room = 255 - len(".01234567.tmp")
	if len(base) <= room {
		return base
	}
	sum := fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(base)))
	return strings.ToValidUTF8(base[:room-len(sum)], "") + sum
}

// create makes a temporary file and locks it. Its mode is that of an ordinary new file, or private where a file is
// replaced, whose mode it gets before anything is written.
func (t *target) create() (*os.File, error) {
	mode := fs.FileMode(0o666)
	if t.info != nil {
		mode = 0o600
	}
	for try := 0; ; try++ {
		name := t.temporaryName()
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			// Between the two calls another writer may have taken the file for a dead one's and removed it.
			if lock(f, true) && still(f, name) {
				return f, nil
			}
			f.Close()
		} else if !os.IsExist(err) {
			return nil, err
		}
		if try == 100 {
			return nil, fmt.Errorf("no temporary name is free for %s", t.given)
		}
	}
}

// temporaryName draws a name beside t.
func (t *target) temporaryName() string {
	dir, _ := filepath.Split(t.path)
	return fmt.Sprintf("%s%s.%08x.tmp", dir, t.stem(), rand.Uint32())
}

// still reports whether name is f.
func still(f *os.File, name string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b)
}

// cleaned holds the paths whose stale files this process has looked for.
var cleaned sync.Map

// removeStale removes temporary files of t whose writers are gone, once a process and target: a killed program leaves
// them. What can't be removed stays.
func (t *target) removeStale() {
	key := t.path
	if abs, err := filepath.Abs(t.path); err == nil {
		key = abs
	}
	if _, done := cleaned.LoadOrStore(key, true); done {
		return
	}
	entries, _ := os.ReadDir(folder(t.path)) // of a folder that can't be listed, nothing
	dir, _ := filepath.Split(t.path)
	for _, e := range entries {
		if !e.Type().IsRegular() || !t.temporary(e.Name()) {
			continue
		}
		name := dir + e.Name()
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			continue
		}
		if runtime.GOOS == "windows" { // there an open file can't be removed, so no lock is needed to tell
			f.Close()
			os.Remove(name)
			continue
		}
		if lock(f, false) && still(f, name) {
			os.Remove(name)
		}
		f.Close()
	}
}

// temporary reports whether name is that of a temporary file of t: STEM.XXXXXXXX.tmp, with eight lower-case
// hexadecimal digits.
func (t *target) temporary(name string) bool {
	digits, ok := strings.CutPrefix(name, t.stem()+".")
	digits, tmp := strings.CutSuffix(digits, ".tmp")
	return ok && tmp && len(digits) == 8 && strings.Trim(digits, "0123456789abcdef") == ""
}
