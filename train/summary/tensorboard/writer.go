package tensorboard

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options are settings of a Writer that have good defaults.
type Options struct {
	// Host is the machine's name in the file's name. Default: os.Hostname.
	Host string
	// Process is the process's number in the file's name. Default: os.Getpid.
	Process int
	// Now gives the time of an event that is written without one. Default: time.Now.
	Now func() time.Time
}

// Writer appends events to one file. Its methods may be called by many goroutines at the same time. Events are
// buffered: a reader sees them after [Writer.Flush], [Writer.Close], or when 64 KiB have come together.
//
// After an error of the file system every method returns that error: a record may be torn, and TensorBoard reads
// nothing behind one.
type Writer struct {
	path string
	now  func() time.Time

	mu    sync.Mutex
	file  *os.File
	out   *bufio.Writer
	event []byte // the event being written
	err   error
}

// ErrClosed is what the methods of a Writer return after Close.
var ErrClosed = errors.New("the writer is closed")

// Create is [Options.Create] with default options.
func Create(dir string) (*Writer, error) { return Options{}.Create(dir) }

// Create makes the folder dir where it is missing, and in it a new file "events.out.tfevents.TIME.HOST.PROCESS". If
// there is such a file, a number comes behind. One folder is one run to TensorBoard; the folders below a --logdir are
// shown together.
func (o Options) Create(dir string) (*Writer, error) {
	if o.Host == "" {
		o.Host, _ = os.Hostname() // without a name, "localhost"
	}
	if o.Host = portable(o.Host); o.Host == "" {
		o.Host = "localhost"
	}
	if o.Process == 0 {
		o.Process = os.Getpid()
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("tensorboard: making the folder: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d", o.Now().Unix(), o.Host, o.Process)
	file, err := createNew(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("tensorboard: making the event file: %w", err)
	}
	return o.begin(file)
}

// begin returns a Writer to an empty file.
func (o Options) begin(file *os.File) (*Writer, error) {
	w := &Writer{path: file.Name(), now: o.Now, file: file, out: bufio.NewWriterSize(file, 1<<16)}
	err := w.write(time.Time{}, 0, func(b []byte) []byte { return appendString(b, eventVersion, "brain.Event:2") })
	if err != nil {
		file.Close()
		return nil, err
	}
	return w, nil
}

// portable gives name without what cannot stand in a file's name everywhere.
func portable(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, name)
}

// createNew makes a file that was not there: path, or path with a number behind it.
func createNew(path string) (*os.File, error) {
	for n := 0; ; n++ {
		name := path
		if n > 0 {
			name = fmt.Sprintf("%s.%d", path, n)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || n == 1000 {
			return f, err
		}
	}
}

// Path returns the name of the event file.
func (w *Writer) Path() string { return w.path }

// Flush hands all events to the operating system, so that a reader sees them.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keep(w.flush())
}

// Close flushes and closes the file. A second Close does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.flush()
	if closing := w.file.Close(); err == nil {
		err = closing
	}
	w.file = nil
	if err = w.keep(err); err == nil {
		w.err = fmt.Errorf("tensorboard: %s: %w", w.path, ErrClosed)
	}
	return err
}

func (w *Writer) flush() error {
	if w.err != nil {
		return w.err
	}
	return w.out.Flush()
}

// keep makes the first error the answer to all that follows.
func (w *Writer) keep(err error) error {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("tensorboard: writing events: %w", err)
	}
	if err != nil {
		return w.err
	}
	return nil
}

// The fields of an Event.
const (
	eventTime    = 1
	eventStep    = 2
	eventVersion = 3
	eventGraph   = 4
	eventSummary = 5
	eventSession = 7
)

// write appends one event: its time, its step and what fields appends. A zero time is now.
func (w *Writer) write(at time.Time, step int64, fields func(b []byte) []byte) error {
	if at.IsZero() {
		at = w.now()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.event = append(w.event[:0], make([]byte, recordHead)...)
	w.event = appendDouble(w.event, eventTime, seconds(at))
	w.event = appendInt(w.event, eventStep, step)
	w.event = fields(w.event)
	w.event = frame(w.event)
	_, err := w.out.Write(w.event)
	if cap(w.event) > 1<<20 { // an image or a graph: do not hold on to it
		w.event = nil
	}
	return w.keep(err)
}

// seconds is the time since 1970; the parts are converted one by one, for their sum in nanoseconds is no float64.
func seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// recordHead is what stands before a record's data: its length in 8 bytes, and 4 of checksum.
const recordHead = 12

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is CRC-32C, turned, so that a checksum of what holds checksums is as good as any.
func masked(p []byte) uint32 {
	c := crc32.Checksum(p, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// frame makes a record of b, whose data begins at recordHead: length, checksum of the length, data, checksum of the
// data.
func frame(b []byte) []byte {
	binary.LittleEndian.PutUint64(b, uint64(len(b)-recordHead))
	binary.LittleEndian.PutUint32(b[8:], masked(b[:8]))
	return binary.LittleEndian.AppendUint32(b, masked(b[recordHead:]))
}
