package dataset

import (
	"errors"
	"fmt"
)

// ErrFormat is wrapped by every error that says a file's bytes are not what they should be: truncated, mismatched, of
// a wrong type, with a label out of range. A file that is not there is fs.ErrNotExist.
var ErrFormat = errors.New("malformed data")

// formatError is one line naming the file and what is wrong with it.
type formatError struct {
	file string
	err  error
}

func (e *formatError) Error() string   { return "dataset: " + e.file + ": " + e.err.Error() }
func (e *formatError) Unwrap() []error { return []error{ErrFormat, e.err} }

// Malformed returns an error that wraps ErrFormat and says of a file, in one line, what is wrong with it, as
// fmt.Errorf would. It is for the packages of file formats.
func Malformed(file, format string, args ...any) error {
	return &formatError{file: file, err: fmt.Errorf(format, args...)}
}
