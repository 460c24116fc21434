package gradtest

import (
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
)

// Differences is CheckParams outside of a test: it returns a line for every element of params whose gradient is not what central
// differences of loss say, none if all is well.
func Differences(params []*autograd.Param, loss func(t *autograd.Tape) *autograd.Var) []string {
	var found lines
	CheckParams(&found, "loss", params, 1000, loss)
	return found
}

// lines collects what a test would have failed for.
type lines []string

func (l *lines) Helper() {}
func (l *lines) Errorf(format string, args ...any) {
	*l = append(*l, fmt.Sprintf(format, args...))
}
