package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/tutti-ml/tutti/collectives/transport/mpi"
)

// version says what this program was built from, for what, and with which Go: "v0.3.0 (1a2b3c4d5e6f, modified)
// linux/amd64 go1.26.0 mpi".
func version() string {
	number, revision, modified := "(unknown)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		number = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = ", modified"
			}
		}
	}
	if revision != "" {
		number += fmt.Sprintf(" (%s%s)", revision, modified)
	}
	text := fmt.Sprintf("%s %s/%s %s", number, runtime.GOOS, runtime.GOARCH, runtime.Version())
	if mpi.Available {
		text += " mpi"
	}
	return text
}
