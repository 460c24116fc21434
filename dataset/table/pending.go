package table

import (
	"errors"
	"io"
	"sync"

	"github.com/tutti-ml/tutti/internal/atomicfile"
)

// Pending is a file that is written aside and takes its name when it is closed. It is what the writers of formats write
// to. One that is neither closed nor aborted leaves a goroutine and a temporary file.
type Pending struct {
	pipe *io.PipeWriter
	done chan error
	once sync.Once
	err  error
}

// Create begins the file path; package atomicfile says what is replaced and how.
func Create(path string) (*Pending, error) {
	if err := atomicfile.Check(path); err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	p := &Pending{pipe: w, done: make(chan error, 1)}
	go func() {
		err := atomicfile.Write(path, func(w io.Writer) error {
			_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 1<<16))
			return err
		})
		r.CloseWithError(err) // Write fails from now on
		p.done <- err
	}()
	return p, nil
}

// Write writes to the file.
func (p *Pending) Write(b []byte) (int, error) { return p.pipe.Write(b) }

// Close completes the file: its bytes are on the disk and under its name when it returns nil.
func (p *Pending) Close() error {
	p.end(nil)
	return p.err
}

// errAborted stops the copying of a file that is given up.
var errAborted = errors.New("given up")

// Abort gives the file up; what was under its name stays. After Close it does nothing.
func (p *Pending) Abort() { p.end(errAborted) }

func (p *Pending) end(err error) {
	p.once.Do(func() {
		p.pipe.CloseWithError(err)
		p.err = <-p.done
	})
}
