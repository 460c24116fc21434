package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrHeld is wrapped by the error of Hold for a file that another holds.
var ErrHeld = errors.New("in use")

// mark begins the content of a file that Hold has made, and nothing else's.
const mark = "held by process "

// Hold keeps other programs that call it, and other callers in this one, away from the file path until release: an
// error that wraps ErrHeld and says who holds it. It locks a file beside it, path with ".lock" behind it after
// symbolic links, which release removes. The lock ends with the process, however that ends. A system or a file system
// without locks has none: there Hold keeps nobody away. It returns an error too if path is none that CheckRegular
// lets pass.
func Hold(path string) (release func(), err error) {
	if err := CheckRegular(path); err != nil {
		return nil, err
	}
	t, err := find(path)
	if err != nil {
		return nil, err
	}
	name := t.path + ".lock"
	for range 100 {
		f, held, err := openLocked(name)
		if err != nil {
			return nil, t.named(err)
		}
		if held {
			who := holder(f)
			return nil, fmt.Errorf("%s is %w%s", path, ErrHeld, who)
		}
		if !still(f, name) { // its holder let go of it, and removed it, in between
			f.Close()
			continue
		}
		return hold(f, name), nil
	}
	return nil, fmt.Errorf("%s is %w: its lock %s changes hands all the time", path, ErrHeld, name)
}

// hold writes down who holds f, which is locked, and returns what lets go of it. A file of that name that somebody
// else has made for a purpose of theirs is locked alone.
func hold(f *os.File, name string) (release func()) {
	text, err := io.ReadAll(io.LimitReader(f, 256))
	ours := err == nil && (len(text) == 0 || strings.HasPrefix(string(text), mark))
	if ours {
		host, _ := os.Hostname() // to help a reader, no more
		if f.Truncate(0) == nil {
			_, _ = f.WriteAt(fmt.Appendf(nil, "%s%d on %s\n", mark, os.Getpid(), host), 0)
		}
	}
	return func() {
		if ours {
			removeLocked(f, name)
		}
		f.Close()
	}
}

// holder says who holds f, which is nil where it can't be opened, and closes it.
func holder(f *os.File) string {
	if f == nil {
		return " by another program"
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 256)) // where it can't be read, nobody knows
	if who, ok := strings.CutPrefix(string(text), mark); ok {
		return " by process " + strings.TrimSpace(who)
	}
	return " by another program"
}
