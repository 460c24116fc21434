package train

import (
	"fmt"
	"runtime/debug"

	"github.com/tutti-ml/tutti/internal/panics"
)

// PanicError is a panic in user or library code during training, made an error at the edge of its goroutine. With %+v
// it prints the stack too.
type PanicError struct {
	Where string // what was being computed
	Value any    // what was passed to panic
	At    string // the innermost line of the user's own code, or else of any: "net.go:32, main.(*Net).Forward"
	Stack []byte // of the panicking goroutine
}

func (e *PanicError) Error() string {
	text := fmt.Sprintf("train: %s: %v", e.Where, e.Value)
	if e.At != "" {
		text += " (" + e.At + ")"
	}
	return text
}

// Format implements fmt.Formatter: %+v adds the stack.
func (e *PanicError) Format(s fmt.State, verb rune) { panics.Format(s, verb, e, e.Stack) }

// Unwrap gives the panic's value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// panicError makes an error of what a deferred function has recovered, and of what it has from panics.At.
func panicError(where string, v any, at string) error {
	return &PanicError{Where: where, Value: v, At: at, Stack: debug.Stack()}
}
