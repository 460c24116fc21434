// Package panics says of a recovered panic where in the user's program it began.
package panics

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
)

const module = "github.com/tutti-ml/tutti"

// At returns the place of the panic that is being recovered, as "net.go:32, main.(*Net).Forward". It is called by the
// deferred function itself, after recover; the place is looked for among the calls that the function with the defer
// made.
//
// It is the first frame of the user's: outside this module and the standard library, or in a package main or a test of
// this module. Where none is, it is the frame that panicked. A panic that was recovered on its way and raised again, by
// the deferred function that recovered it, has the place of the first. "" if there is no panic.
func At() string {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	deferred, more := frames.Next()
	guard := deferred.Function[:max(0, strings.LastIndexByte(deferred.Function, '.'))] // of the closure guard.func1
	var first, user *runtime.Frame
	for root, panicked := "\x00", false; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == guard:
			more = false
		case f.Function == "runtime.gopanic":
			panicked, first, user = true, nil, nil
			if dir := strings.TrimSuffix(f.File, "runtime/panic.go"); dir != "" { // no path is built in under -trimpath
				root = dir
			}
		case !panicked || strings.HasPrefix(f.Function, "runtime."):
		default:
			if first == nil {
				first = &f
			}
			if user == nil && !strings.HasPrefix(f.File, root) && usersOwn(f) {
				user = &f
			}
		}
	}
	if user == nil {
		user = first
	}
	if user == nil {
		return ""
	}
	name := user.Function[strings.LastIndexByte(user.Function, '/')+1:]
	return fmt.Sprintf("%s:%d, %s", filepath.Base(user.File), user.Line, name)
}

// usersOwn reports whether f is not this module's own.
func usersOwn(f runtime.Frame) bool {
	inside := strings.HasPrefix(f.Function, module+".") || strings.HasPrefix(f.Function, module+"/")
	return !inside || strings.HasSuffix(f.File, "_test.go")
}

// Format is the Format method of an error that holds a panic's stack: the verb %+v adds the stack to the text.
func Format(s fmt.State, verb rune, err error, stack []byte) {
	if verb == 'v' && s.Flag('+') {
		fmt.Fprintf(s, "%s\n%s", err.Error(), stack)
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), err.Error())
}

// Detailed returns err so that %+v shows the stack of a panic's error somewhere in it.
func Detailed(err error) error {
	below := fmt.Formatter(nil)
	if _, already := err.(fmt.Formatter); already || !errors.As(err, &below) {
		return err
	}
	return detailed{err, below}
}

type detailed struct {
	error
	below fmt.Formatter
}

func (d detailed) Unwrap() error { return d.error }

func (d detailed) Format(s fmt.State, verb rune) {
	if verb == 'v' && s.Flag('+') {
		io.WriteString(s, d.Error()+"\n\n")
		d.below.Format(s, verb)
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), d.Error())
}
