package panics

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failure is an error like those of the packages that use this one.
type failure struct {
	value any
	at    string
	stack []byte
}

func (f *failure) Error() string                 { return fmt.Sprintf("panic: %v (%s)", f.value, f.at) }
func (f *failure) Format(s fmt.State, verb rune) { Format(s, verb, f, f.stack) }
func guarded(fn func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &failure{v, At(), debug.Stack()}
		}
	}()
	fn()
	return nil
}

func index(s []int, i int) int { return s[i] }
func raise()                   { panic("boom") }

func again() {
	defer func() {
		if v := recover(); v != nil {
			panic(fmt.Sprint("layer 3: ", v))
		}
	}()
	raise()
}

func TestAt(t *testing.T) {
	const here, at = `\(panics_test.go:\d+, panics.TestAt.func\d+\)`, `\(panics_test.go:\d+, panics.`
	for _, c := range []struct {
		name string
		fn   func()
		want string
	}{
		{"panic", raise, `boom ` + at + `raise\)`},
		{"of the runtime", func() { index(nil, 4) }, `index out of range \[4\] with length 0 ` + at + `index\)`},
		{"in the standard library", func() { _ = slices.Repeat([]int{1}, -1) }, `negative ` + here},
		{"in this module", func() { Format(nil, 'v', nil, nil) }, `nil pointer .* ` + here},
		{"raised again", again, `layer 3: boom ` + at + `raise\)`},
		{"after another that was recovered", func() {
			guarded(raise)
			panic("after")
		}, `after ` + here},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Error(t, guarded(c.fn))
			assert.Regexp(t, "^panic: .*"+c.want+"$", guarded(c.fn).Error())
		})
	}
	defer func() {
		assert.Equal(t, "outer", recover())
		assert.Regexp(t, "panics.raise", guarded(raise), "while another panic passes")
	}()
	panic("outer")
}

func TestFormat(t *testing.T) {
	err := Detailed(fmt.Errorf("rank 1: %w", guarded(raise)))
	text := err.Error()
	assert.Regexp(t, `^rank 1: panic: boom \(panics_test.go:\d+, panics.raise\)$`, text)
	assert.Equal(t, text, fmt.Sprintf("%s", err))
	assert.Equal(t, fmt.Sprintf("%q", text), fmt.Sprintf("%q", err))
	assert.Contains(t, fmt.Sprintf("%+v", err), text+"\n\n")
	assert.Contains(t, fmt.Sprintf("%+v", err), "panics.raise(")
	assert.ErrorAs(t, err, new(*failure))

	plain := errors.New("disk full")
	assert.Same(t, plain, Detailed(plain))
}
