//go:build !mpi || !cgo || windows

package mpi

import (
	"context"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Available says whether this binary was built with MPI.
const Available = false

// Open returns ErrUnavailable.
func Open(context.Context, Config) (transport.Transport, error) { return nil, ErrUnavailable }

// Finish does nothing.
func Finish() {}
