package launch

// Output of many processes on one stream: whole lines, each with the rank before it.

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// maxLine bounds what is held back of a line that does not end; a longer one is passed on in pieces of this many bytes.
const maxLine = 64 << 10

// stream is one destination shared by the writers of every rank; one write to it is never interleaved with another.
type stream struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *stream) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w.Write(p) // a closed pipe below the launcher must not stop the ranks: they run on, unheard
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
