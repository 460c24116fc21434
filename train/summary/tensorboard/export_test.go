package tensorboard

import (
	"os"
	"time"
)

// GoOn writes what a run that goes on begins with.
func (w *Writer) GoOn(at time.Time, step int64) error { return w.session(at, step) }

// CreateAt is Create with a file that is there.
func (o Options) CreateAt(path string) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return o.begin(file)
}
