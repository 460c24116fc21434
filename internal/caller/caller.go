// Package caller names the function that a program called, for the message of a panic that is raised further down.
package caller

import (
	"runtime"
	"strings"
)

const module = "github.com/tutti-ml/tutti/"

var plain = strings.NewReplacer("(*", "", ")", "", "[...]", "")

// Name returns the outermost of the functions of this module on the stack that are called one by another down to Name's
// caller, as a panic begins: "layers: NewLinear", "autograd: Var.Item". If pkg is not empty, only functions of that
// package count. It is slow.
func Name(pkg string) string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	name := pkg
	for {
		f, more := frames.Next()
		path, own := strings.CutPrefix(f.Function, module)
		at := strings.LastIndexByte(path, '/') + 1 // dots before it are of the path
		in, function, _ := strings.Cut(path[at:], ".")
		if !own || strings.HasSuffix(in, "_test") || pkg != "" && in != pkg {
			return name
		}
		function, _, _ = strings.Cut(plain.Replace(function), ".func") // a literal in the function
		if name = in + ": " + function; !more {
			return name
		}
	}
}
