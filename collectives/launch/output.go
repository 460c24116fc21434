package launch

// Output of many processes on one stream: whole lines, each with the rank before it.

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// maxLine bounds what is held back of a line that does not end; a longer one is passed on in pieces of this many bytes.
const maxLine = 64 << 10

// stream is one destination shared by the writers of every rank; one write to it is never interleaved with another.
type stream struct {
	mu  sync.Mutex
	w   io.Writer
	err error // the first, unless nobody reads any more
}

func newStream(w io.Writer) *stream {
	if w == nil {
		return nil
	}
	return &stream{w: w}
}

// write never fails, as that would stop a rank: they run on, unheard.
func (s *stream) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.w.Write(p); err != nil && s.err == nil && !unread(err) {
		s.err = err
	}
}

// Write is write, for what is passed on as it is.
func (s *stream) Write(p []byte) (int, error) { s.write(p); return len(p), nil }

// output is the way of what one process writes to a stream. nil discards it.
type output struct {
	direct *os.File // the stream's own, where the process has that; then the rest is nil
	r, w   *os.File // a pipe
	read   chan struct{}
}

// output makes the way from a rank to s.
func (j *job) output(rank int, s *stream) (*output, error) {
	if s == nil {
		return nil, nil
	}
	var to io.Writer = s
	var end func()
	if j.Rank0Raw && rank == 0 {
		if f, ok := s.w.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
				return &output{direct: f}, nil
			}
		}
	} else {
		p := newPrefixer(s, rank, j.N)
		to, end = p, p.flush
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{r: r, w: w, read: make(chan struct{})}
	go func() {
		defer close(o.read)
		io.Copy(to, r) // to never fails, and r ends
		if end != nil {
			end()
		}
	}()
	return o, nil
}

// writer is what the process writes to.
func (o *output) writer() io.Writer {
	switch {
	case o == nil:
		return nil
	case o.direct != nil:
		return o.direct
	}
	return o.w
}

// started leaves the pipe to the process.
func (o *output) started() {
	if o != nil && o.w != nil {
		o.w.Close()
	}
}

// drainTime is how long output may be on its way, or a process that a rank left running hold it open, when the rank has
// ended.
const drainTime = time.Second

// drain waits until all that the process has written is passed on, no longer than until.
func (o *output) drain(until time.Time) {
	if o == nil || o.r == nil {
		return
	}
	select {
	case <-o.read:
	case <-time.After(time.Until(until)):
	}
	o.r.Close()
	<-o.read
}

// prefixer passes what one process writes on to a stream, line by line, each after "[rank] ". A carriage return lets the
// next text overwrite the line, as on a terminal: of a progress bar only the last state before its newline is passed on.
type prefixer struct {
	out  *stream
	line []byte // prefix, then the current line so far
	n    int    // length of the prefix
	cr   bool   // a carriage return came last: text now starts the line anew
}

// newPrefixer makes the writer of one rank; ranks are padded to the width of the largest.
func newPrefixer(out *stream, rank, size int) *prefixer {
	prefix := fmt.Appendf(nil, "[%*d] ", len(fmt.Sprint(size-1)), rank)
	return &prefixer{out: out, line: prefix, n: len(prefix)}
}

// Write takes b in and passes every line on that it completes. It never fails.
func (p *prefixer) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexAny(b, "\r\n")
		if i < 0 {
			p.text(b)
			break
		}
		p.text(b[:i])
		if p.cr = b[i] == '\r'; !p.cr {
			p.emit()
		}
		b = b[i+1:]
	}
	return n, nil
}

// text adds to the current line.
func (p *prefixer) text(b []byte) {
	if len(b) == 0 {
		return
	}
	if p.cr {
		p.line, p.cr = p.line[:p.n], false
	}
	for len(p.line)-p.n+len(b) > maxLine {
		k := maxLine - (len(p.line) - p.n)
		p.line = append(p.line, b[:k]...)
		p.emit()
		b = b[k:]
	}
	p.line = append(p.line, b...)
}

// emit passes the current line on, with a newline, in one write.
func (p *prefixer) emit() {
	p.out.write(append(p.line, '\n'))
	p.line = p.line[:p.n]
}

// flush passes on what a process left of a last line without a newline.
func (p *prefixer) flush() {
	if len(p.line) > p.n {
		p.emit()
	}
}
